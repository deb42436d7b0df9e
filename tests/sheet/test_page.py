"""The sheet says what the journal says, and nothing in the journal can speak through it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from guard.journal.reading import Reading, Span
from guard.journal.stats import Tally
from guard.journal.verdict import Problem, Trouble, Verification
from guard.journal.verify import verify
from guard.sheet.page import Sheet, render
from guard.sheet.words import SheetWords
from tests.support.journal_pages import DAY, Pages, japanese_time, moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORDS = SheetWords.load()
TODAY = Span(DAY, DAY)
FORGED = Verification(
    records=1,
    first=1,
    last=1,
    segments=1,
    problems=(Problem(what=Trouble.MISSING, segment="<here>", line=7, seq=2, through=9),),
    capped=False,
    unanchored=0,
    torn=0,
    anchored=True,
    keyed=True,
)
HOSTILE = "\"><script>alert(1)</script></style><img src=x onerror='y'>\u202e"
VOID = {"meta", "br", "wbr"}


class Parsed(HTMLParser):
    """What a browser makes of the page: its elements, each table's rows, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names = list[str]()
        self.attributes = list[tuple[str, str]]()
        self.texts = list[str]()
        self.rows = list[list[str]]()
        self._open = list[str]()
        self.feed(page)
        self.close()
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes.extend((name, value or "") for name, value in attrs)
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self._open:
            return
        self.texts.append(data)
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data

    @property
    def text(self) -> str:
        return "".join(self.texts)


@pytest.fixture(autouse=True)
def _in_japan() -> Iterator[None]:
    with japanese_time():
        yield


def _page(
    pages: Pages,
    folder: Path,
    span: Span = TODAY,
    verification: Verification | None = None,
    host: str = "pc-3",
) -> str:
    evidence = pages.save(folder)
    return _printed(folder, span, verification or verify(folder, evidence.standing, evidence.first_key), host)


def _printed(folder: Path, span: Span, verification: Verification, host: str = "pc-3") -> str:
    reading = Reading(folder)
    stats = Tally.of(reading.history(span), span)
    sheet = Sheet(
        span=span,
        stats=stats,
        verification=verification,
        skipped=reading.skipped,
        broken=reading.broken,
        host=host,
        version="0.1.0",
        made_at=datetime(2026, 11, 25, 23, 30, 5, tzinfo=UTC),
    )
    return render(sheet, WORDS)


def test_a_session_stands_there_with_its_times_its_end_and_its_wipe(tmp_path: Path) -> None:
    pages = Pages()
    session = pages.opened(moment(DAY, 0, 30))
    pages.ended(moment(DAY, 0, 32, 5), session, "card_absent", 121.0)
    row = next(row for row in Parsed(_page(pages, tmp_path)).rows if session[:8] in row)
    assert row == [
        "1",
        "00:30:00",
        "00:32:05",
        "2:05",
        "カードが離れた",
        "0.12",
        "確認した",
        "確認した",
        "—",
        session[:8],
    ]


def test_what_did_not_go_well_is_said_plainly(tmp_path: Path) -> None:
    pages = Pages()
    pages.busy_day(DAY, 0)
    rows = {row[0]: row for row in Parsed(_page(pages, tmp_path)).rows if len(row) == 10}
    assert rows["1"][7] == "確認できず"
    assert rows["2"][4:7] == ["カードが動いた", "6.30", "2回目で確認"]
    assert rows["3"][2:9] == ["不明", "—", "ガードの異常終了（カードなし）", "—", "! 記録なし", "—", "2001"]


def test_alerts_stand_there_with_who_did_what_about_them_or_as_open(tmp_path: Path) -> None:
    pages = Pages()
    pages.busy_day(DAY, 0)
    later = moment(DAY + timedelta(days=2), 9)
    pages.write(
        later, "acknowledged", alert="logout_not_confirmed", count=1, staff="emergency", reason="checked"
    )
    pages.write(moment(DAY, 17, 21), "alert", alert="cover_late", count=1)
    rows = [row for row in Parsed(_page(pages, tmp_path)).rows if len(row) == 6]
    assert rows[1] == [
        "16:45:00",
        "カードリーダーが応えませんでした",
        "3",
        "16:49:00",
        "1042",
        "原因を見つけて、直しました",
    ]
    assert rows[2][3:] == ["11/27 09:00:00", "緊急コード", "見て、問題がないことを確かめました"]
    assert rows[4][3:] == ["! 未確認", "—", "だれも確認していません"]


def test_a_month_has_a_row_a_day_and_their_sum(tmp_path: Path) -> None:
    pages = Pages()
    pages.quiet_day(date(2026, 11, 4), 5)
    pages.busy_day(date(2026, 11, 30), 2)
    rows = [row for row in Parsed(_page(pages, tmp_path, Span.month("2026-11"))).rows if len(row) == 12]
    assert len(rows) == 1 + 30 + 1
    assert rows[1] == ["1（日）", *["—"] * 11]
    assert rows[4][:3] == ["4（水）", "5", "5"]
    assert rows[30][:10] == ["30（月）", "5", "4", "1", "1", "1", "3", "1", "2", "1"]
    assert rows[31][:10] == ["合計", "10", "9", "1", "1", "1", "3", "1", "3", "1"]


