"""A person at the counter: knows the practice portal's pages, acts through hands, waits for what is seen.

Every step ends when the page it leads to is painted and has the keyboard; no step waits for seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from guard.practice.diary import Diary, PageSeen, Seen

if TYPE_CHECKING:
    from guard.practice.hands import Hands
    from guard.practice.people import Account, Person

_LOGO = (180, 38)
"""Where every page has its way back to the top, in pixels (pages/style.css: .bar and .brand)."""


class Citizen:
    """Someone who wants to register an account."""

    def __init__(self, person: Person, account: Account, hands: Hands, diary: Diary) -> None:
        self.person = person
        self.account = account
        self._hands = hands
        self._diary = diary

    def log_in_page(self) -> PageSeen:
        """From the top page: ask to log in."""
        return self._press("Return", "login")

    def log_in(self) -> PageSeen:
        """From the login page: type the card's PIN."""
        self._hands.write(self.person.pin)
        return self._press("Return", "menu")

    def go_to_top(self) -> PageSeen:
        """From any page: click the portal's name; a living login leads on to its menu."""
        mark = self._diary.mark()
        self._hands.click(*_LOGO)
        return self._diary.seen("top", "menu", after=mark)

    def open_form(self) -> PageSeen:
        """From the menu: choose the registration and the bank, up to the form."""
        self._press("Return", "bank")
        self._hands.write(self.account.bank)
        self._press("Return", "bank")
        return self._press("Return", "account")

    def stop_midway(self) -> None:
        """In the form: type the branch and the first digits of the number, and get no further."""
        self._write_and_see(self.account.branch)
        self._hands.press("Tab")
        self._hands.press("Tab")
        self._write_and_see(self.account.number[:3])

    def fill_in(self) -> PageSeen:
        """In the form: type everything, over whatever stands there, and go on to the confirmation."""
        self._over(self.account.branch)
        self._hands.press("Tab")
        self._hands.press("Tab")
        self._over(self.account.number)
        self._hands.press("Tab")
        self._over(self.account.name)
        return self._press("Return", "confirm")

    def confirm(self) -> PageSeen:
        """On the confirmation: register."""
        return self._press("Return", "done")

    def log_out(self) -> PageSeen:
        """On the last page: log out."""
        return self._press("Return", "logged_out")

    def _over(self, text: str) -> None:
        self._hands.press("a", ctrl=True)
        self._hands.write(text)

    def _write_and_see(self, text: str) -> None:
        for sign in text:
            mark = self._diary.mark()
            self._hands.write(sign)
            self._diary.seen("account", what=Seen.DRAFT, after=mark)

    def _press(self, key: str, page: str) -> PageSeen:
        mark = self._diary.mark()
        self._hands.press(key)
        return self._diary.seen(page, after=mark)
