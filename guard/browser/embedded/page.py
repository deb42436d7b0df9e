"""The browser engine inside a capsule: one throwaway profile and one page that refuses all it is not for.

Whatever a page may ask for is answered here by name, so that an engine update that brings a new question
leaves it at Qt's own default, which is no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from PySide6.QtCore import Signal
from PySide6.QtWebEngineCore import (
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineSettings,
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
)

from guard.browser.messages import Refusal
from guard.browser.rules import host_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PySide6.QtCore import QObject, QUrl
    from PySide6.QtNetwork import QAuthenticator
    from PySide6.QtWebEngineCore import (
        QWebEngineCertificateError,
        QWebEngineClientCertificateSelection,
        QWebEngineDesktopMediaRequest,
        QWebEngineDownloadRequest,
        QWebEngineFileSystemAccessRequest,
        QWebEngineFullScreenRequest,
        QWebEngineNewWindowRequest,
        QWebEnginePermission,
        QWebEngineRegisterProtocolHandlerRequest,
        QWebEngineWebAuthUxRequest,
    )

    from guard.browser.overlay import Overlay
    from guard.browser.rules import Rules
    from guard.browser.site import Permit

_On = QWebEngineSettings.WebAttribute
_OFF: Final = (
    _On.AllowGeolocationOnInsecureOrigins,
    _On.AllowRunningInsecureContent,
    _On.AllowWindowActivationFromJavaScript,
    _On.DnsPrefetchEnabled,
    _On.ErrorPageEnabled,
    _On.FullScreenSupportEnabled,
    _On.HyperlinkAuditingEnabled,
    _On.JavascriptCanAccessClipboard,
    _On.JavascriptCanPaste,
    _On.LocalContentCanAccessFileUrls,
    _On.LocalContentCanAccessRemoteUrls,
    _On.NavigateOnDropEnabled,
    _On.PdfViewerEnabled,
    _On.PluginsEnabled,
    _On.ScreenCaptureEnabled,
)
_ON: Final = (
    _On.JavascriptCanOpenWindows,  # so that the request reaches us, and can open in the same window
    _On.LocalStorageEnabled,
    _On.PlaybackRequiresUserGesture,
    _On.WebRTCPublicInterfacesOnly,
)


class RefusalListener(Protocol):
    """Where refusals go."""

    def __call__(self, what: Refusal, host: str) -> None:
        """Journal it."""
        ...


def _spelled(url: QUrl | str) -> str:
    """Return the address as it is sent: host names in ASCII, as the site profile has them, never decoded."""
    return url if isinstance(url, str) else url.toEncoded().toStdString()


class Interceptor(QWebEngineUrlRequestInterceptor):
    """Asks the rules about every request of every kind, before it is sent."""

    def __init__(self, rules: Rules, refused: RefusalListener) -> None:
        super().__init__()
        self._rules = rules
        self._refused = refused

    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:  # noqa: N802 -- Qt's name
        """Let through what the rules allow; an error on the way leaves it blocked."""
        info.block(True)  # noqa: FBT003 -- Qt's signature
        url = _spelled(info.requestUrl())
        if self._rules.may_request(url):
            info.block(False)  # noqa: FBT003 -- Qt's signature
            return
        main = info.resourceType() == QWebEngineUrlRequestInfo.ResourceType.ResourceTypeMainFrame
        self._refused(Refusal.NAVIGATION if main else Refusal.REQUEST, host_of(url))


def throwaway_profile(folder: Path, languages: str, interceptor: Interceptor) -> QWebEngineProfile:
    """Return a profile whose storage all works and lies under ``folder``, which must die with the capsule."""
    profile = QWebEngineProfile("portal")
    profile.setPersistentStoragePath(str(folder / "storage"))
    profile.setCachePath(str(folder / "cache"))
    profile.setDownloadPath(str(folder / "downloads"))
    profile.setPersistentPermissionsPolicy(QWebEngineProfile.PersistentPermissionsPolicy.AskEveryTime)
    profile.setHttpAcceptLanguage(languages)
    profile.setSpellCheckEnabled(False)
    profile.setPushServiceEnabled(False)
    profile.setUrlRequestInterceptor(interceptor)
    settings = profile.settings()
    for attributes, value in ((_OFF, False), (_ON, True)):
        for attribute in attributes:
            settings.setAttribute(attribute, value)
    # Clicks on mail and app links reach the rules, which refuse them and say so; others the engine drops.
    settings.setUnknownUrlSchemePolicy(
        QWebEngineSettings.UnknownUrlSchemePolicy.AllowUnknownUrlSchemesFromUserInteraction
    )
    return profile


class PortalPage(QWebEnginePage):
    """The only page.

    ``navigation_refused`` and ``window_refused`` fire when it was to show, or open, what the rules do not
    allow; ``asks`` fires before each alert or question.
    """

    navigation_refused = Signal()
    window_refused = Signal()
    asks = Signal()

    def __init__(
        self,
        profile: QWebEngineProfile,
        rules: Rules,
        permit: Permit,
        refused: RefusalListener,
        parent: QObject,
    ) -> None:
        super().__init__(profile, parent)
        self._rules = rules
        self._permit = permit
        self._refused = refused
        self._overlay: Overlay | None = None
        self.in_use = False
        """A citizen is there; before, nothing opens a new window."""
        profile.downloadRequested.connect(self._download)
        self.authenticationRequired.connect(self._no_authentication)
        self.proxyAuthenticationRequired.connect(self._no_proxy_authentication)
        self.certificateError.connect(self._no_certificate)
        self.desktopMediaRequested.connect(self._no_screen_capture)
        self.fileSystemAccessRequested.connect(self._no_file_access)
        self.fullScreenRequested.connect(self._no_full_screen)
        self.newWindowRequested.connect(self._same_window)
        self.permissionRequested.connect(self._no_permission)
        self.printRequested.connect(self._no_printing)
        self.printRequestedByFrame.connect(self._no_printing)
        self.registerProtocolHandlerRequested.connect(self._no_protocol_handler)
        self.selectClientCertificate.connect(self._no_client_certificate)
        self.webAuthUxRequested.connect(self._no_security_key)

    def speak_through(self, overlay: Overlay) -> None:
        """Show the page's alerts and questions here."""
        self._overlay = overlay

    # --- where it may go

    def acceptNavigationRequest(  # noqa: N802 -- Qt's name
        self,
        url: QUrl | str,
        type: QWebEnginePage.NavigationType,  # noqa: A002, ARG002 -- Qt's signature
        isMainFrame: bool,  # noqa: FBT001, N803 -- Qt's signature
    ) -> bool:
        """Ask the rules."""
        address = _spelled(url)
        if self._rules.may_navigate(address, main_frame=isMainFrame):
            return True
        self._refused(Refusal.NAVIGATION if isMainFrame else Refusal.REQUEST, host_of(address))
        if isMainFrame:
            self.navigation_refused.emit()
        return False

    def _same_window(self, request: QWebEngineNewWindowRequest) -> None:
        url = request.requestedUrl()
        if self.in_use and self._rules.may_navigate(_spelled(url), main_frame=True):
            self.load(url)
        else:
            self._refused(Refusal.NEW_WINDOW, host_of(_spelled(url)))
            if not url.isEmpty():
                self.window_refused.emit()

    # --- what it may say

    def javaScriptAlert(self, securityOrigin: QUrl | str, msg: str) -> None:  # noqa: N802, N803, ARG002 -- Qt's
        """Show it inside the window."""
        self.asks.emit()
        if self._overlay:
            self._overlay.tell(msg)

    def javaScriptConfirm(self, securityOrigin: QUrl | str, msg: str) -> bool:  # noqa: N802, N803, ARG002 -- Qt's
        """Ask inside the window."""
        self.asks.emit()
        return self._overlay.ask(msg) if self._overlay else False

    def javaScriptPrompt(  # noqa: N802 -- Qt's name
        self,
        securityOrigin: QUrl | str,  # noqa: N803, ARG002 -- Qt's signature
        msg: str,
        defaultValue: str,  # noqa: N803 -- Qt's signature
    ) -> tuple[bool, str]:
        """Ask inside the window."""
        self.asks.emit()
        answer = self._overlay.prompt(msg, defaultValue) if self._overlay else None
        return answer is not None, answer or ""

    def javaScriptConsoleMessage(  # noqa: N802 -- Qt's name
        self,
        level: QWebEnginePage.JavaScriptConsoleMessageLevel,
        message: str,
        lineNumber: int,  # noqa: N803 -- Qt's signature
        sourceID: str,  # noqa: N803 -- Qt's signature
    ) -> None:
        """Keep nothing: a page's words do not belong in logs."""

    # --- what it does not get

    def chooseFiles(  # noqa: N802 -- Qt's name
        self,
        mode: QWebEnginePage.FileSelectionMode,  # noqa: ARG002 -- Qt's signature
        oldFiles: Sequence[str],  # noqa: ARG002, N803 -- Qt's signature
        acceptedMimeTypes: Sequence[str],  # noqa: ARG002, N803 -- Qt's signature
    ) -> list[str]:
        """Choose none."""
        self._refuse_here(Refusal.FILE_CHOICE)
        return []

    def _refuse_here(self, what: Refusal) -> None:
        self._refused(what, host_of(_spelled(self.url())))

    def _download(self, download: QWebEngineDownloadRequest) -> None:
        if self._permit.downloads:
            download.accept()  # into the container's private file system, where it dies with the session
            return
        download.cancel()
        self._refused(Refusal.DOWNLOAD, host_of(_spelled(download.url())))

    def _no_authentication(self, url: QUrl, _authenticator: QAuthenticator) -> None:
        self._refused(Refusal.AUTHENTICATION, host_of(_spelled(url)))

    def _no_proxy_authentication(self, url: QUrl, _authenticator: QAuthenticator, _proxy: str) -> None:
        self._refused(Refusal.AUTHENTICATION, host_of(_spelled(url)))

    def _no_certificate(self, error: QWebEngineCertificateError) -> None:
        error.rejectCertificate()
        self._refused(Refusal.CERTIFICATE, host_of(_spelled(error.url())))

    def _no_screen_capture(self, request: QWebEngineDesktopMediaRequest) -> None:
        request.cancel()
        self._refuse_here(Refusal.SCREEN_CAPTURE)

    def _no_file_access(self, request: QWebEngineFileSystemAccessRequest) -> None:
        request.reject()
        self._refuse_here(Refusal.FILE_ACCESS)

    def _no_full_screen(self, request: QWebEngineFullScreenRequest) -> None:
        request.reject()
        self._refuse_here(Refusal.FULL_SCREEN)

    def _no_permission(self, permission: QWebEnginePermission) -> None:
        permission.deny()
        self._refuse_here(Refusal.PERMISSION)

    def _no_printing(self) -> None:
        self._refuse_here(Refusal.PRINTING)

    def _no_protocol_handler(self, request: QWebEngineRegisterProtocolHandlerRequest) -> None:
        request.reject()
        self._refuse_here(Refusal.PROTOCOL_HANDLER)

    def _no_client_certificate(self, selection: QWebEngineClientCertificateSelection) -> None:
        selection.selectNone()
        self._refuse_here(Refusal.CLIENT_CERTIFICATE)

    def _no_security_key(self, request: QWebEngineWebAuthUxRequest) -> None:
        request.cancel()
        self._refuse_here(Refusal.SECURITY_KEY)