@pytest.mark.parametrize("used", [False, True])
def test_an_empty_day_says_so(tmp_path: Path, used: bool) -> None:  # noqa: FBT001 -- a parameter
    pages = Pages()
    if used:
        pages.start(moment(DAY, 9))
    said = Parsed(_page(pages, tmp_path)).text
    assert WORDS.of("empty.day" if used else "unused.day") in said
    assert WORDS.of("alerts.none") in said


@pytest.mark.parametrize(
    ("marked", "keyed", "verdict", "about"),
    [
        (True, True, "✓ 改ざんも欠けも見つかりませんでした", "1件ずつの鍵と、キーリングにある終わりの印"),
        (True, False, "✓ 改ざんも欠けも見つかりませんでした", "前後のつながりと、キーリングにある終わりの印"),
        (False, True, "終わりまであるかは分かりません", "1件ずつの鍵で"),
        (False, False, "終わりまであるかは分かりません", "前後のつながりで"),
    ],
)
def test_a_whole_journal_is_said_to_be_whole_as_far_as_that_was_proven(
    tmp_path: Path,
    marked: bool,  # noqa: FBT001 -- a parameter
    keyed: bool,  # noqa: FBT001 -- a parameter
    verdict: str,
    about: str,
) -> None:
    pages = Pages()
    pages.quiet_day(DAY, 2)
    evidence = pages.save(tmp_path)
    found = verify(tmp_path, evidence.standing if marked else None, evidence.first_key if keyed else None)
    said = Parsed(_printed(tmp_path, TODAY, found)).text
    assert verdict in said
    assert f"記録{len(pages.records)}件（番号1〜{len(pages.records)}）を、{about}" in said
    assert ("終わりの印はキーリングにありません" in said) is not marked


def test_a_changed_record_is_said_with_its_place(tmp_path: Path) -> None:
    pages = Pages()
    pages.quiet_day(DAY, 2)
    evidence = pages.save(tmp_path)
    last = max(tmp_path.iterdir())
    last.write_bytes(last.read_bytes().replace(b'"ACTIVE"', b'"ENDING"', 1))
    found = verify(tmp_path, evidence.standing, evidence.first_key)
    said = Parsed(_printed(tmp_path, TODAY, found)).text
    assert WORDS.of("proof.damaged") in said
    assert f"{last.name} の1行目、記録{int(last.stem[-10:])}：記録の封印が合いません" in said


def test_a_journal_that_was_cut_is_said_to_lack_its_end(tmp_path: Path) -> None:
    pages = Pages()
    pages.quiet_day(DAY, 2)
    evidence = pages.save(tmp_path)
    last = max(tmp_path.iterdir())
    last.write_bytes(b"".join(last.read_bytes().splitlines(keepends=True)[:-2]))
    found = verify(tmp_path, evidence.standing, evidence.first_key)
    said = Parsed(_printed(tmp_path, TODAY, found)).text
    count = len(pages.records)
    assert f"記録{count - 1}〜{count}：記録がありません" in said


def test_many_damaged_places_do_not_fill_the_sheet(tmp_path: Path) -> None:
    many = replace(FORGED, problems=FORGED.problems * 40, capped=True)
    parsed = Parsed(_page(Pages(), tmp_path, verification=many))
    assert parsed.names.count("li") == 6
    assert "ほかに35か所以上" in parsed.text


def test_it_stands_there_how_the_guard_came_up_and_what_it_found(tmp_path: Path) -> None:
    pages = Pages()
    for hour, after in enumerate(("first", "stop", "crash")):
        pages.start(moment(DAY, 9 + hour), after)
    pages.write(moment(DAY, 12), "torn", bytes=1212)
    pages.write(moment(DAY, 13), "damaged", what="record_missing")
    pages.write(moment(DAY, 14), "clock", jump_s=-28800.0)
    pages.write(moment(DAY, 15), "dropped", through=9, head="0" * 64)
    pages.write(moment(DAY, 16), "stop")
    day = [row for row in Parsed(_page(pages, tmp_path)).rows if len(row) == 3]
    assert [row[1:] for row in day[1:4]] == [
        [f"起動（{how}）", f"版 0.1.0、方針 wipe、設定 9f2c、残り物の消去 {swept}件"]
        for how, swept in (("この記録で初めて", 0), ("前回は正常に停止", 0), ("前回は異常終了", 1))
    ]
    assert [row[1:] for row in day[4:]] == [
        ["書きかけの記録を取り除いた", "1,212バイト"],
        ["記録の異常を見つけた", "キーリングの印が示す記録がない"],
        ["時計の急な変化（スリープを含む）", "-28,800.0秒"],
        ["保存期間を過ぎた記録を消した", "番号 9 まで"],
        ["停止", ""],
    ]
    month = [row for row in Parsed(_page(pages, tmp_path, Span.month("2026-11"))).rows if len(row) == 3]
    assert [row[0] for row in month[1:]] == [
        *("11/25 09:00:00", "11/25 11:00:00", "11/25 12:00:00", "11/25 13:00:00", "11/25 14:00:00")
    ]


