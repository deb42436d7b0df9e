"""What a capsule's Chrome, Edge or Chromium obeys besides the machine's own policies. Pure.

Names and values are those of the Chrome Enterprise policy list (chromeenterprise.google/policies), which Edge
shares but for the ones it does not know; a browser ignores what it does not know.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from guard.browser.site import Site
    from guard.browser.wall import Wall

Policy = dict[str, object]

_BLOCK: Final = 2
"""The value by which the ``Default…Setting`` policies refuse without asking."""
FIXED: Final[Mapping[str, object]] = {
    # Nothing of the citizen is offered to keep, and nothing that is not theirs is offered to them.
    "AutofillAddressEnabled": False,
    "AutofillCreditCardEnabled": False,
    "BrowserAddPersonEnabled": False,
    "BrowserGuestModeEnabled": False,
    "BrowserSignin": 0,
    "ImportAutofillFormData": False,
    "ImportSavedPasswords": False,
    "IncognitoModeAvailability": 1,
    "PasswordManagerEnabled": False,
    "PaymentMethodQueryEnabled": False,
    "RestoreOnStartup": 5,
    "SyncDisabled": True,
    # Nothing is asked or told beyond the portal.
    "AlternateErrorPagesEnabled": False,
    "BackgroundModeEnabled": False,
    "BuiltInDnsClientEnabled": False,
    "ComponentUpdatesEnabled": False,
    "DefaultSearchProviderEnabled": False,
    "DnsOverHttpsMode": "off",
    "EnableMediaRouter": False,
    "GenAiDefaultSettings": 2,
    "MetricsReportingEnabled": False,
    "NetworkPredictionOptions": 2,
    "QuicAllowed": False,
    "SafeBrowsingProtectionLevel": 0,
    "SearchSuggestEnabled": False,
    "SpellcheckEnabled": False,
    "TranslateEnabled": False,
    "UserFeedbackAllowed": False,
    "WebRtcIPHandling": "disable_non_proxied_udp",
    # Nothing but the page is shown.
    "BookmarkBarEnabled": False,
    "BrowserLabsEnabled": False,
    "CommandLineFlagSecurityWarningsEnabled": False,
    "DefaultBrowserSettingEnabled": False,
    "DesktopSharingHubEnabled": False,
    "EditBookmarksEnabled": False,
    "PrivacySandboxPromptEnabled": False,
    "PromotionsEnabled": False,
    "ShoppingListEnabled": False,
    "TaskManagerEndProcessEnabled": False,
    # The page gets none of the PC.
    "AllowFileSelectionDialogs": False,
    "AudioCaptureAllowed": False,
    "DefaultClipboardSetting": _BLOCK,
    "DefaultFileSystemReadGuardSetting": _BLOCK,
    "DefaultFileSystemWriteGuardSetting": _BLOCK,
    "DefaultGeolocationSetting": _BLOCK,
    "DefaultLocalFontsSetting": _BLOCK,
    "DefaultNotificationsSetting": _BLOCK,
    "DefaultSensorsSetting": _BLOCK,
    "DefaultSerialGuardSetting": _BLOCK,
    "DefaultWebBluetoothGuardSetting": _BLOCK,
    "DefaultWebHidGuardSetting": _BLOCK,
    "DefaultWebUsbGuardSetting": _BLOCK,
    "DefaultWindowManagementSetting": _BLOCK,
    "PrintingEnabled": False,  # a page becomes a PDF for the guard, never a job of the browser's own
    "ScreenCaptureAllowed": False,
    "VideoCaptureAllowed": False,
    # A certificate error is nobody's choice, and a password prompt nobody's window.
    "AuthSchemes": "",
    "BasicAuthOverHttpEnabled": False,
    "SSLErrorOverrideAllowed": False,
    # The guard's hold on it; the tools' own window is out of reach: its keys and the context menu are taken.
    "DeveloperToolsAvailability": 1,
    "RemoteDebuggingAllowed": True,
    "URLAllowlist": ["http://*", "https://*", "blob:*", "data:*"],
    "URLBlocklist": ["*"],
}

NOT_FOR_THE_WHOLE_PC: Final = frozenset({"ComponentUpdatesEnabled", "SafeBrowsingProtectionLevel"})
"""What a capsule obeys and a whole PC must not: its browsers would go without lists of revoked certificates
and of bad pages. A capsule's wall keeps it from asking for them anyway (`guard.browser.wall`)."""


def policy(site: Site, wall: Wall) -> Policy:
    """Return the whole policy for one portal."""
    return {
        **FIXED,
        **wall.policy(),
        "DownloadRestrictions": 0 if site.permit.downloads else 3,
    }


def zoom_preferences(percent: int) -> dict[str, object]:
    """Return the profile's preferences for this page zoom; Chromium counts in steps of a factor of 1.2."""
    return {"partition": {"default_zoom_level": {"x": math.log(percent / 100, 1.2)}}}
