"""Everything that the staff's pad can show, at its fullest, by a name each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from guard.journal.alerts import Reason
from guard.screens.port import Choice, DeskNote, DeskScene, DeskStep, Scene, Screen
from guard.session.effects import AlertKind

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES: Final = (
    "見本 一郎",
    "練習 花",
    "例示 さくら",
    "窓口 太郎",
    "ヴィシュワナータン・クリシュナムルティ・ラーマスワーミ・アイヤンガール二世たち",
    "Maria-Alexandra Konstantinopoulou-Smith",
    "東京都千代田区役所 応援 見本花子",
    "試",
)
REASONS: Final = tuple(reason.value for reason in Reason)
DIGITS: Final = {DeskStep.PIN: 12, DeskStep.CODE: 16}
EVERYTHING: Final = (Choice.RESUME, Choice.LOGOUT, Choice.CLOSE, Choice.ALERTS)


NOTES: Final = {
    DeskStep.WHO: (None, DeskNote.LOADING, DeskNote.BROKEN, DeskNote.NOBODY),
    DeskStep.PIN: (None, DeskNote.WRONG, DeskNote.WAIT, DeskNote.BROKEN),
    DeskStep.CODE: (None, DeskNote.WRONG, DeskNote.WAIT, DeskNote.BROKEN),
    DeskStep.CHECKING: (None,),
    DeskStep.CHOOSE: (None, DeskNote.CARD_MISSING),
}
"""What the pad can have to say in each step; in WHO with names it has nothing to say."""


def desks() -> Iterator[tuple[str, DeskScene]]:
    """Yield every step, note, choice and alert."""
    for step in (DeskStep.WHO, DeskStep.PIN, DeskStep.CODE, DeskStep.CHECKING):
        for note in NOTES[step]:
            named = step is DeskStep.WHO and note is None
            for wait in (None, 88, 900) if note in {DeskNote.WRONG, DeskNote.WAIT} else (None,):
                yield (
                    f"{step}.{note or 'plain'}.{wait}",
                    DeskScene(
                        step=step,
                        names=NAMES if named else (),
                        more=named,
                        who="88888888" if step is DeskStep.WHO else "" if step is DeskStep.CODE else NAMES[4],
                        digits=DIGITS.get(step, 0),
                        note=note,
                        wait=wait,
                    ),
                )
    yield "who.empty", DeskScene(step=DeskStep.WHO, names=NAMES[:3])
    yield "pin.empty", DeskScene(step=DeskStep.PIN, who="88888888")
    yield "code.empty", DeskScene(step=DeskStep.CODE)
    for choices in (
        EVERYTHING,
        (Choice.START, Choice.CLOSE, Choice.ALERTS),
        (Choice.OPEN, Choice.ALERTS),
        (),
    ):
        for note in NOTES[DeskStep.CHOOSE]:
            yield (
                f"choose.{'-'.join(choices)}.{note or 'plain'}",
                DeskScene(step=DeskStep.CHOOSE, who=NAMES[4], choices=choices, note=note),
            )
    for kind in AlertKind:
        yield f"reason.{kind}", DeskScene(step=DeskStep.REASON, who=NAMES[4], alert=kind, reasons=REASONS)


def scene(desk: DeskScene) -> Scene:
    """Return the fullest scene around a pad: a held session that counts down, with alerts."""
    return Scene(screen=Screen.HELD, cause="card_absent", alerts=12, seconds_left=120, desk=desk)