def test_a_month_adds_up_how_sessions_ended_and_who_did_what(tmp_path: Path) -> None:
    pages = Pages()
    for number in range(3):
        session = pages.opened(moment(DAY, 9 + number))
        pages.write(moment(DAY, 9 + number, 1), "staff", session, act="logout", staff="1042", door="pad")
        pages.ended(moment(DAY, 9 + number, 1), session, "staff_end", 90.0)
    pages.ended(moment(DAY, 13, 1), pages.opened(moment(DAY, 13)), "card_absent", 90.0)
    parsed = Parsed(_page(pages, tmp_path, Span.month("2026-11")))
    assert ["1042", "手続きを終わらせた", "3"] in parsed.rows
    assert "手続きの終わり方職員が終わらせた3件カードが離れた1件" in parsed.text


@pytest.mark.parametrize(("span", "during"), [(TODAY, "日"), (Span.month("2026-11"), "月")])
def test_a_sheet_that_is_made_too_early_says_so(tmp_path: Path, span: Span, during: str) -> None:
    early = f"（対象{during}の途中）"
    assert early not in _page(Pages(), tmp_path, Span.day("2026-11-24"))
    assert (early in _page(Pages(), tmp_path, span)) is (span is not TODAY)  # made on the 26th


def test_lines_that_could_not_be_read_are_owned_up_to(tmp_path: Path) -> None:
    pages = Pages()
    pages.quiet_day(DAY, 1)
    pages.save(tmp_path)
    text = max(tmp_path.iterdir()).read_bytes()
    (tmp_path / "journal-2026-11-25-0000000999.jsonl").write_bytes(b"damage\n" + text)
    assert WORDS.of("proof.skipped", count=1) in Parsed(_page(pages, tmp_path)).text


def test_no_text_of_the_journal_becomes_a_part_of_the_page(tmp_path: Path) -> None:
    pages = Pages()
    session = pages.opened(moment(DAY, 9), HOSTILE)
    pages.write(moment(DAY, 9), "refused", session, what=HOSTILE, host=HOSTILE)
    pages.write(moment(DAY, 9), "staff", HOSTILE, act=HOSTILE, staff=HOSTILE, door=HOSTILE)
    pages.write(moment(DAY, 9), "alert", alert=HOSTILE, count=1)
    pages.write(moment(DAY, 9), "acknowledged", alert=HOSTILE, count=1, staff=HOSTILE, reason=HOSTILE)
    pages.write(moment(DAY, 9), "reader", event=HOSTILE)
    pages.write(moment(DAY, 9), "start", after=HOSTILE, version=HOSTILE, swept=HOSTILE)
    pages.write(moment(DAY, 9), "clock", jump_s=HOSTILE)
    pages.write(moment(DAY, 9), "damaged", what=HOSTILE)
    pages.write(moment(DAY, 9), "torn", **{HOSTILE: HOSTILE})
    pages.ended(moment(DAY, 9, 1), session, HOSTILE, 100.0, logout=HOSTILE)
    forged = replace(FORGED, problems=(replace(FORGED.problems[0], segment=HOSTILE),))
    page = _page(pages, tmp_path, verification=forged, host=HOSTILE)
    parsed = Parsed(page)
    assert "script" not in parsed.names
    assert "img" not in parsed.names
    assert parsed.names.count("style") == 1
    assert not [name for name, _ in parsed.attributes if name.startswith("on") or name in {"src", "href"}]
    assert "\u202e" not in page
    assert parsed.text.count(HOSTILE.replace("\u202e", "\ufffd")) > 10


def test_the_page_needs_nothing_else(tmp_path: Path) -> None:
    pages = Pages()
    pages.busy_day(DAY, 5)
    page = _page(pages, tmp_path)
    parsed = Parsed(page)
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'") in parsed.attributes
    assert not {"script", "link", "img", "iframe", "object"} & set(parsed.names)
    assert not re.search(r"https?://|@import|url\((?!\"#beyond\"\))", page)


def test_the_bars_add_up_to_the_wipes_and_the_late_ones_stand_beyond_the_limit(tmp_path: Path) -> None:
    pages = Pages()
    pages.busy_day(DAY, 20)
    page = _page(pages, tmp_path)
    drawing = Parsed(page[page.index("<svg") : page.index("</svg>") + len("</svg>")])
    assert sum(int(text) for text in drawing.texts if text.isdigit()) == 22
    assert [value for name, value in drawing.attributes if name == "class"].count("beyond") == 1
    assert WORDS.of("chart.over", count=1) in Parsed(page).text


def test_pages_cannot_fill_the_file_with_hosts(tmp_path: Path) -> None:
    pages = Pages()
    for number in range(100):
        pages.write(moment(DAY, 9), "refused", what="request", host=f"h{number}.example")
    parsed = Parsed(_page(pages, tmp_path))
    assert sum("example" in row[0] for row in parsed.rows) == 20
    assert WORDS.of("refused.more", count=80) in parsed.text
