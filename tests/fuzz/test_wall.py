"""The search for proxies in a municipality's script, whatever stands in it: a wall, and soon."""

from __future__ import annotations

import time
from typing import Final

import pytest
from hypothesis import given

from guard.browser.network import MOST_SCRIPT, Network
from guard.browser.site import Site
from guard.browser.wall import Wall
from tests.support.fuzz import FUZZED, bent, corpus

_SITE: Final = Site(
    key="town", name="Town", start="https://portal.example/", allow=("portal.example", "*.b.example")
)
_NETWORK: Final = Network(pac="/etc/proxy.pac")


def _walled(script: str) -> None:
    wall = Wall.of(_SITE, _NETWORK, script)
    rules = wall.names.split(", ")
    assert rules[-1] == "MAP * ~NOTFOUND"
    assert all(rule.startswith(("EXCLUDE ", "MAP ")) for rule in rules)
    assert wall.names.isascii()
    assert wall.names.isprintable()
    assert not {"EXCLUDE *", "EXCLUDE localhost", "EXCLUDE 127.0.0.1"} & set(rules)


@FUZZED
@given(script=bent("pac"))
def test_any_script_leaves_everything_else_walled(script: bytes) -> None:
    _walled(script.decode("utf-8-sig", "replace"))


def test_whatever_once_went_wrong_leaves_everything_else_walled() -> None:
    for script in corpus("pac"):
        _walled(script.decode("utf-8-sig", "replace"))


@pytest.mark.parametrize(
    "part", ["PROXY ", "PROXY\n", '"a.', '"a', "a.", "'-:", "PROXY a.b:", '"a.b:1', "`a.b"]
)
def test_the_longest_script_is_searched_in_seconds(part: str) -> None:
    """Processor time, so that a busy PC fails nothing: no pattern goes back over and over."""
    began = time.process_time()
    Wall.of(_SITE, _NETWORK, part * (MOST_SCRIPT // len(part)))
    assert time.process_time() - began < 20
