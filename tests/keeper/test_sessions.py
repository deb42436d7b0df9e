"""Whose session the guard serves."""

from __future__ import annotations

import pytest

from guard.keeper.sessions import Session, session_to_serve

CLERK = Session(1, "TOWN", "Clerk", at_console=False)
COUNTER = Session(2, "PC7", "counter", at_console=True)
AWAY = Session(3, "PC7", "counter", at_console=False)


def serve(*sessions: Session, account: str = "", served: int | None = None) -> int | None:
    return session_to_serve(sessions, account, "PC7", served)


def test_without_an_account_it_is_whoever_is_at_the_console() -> None:
    assert serve(CLERK, COUNTER) == 2
    assert serve(CLERK) is None
    assert serve() is None


def test_the_one_served_stays_while_nobody_is_at_the_console() -> None:
    assert serve(CLERK, AWAY, served=3) == 3
    assert serve(CLERK, served=3) is None


@pytest.mark.parametrize("account", ["counter", "COUNTER", r".\counter", r"pc7\Counter", " counter "])
def test_the_account_is_found_by_its_name(account: str) -> None:
    assert serve(CLERK, COUNTER, account=account) == 2
    assert serve(CLERK, AWAY, account=account) == 3


@pytest.mark.parametrize("account", [r"TOWN\counter", "count", r".\Clerk", "clerk2"])
def test_nobody_else_is_served(account: str) -> None:
    assert serve(CLERK, COUNTER, account=account) is None


def test_of_several_sessions_the_console_wins_then_the_one_served() -> None:
    second = Session(4, "PC7", "counter", at_console=False)
    assert serve(second, AWAY, COUNTER, account="counter", served=4) == 2
    assert serve(AWAY, second, account="counter", served=4) == 4
    assert serve(second, AWAY, account="counter") == 3
