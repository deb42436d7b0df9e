"""The browser engine inside a capsule: one throwaway profile and one page that refuses all it is not for.

Whatever a page may ask for is answered here by name, so that an engine update that brings a new question
leaves it at Qt's own default, which is no.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QMarginsF, Signal
from PySide6.QtGui import QPageLayout, QPageSize
from PySide6.QtNetwork import QSslCertificate
from PySide6.QtWebEngineCore import (
    QWebEngineDownloadRequest,
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineProfileBuilder,
    QWebEngineSettings,
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
)

from guard.browser.messages import Refusal
from guard.browser.papers import holds_pdf
from guard.browser.rules import host_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtCore import QObject, QUrl
    from PySide6.QtNetwork import QAuthenticator
    from PySide6.QtWebEngineCore import (
        QWebEngineCertificateError,
        QWebEngineClientCertificateSelection,
        QWebEngineDesktopMediaRequest,
        QWebEngineFileSystemAccessRequest,
        QWebEngineFrame,
        QWebEngineFullScreenRequest,
        QWebEngineNewWindowRequest,
        QWebEnginePermission,
        QWebEngineRegisterProtocolHandlerRequest,
        QWebEngineWebAuthUxRequest,
    )

    from guard.browser.conduct import Conduct
    from guard.browser.overlay import Overlay
    from guard.browser.papers import Wishes
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
_SHEET: Final = QPageLayout(
    QPageSize(QPageSize.PageSizeId.A4),
    QPageLayout.Orientation.Portrait,
    QMarginsF(12, 12, 12, 12),
    QPageLayout.Unit.Millimeter,
)


def _spelled(url: QUrl | str) -> str:
    """Return the address as it is sent: host names in ASCII, as the site profile has them, never decoded."""
    return url if isinstance(url, str) else url.toEncoded().toStdString()


class Interceptor(QWebEngineUrlRequestInterceptor):
    """Asks the rules about every request of every kind, before it is sent."""

    def __init__(self, rules: Rules, conduct: Conduct) -> None:
        super().__init__()
        self._rules = rules
        self._conduct = conduct

    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:  # noqa: N802 -- Qt's name
        """Let through what the rules allow; an error on the way leaves it blocked."""
        info.block(True)  # noqa: FBT003 -- Qt's signature
        url = _spelled(info.requestUrl())
        main = info.resourceType() == QWebEngineUrlRequestInfo.ResourceType.ResourceTypeMainFrame
        if self._rules.may_request(url):
            info.block(False)  # noqa: FBT003 -- Qt's signature
            self._conduct.wanted(host_of(url), page=main)
            return
        self._conduct.refused(Refusal.NAVIGATION if main else Refusal.REQUEST, host_of(url))


def throwaway_profile(
    folder: Path, languages: str, interceptor: Interceptor, authorities: Sequence[str]
) -> QWebEngineProfile:
    """Return a profile whose storage all works and lies under ``folder``, which must die with the capsule.

    It trusts these certificate authorities (PEM) besides those that the engine trusts.
    """
    builder = QWebEngineProfileBuilder()
    trusted = [one for pem in authorities for one in QSslCertificate.fromData(pem.encode())]
    builder.setAdditionalTrustedCertificates(trusted)
    # Before it is made: else it begins where Qt thinks best, which on Windows is the account's own folder
    # whatever the environment says (SHGetKnownFolderPath), and would leave that behind.
    builder.setPersistentStoragePath(str(folder / "storage"))
    builder.setCachePath(str(folder / "cache"))
    profile = builder.createProfile("portal")
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
    allow; ``distrusted`` when it was to show what has no valid certificate; ``asks`` fires before each alert
    or question.
    """

    navigation_refused = Signal()
    window_refused = Signal()
    distrusted = Signal()
    asks = Signal()

    def __init__(
        self,
        profile: QWebEngineProfile,
        rules: Rules,
        permit: Permit,
        conduct: Conduct,
        parent: QObject,
    ) -> None:
        super().__init__(profile, parent)
        self._rules = rules
        self._permit = permit
        self._conduct = conduct
        self._overlay: Overlay | None = None
        self._wishes: Wishes | None = None
        profile.downloadRequested.connect(self._download)
        self.authenticationRequired.connect(self._no_authentication)
        self.proxyAuthenticationRequired.connect(self._no_proxy_authentication)
        self.certificateError.connect(self._no_certificate)
        self.desktopMediaRequested.connect(self._no_screen_capture)
        self.fileSystemAccessRequested.connect(self._no_file_access)
        self.fullScreenRequested.connect(self._no_full_screen)
        self.newWindowRequested.connect(self._same_window)
        self.permissionRequested.connect(self._no_permission)
        self.printRequested.connect(self.print)
        self.printRequestedByFrame.connect(self._print_frame)
        self.registerProtocolHandlerRequested.connect(self._no_protocol_handler)
        self.selectClientCertificate.connect(self._no_client_certificate)
        self.webAuthUxRequested.connect(self._no_security_key)

    def speak_through(self, overlay: Overlay) -> None:
        """Show the page's alerts and questions here."""
        self._overlay = overlay

    def print_through(self, wishes: Wishes) -> None:
        """Print what the citizen wants printed there."""
        self._wishes = wishes

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
        self._conduct.refused(Refusal.NAVIGATION if isMainFrame else Refusal.REQUEST, host_of(address))
        if isMainFrame:
            self.navigation_refused.emit()
        return False

    def _same_window(self, request: QWebEngineNewWindowRequest) -> None:
        url = request.requestedUrl()
        if self._conduct.in_use and self._rules.may_navigate(_spelled(url), main_frame=True):
            self.load(url)
        else:
            self._conduct.refused(Refusal.NEW_WINDOW, host_of(_spelled(url)))
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

    # --- what it may print

    def print(self) -> None:
        """Print the page, if the site profile permits it and the citizen says so."""
        self._wish(lambda made: self.printToPdf(lambda pdf: made(pdf.data()), _SHEET))

    def _print_frame(self, frame: QWebEngineFrame) -> None:
        self._wish(lambda made: frame.printToPdf(lambda pdf: made(pdf.data())))

    def _downloaded(self, download: QWebEngineDownloadRequest) -> None:
        """Offer to print what is a PDF, whatever it is called."""
        file = Path(download.downloadDirectory()) / download.downloadFileName()
        if download.state() is QWebEngineDownloadRequest.DownloadState.DownloadCompleted and holds_pdf(file):
            self._wish(lambda made: made(file.read_bytes()), file=True)

    def _wish(self, make: Callable[[Callable[[bytes], None]], None], *, file: bool = False) -> None:
        if not (self._wishes and self._conduct.attended and self._wishes.wish(make, file=file)):
            self._refuse_here(Refusal.PRINTING)

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

    def refuse_dialog(self) -> None:
        """Note that the engine was to show a window of its own."""
        self._refuse_here(Refusal.NEW_WINDOW)

    def _refuse_here(self, what: Refusal) -> None:
        self._conduct.refused(what, host_of(_spelled(self.url())))

    def _download(self, download: QWebEngineDownloadRequest) -> None:
        if self._permit.downloads:
            if self._permit.printing:
                download.isFinishedChanged.connect(lambda: self._downloaded(download))
            download.accept()  # into the container's private file system, where it dies with the session
            return
        download.cancel()
        self._conduct.refused(Refusal.DOWNLOAD, host_of(_spelled(download.url())))

    def _no_authentication(self, url: QUrl, _authenticator: QAuthenticator) -> None:
        self._conduct.refused(Refusal.AUTHENTICATION, host_of(_spelled(url)))

    def _no_proxy_authentication(self, url: QUrl, _authenticator: QAuthenticator, _proxy: str) -> None:
        self._conduct.refused(Refusal.AUTHENTICATION, host_of(_spelled(url)))

    def _no_certificate(self, error: QWebEngineCertificateError) -> None:
        error.rejectCertificate()
        self._conduct.refused(Refusal.CERTIFICATE, host_of(_spelled(error.url())))
        if error.isMainFrame():
            self.distrusted.emit()

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

    def _no_protocol_handler(self, request: QWebEngineRegisterProtocolHandlerRequest) -> None:
        request.reject()
        self._refuse_here(Refusal.PROTOCOL_HANDLER)

    def _no_client_certificate(self, selection: QWebEngineClientCertificateSelection) -> None:
        selection.selectNone()
        self._refuse_here(Refusal.CLIENT_CERTIFICATE)

    def _no_security_key(self, request: QWebEngineWebAuthUxRequest) -> None:
        request.cancel()
        self._refuse_here(Refusal.SECURITY_KEY)
