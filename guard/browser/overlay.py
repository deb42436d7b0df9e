"""What the portal window itself says, drawn inside it: a page's questions, and that a page cannot be opened.

Never a window of its own: the core stacks windows, and one it does not know could lie above the cover.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QEvent, QEventLoop, QObject, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QPushButton, QVBoxLayout, QWidget

from guard.errors import BrokenPromiseError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from guard.settings.model import Language

_MOST_TEXT = 500
"""Characters of a page's question; more does not fit, and no portal asks that much."""

# Colours, focus ring and shapes of the Digital Agency Design System. {u} is a hundredth of the window's
# smaller side (8 px at 1280x800).
_STYLE: Final = """
#ground {{ background: rgba(26, 26, 26, 128); }}
#ground[whole="true"] {{ background: #e8f1fe; }}
#card {{ background: #ffffff; border-radius: {radius}px; }}
QLabel {{ background: transparent; color: #333333; font-size: {text}px; }}
QLabel#main {{ color: #1a1a1a; font-size: {main}px; font-weight: 700; }}
QLineEdit {{ border: 2px solid #767676; border-radius: 8px; padding: {pad}px; font-size: {text}px;
  color: #1a1a1a; background: #ffffff; selection-background-color: #0017c1; selection-color: #ffffff; }}
QPushButton {{ border: 2px solid #0017c1; border-radius: 8px; padding: 0 {wide}px; min-height: {tall}px;
  min-width: {least}px; font-size: {text}px; font-weight: 700; color: #0017c1; background: #ffffff; }}
QPushButton:hover {{ background: #e8f1fe; color: #00118f; }}
QPushButton#yes {{ color: #ffffff; background: #0017c1; }}
QPushButton#yes:hover {{ background: #00118f; }}
QPushButton:focus, QPushButton#yes:focus, QLineEdit:focus {{ border: 4px solid #ffd43d; outline: none; }}
"""
_FAMILY: Final = '"Noto Sans JP", "Noto Sans CJK JP", "BIZ UDPGothic", "Yu Gothic UI", sans-serif'


@dataclass(frozen=True, slots=True)
class Words:
    """The window's few words in one language."""

    texts: Mapping[str, str]

    @classmethod
    def load(cls, language: Language) -> Words:
        """Read the catalogue file of this language."""
        path = files("guard.browser") / "texts" / f"{language}.json"
        return cls(json.loads(path.read_text("utf-8")))

    def __getitem__(self, key: str) -> str:
        """Raises BrokenPromiseError when the catalogue lacks it."""
        if key not in self.texts:
            raise BrokenPromiseError(f"the portal window's catalogue lacks {key}")
        return self.texts[key]


@dataclass(frozen=True, slots=True)
class _Own:
    """Something that the window itself has to say: its words in the catalogue, and what follows a yes."""

    key: str
    then: Callable[[], None] | None


_NOT_PRINTED: Final = _Own("not_printed", None)


@dataclass(slots=True)
class _Question:
    """What a page asks, until it is answered."""

    waiting: QEventLoop
    yes: bool = False


