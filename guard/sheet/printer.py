"""Prints the HTML that comes through stdin as PDF to stdout: ``python -m guard.sheet.printer``.

No script, no network, no file: the page is answered from memory under an address of our own, and every other
request is refused.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QBuffer, QByteArray, QCoreApplication, QMarginsF, Qt, QUrl
from PySide6.QtGui import QPageLayout, QPageSize
from PySide6.QtWebEngineCore import (
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineSettings,
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
    QWebEngineUrlRequestJob,
    QWebEngineUrlScheme,
    QWebEngineUrlSchemeHandler,
)
from PySide6.QtWidgets import QApplication

from guard.ground import forbid_core_dumps, restrict_libraries

if TYPE_CHECKING:
    from typing import NoReturn

_SCHEME: Final = b"sheet"
_ADDRESS: Final = "sheet:page"
_FLAGS: Final = '"--host-resolver-rules=MAP * ~NOTFOUND" "--proxy-server=http://127.0.0.1:9"'
"""For what asks no interceptor; nobody listens at that port (discard, RFC 863)."""


_MARGINS: Final = QMarginsF(15, 16, 15, 18)
"""mm; as in style.css, which the engine asks only what stands in them."""


class _OnlyThePage(QWebEngineUrlRequestInterceptor):
    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:  # noqa: N802 -- Qt's name
        """Refuse everything else."""
        info.block(info.requestUrl().toString() != _ADDRESS)


class _FromMemory(QWebEngineUrlSchemeHandler):
    def __init__(self, page: bytes) -> None:
        super().__init__()
        self._page = page

    def requestStarted(self, job: QWebEngineUrlRequestJob) -> None:  # noqa: N802 -- Qt's name
        """Answer with the page."""
        buffer = QBuffer(job)
        buffer.setData(QByteArray(self._page))
        job.reply(QByteArray(b"text/html"), buffer)


class Printer:
    """Loads the page and ends the process with the PDF, or with 1."""

    def __init__(self, page: bytes) -> None:
        self._profile = QWebEngineProfile()
        self._interceptor, self._handler = _OnlyThePage(), _FromMemory(page)
        self._profile.setUrlRequestInterceptor(self._interceptor)
        self._profile.installUrlSchemeHandler(QByteArray(_SCHEME), self._handler)
        settings = self._profile.settings()
        for attribute in (
            QWebEngineSettings.WebAttribute.JavascriptEnabled,
            QWebEngineSettings.WebAttribute.LocalStorageEnabled,
            QWebEngineSettings.WebAttribute.LocalContentCanAccessFileUrls,
            QWebEngineSettings.WebAttribute.PluginsEnabled,
            QWebEngineSettings.WebAttribute.PdfViewerEnabled,
        ):
            settings.setAttribute(attribute, False)  # noqa: FBT003 -- Qt's signature
        self._page = QWebEnginePage(self._profile)
        self._page.loadFinished.connect(self._loaded)
        self._page.renderProcessTerminated.connect(lambda _status, _code: os._exit(1))
        self._page.load(QUrl(_ADDRESS))

    def _loaded(self, ok: bool) -> None:  # noqa: FBT001 -- a slot's positional argument
        if not ok:
            os._exit(1)
        layout = QPageLayout(
            QPageSize(QPageSize.PageSizeId.A4),
            QPageLayout.Orientation.Portrait,
            _MARGINS,
            QPageLayout.Unit.Millimeter,
        )
        self._page.printToPdf(_write, layout)


def _write(pdf: QByteArray) -> NoReturn:
    data = pdf.data()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    os._exit(0 if data else 1)  # Qt's own threads outlive the interpreter's end and would crash on it


def main() -> int:
    """Print what comes in; does not return when it could."""
    restrict_libraries()
    forbid_core_dumps()
    os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = _FLAGS
    page = sys.stdin.buffer.read()
    scheme = QWebEngineUrlScheme(QByteArray(_SCHEME))
    scheme.setSyntax(QWebEngineUrlScheme.Syntax.Path)
    QWebEngineUrlScheme.registerScheme(scheme)
    QCoreApplication.setAttribute(Qt.ApplicationAttribute.AA_ShareOpenGLContexts)
    application = QApplication([sys.argv[0]])
    printer = Printer(page)  # noqa: F841 -- lives as long as the loop
    return application.exec()


if __name__ == "__main__":
    os._exit(main())