class Overlay(QObject):
    """One card over the whole window, hidden most of the time. GUI thread only.

    ``covers`` fires with true when it comes up and with false when it goes.
    """

    covers = Signal(bool)

    def __init__(self, window: QWidget, page_view: QWidget, words: Words) -> None:
        super().__init__(window)
        self._window = window
        self._page_view = page_view
        self._words = words
        self._ground = QWidget(window)
        self._ground.setObjectName("ground")
        self._ground.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._ground.hide()
        self._main, self._sub = _label("main"), _label("sub")
        self._field = QLineEdit()
        self._no = QPushButton()
        self._yes = QPushButton()
        self._yes.setObjectName("yes")
        self._yes.setAutoDefault(True)
        self._lay_out()
        self._yes.clicked.connect(lambda: self._answer(yes=True))
        self._no.clicked.connect(lambda: self._answer(yes=False))
        self._field.returnPressed.connect(lambda: self._answer(yes=True))
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self._ground)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(lambda: self._answer(yes=False))
        self._asking: _Question | None = None
        self._accepting = False
        self._own = deque[_Own]()
        self._own_open = False
        window.installEventFilter(self)

    def tell(self, text: str) -> None:
        """Show a page's message until it is closed."""
        self._ask(text, yes="close", no=None)

    def ask(self, text: str) -> bool:
        """Ask a page's question; return the answer."""
        return self._ask(text, yes="ok", no="cancel")

    def prompt(self, text: str, proposed: str) -> str | None:
        """Ask a page's question for a text; return it, or None when the citizen does not want to answer."""
        self._field.setText(proposed[:_MOST_TEXT])
        return self._field.text() if self._ask(text, yes="ok", no="cancel", field=True) else None

    def withdraw(self) -> None:
        """Take a page's question away, which has been answered elsewhere."""
        if self._asking:
            self._answer(yes=False)

    def refuse(self) -> None:
        """Say that the page cannot be opened, over the page that the citizen came from; returns at once."""
        self._instead("refused")

    def distrust(self) -> None:
        """Say so of a page whose certificate is not valid."""
        self._instead("distrusted")

    def ask_to_print(self, then: Callable[[], None], *, file: bool = False) -> None:
        """Ask, once nothing else is open, whether to print this page or this file; on a yes do ``then``.

        One such question waits or is open at a time; another is not asked.
        """
        if not self.asks_to_print:
            self._add(_Own("print_file" if file else "print", then))

    @property
    def asks_to_print(self) -> bool:
        """A question whether to print waits or is open."""
        return any(own.then for own in self._own)

    def tell_not_printed(self) -> None:
        """Say, once nothing else is open, that something was not printed."""
        if _NOT_PRINTED not in self._own:
            self._add(_NOT_PRINTED)

    def _add(self, own: _Own) -> None:
        if not self._accepting:
            self._own.append(own)
            self._show_own()

    def _show_own(self) -> None:
        """Show what the window itself has to say, unless something else is open."""
        if not self._own or self._asking or not self._ground.isHidden():
            return
        self._own_open = True
        own = self._own[0]
        self._main.setText(self._words[f"{own.key}.main"])
        self._sub.setText(self._words[f"{own.key}.sub"])
        yes, no = ("print", "cancel") if own.then else ("close", None)
        self._show(yes=yes, no=no, field=False, whole=False)

    def _instead(self, of: str) -> None:
        if self._asking:
            return
        self._own_open = False
        self._main.setText(self._words[f"{of}.main"])
        self._sub.setText(self._words[f"{of}.sub"])
        self._show(yes="back", no=None, field=False, whole=True)

    def accept_all(self) -> None:
        """Answer yes to what is open and to all that comes: the session is being logged out."""
        self._accepting = True
        self._own.clear()  # nobody is there any more who could want it printed
        self._own_open = False
        self._answer(yes=True)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 -- Qt's name
        """Grow with the window."""
        if watched is self._window and event.type() == QEvent.Type.Resize:
            self._fit()
        return False

    def _ask(self, text: str, *, yes: str, no: str | None, field: bool = False) -> bool:
        if self._accepting:
            return True
        if self._asking:
            return False
        self._main.setText("")
        self._sub.setText(text[:_MOST_TEXT])
        self._own_open = False
        question = self._asking = _Question(QEventLoop())
        self._show(yes=yes, no=no, field=field, whole=False)
        question.waiting.exec()  # in which the page may ask again, once this is answered
        self._show_own()
        return question.yes

    def _answer(self, *, yes: bool) -> None:
        question, self._asking = self._asking, None
        own = self._own.popleft() if self._own_open else None
        self._own_open = False
        self._ground.hide()
        self._page_view.setEnabled(True)
        self._page_view.setFocus()
        self.covers.emit(False)  # noqa: FBT003 -- Qt's signature
        if question:
            question.yes = yes
            question.waiting.quit()
            return
        self._show_own()
        if yes and own and own.then:
            own.then()

    def _show(self, *, yes: str, no: str | None, field: bool, whole: bool) -> None:
        self._main.setVisible(bool(self._main.text()))
        self._field.setVisible(field)
        self._yes.setText(self._words[yes])
        self._no.setVisible(no is not None)
        if no is not None:
            self._no.setText(self._words[no])
        self._ground.setProperty("whole", whole)
        self._fit()
        self._page_view.setEnabled(False)  # neither Tab nor a finger reaches the page beneath
        self._ground.show()
        self._ground.raise_()
        self.covers.emit(True)  # noqa: FBT003 -- Qt's signature
        (self._field if field else self._yes).setFocus()

    def _fit(self) -> None:
        size = self._window.size()
        self._ground.resize(size)
        unit = min(size.width(), size.height()) / 100
        self._card.setFixedWidth(int(min(size.width() * 0.9, unit * 125)))
        self._inside.setContentsMargins(*(int(6 * unit),) * 4)
        self._inside.setSpacing(int(3 * unit))
        style = _STYLE.format(
            radius=int(2 * unit),
            text=max(16, int(3.8 * unit)),
            main=max(20, int(6.6 * unit)),
            pad=int(1.5 * unit),
            wide=int(4 * unit),
            tall=max(44, int(9 * unit)),
            least=int(22 * unit),
        )
        self._ground.setStyleSheet(f"* {{ font-family: {_FAMILY}; }}{style}")

    def _lay_out(self) -> None:
        self._card = QFrame()
        self._card.setObjectName("card")
        self._inside = QVBoxLayout(self._card)
        for widget in (self._main, self._sub, self._field):
            self._inside.addWidget(widget)
        self._inside.addSpacing(12)
        buttons = QHBoxLayout()
        buttons.addStretch()
        buttons.addWidget(self._no)
        buttons.addWidget(self._yes)
        self._inside.addLayout(buttons)
        outside = QVBoxLayout(self._ground)
        outside.addWidget(self._card, alignment=Qt.AlignmentFlag.AlignCenter)


def _label(name: str) -> QLabel:
    label = QLabel()
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)  # a page's words are never markup of ours
    label.setWordWrap(True)
    return label
