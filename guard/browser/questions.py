"""Questions that a capsule asks its page, in a JavaScript world that the page cannot see or change.

Each is asked again every few milliseconds until the answer is final; a page that never answers (``while
(true)``) simply leaves it open, and its deadline passes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from guard.browser.rules import Rules
    from guard.browser.site import LogoutRecipe

EVERY = 0.02
"""s between two askings."""

PAINTED: Final = """(() => {
  const [navigation] = performance.getEntriesByType('navigation');
  if (navigation && navigation.responseStatus >= 400) return 'failed';
  if (window.frames_seen === undefined) {
    window.frames_seen = 0;
    requestAnimationFrame(() => requestAnimationFrame(() => { window.frames_seen = 2; }));
  }
  return window.frames_seen === 2 ? 'painted' : 'waiting';
})()"""
PAINTS: Final = """(() => {
  if (window.frames_since === undefined) {
    window.frames_since = 0;
    requestAnimationFrame(() => requestAnimationFrame(() => { window.frames_since = 2; }));
  }
  return window.frames_since === 2 ? 'yes' : 'no';
})()"""
NOTE_LOST: Final = """window.lost_parts = [];
addEventListener('error', event => {
  if (event.target instanceof Element) lost_parts.push(event.target.src || event.target.href);
}, true);"""
"""To be run in the same world before every document: notes its scripts, style sheets, pictures that fail."""
LOST: Final = r"window.lost_parts?.join('\n')"
"""One address a line; PySide hands no list on."""
LEAVE: Final = "window.left_by_logout = 0;"
CLICKED: Final = "clicked"
_CLICK: Final = """(() => {
  if (window.left_by_logout === %(step)d) return 'clicked';
  const seen = {opacityProperty: true, visibilityProperty: true};
  const element = [...document.querySelectorAll(%(selector)s)].find(one => one.checkVisibility(seen));
  if (!element) return 'missing';
  window.left_by_logout = %(step)d;
  element.click();
  return 'clicked';
})()"""
_PROVEN: Final = """(() => {
  const [navigation] = performance.getEntriesByType('navigation');
  if (navigation && navigation.responseStatus >= 400) return 'no';
  const done = %(done)s, same = window.left_by_logout !== undefined;
  if (%(by_address)s) return !same && location.href.startsWith(done) ? 'yes' : 'no';
  return !(same && %(must_leave)s) && document.querySelector(done) ? 'yes' : 'no';
})()"""


def incomplete(lost: object, rules: Rules) -> bool:
    """Tell from the answer to `LOST` whether the page lacks a part that it may have.

    To an engine a page has loaded when its own document came. What loads again then and lacks something
    again is simply like that; if it was the network, that document does not come either.
    """
    return isinstance(lost, str) and any(rules.may_request(url) for url in lost.splitlines())


def clicks(selectors: Iterable[str]) -> list[str]:
    """Return the requests to click what these CSS selectors mean, one after the other.

    Each is asked until it is answered with `CLICKED`; of several elements the first that can be seen is
    meant. The same document clicks once, however often it is asked.
    """
    return [
        _CLICK % {"step": step, "selector": json.dumps(selector)}
        for step, selector in enumerate(selectors, start=1)
    ]


def proven(recipe: LogoutRecipe) -> str:
    """Return the question whether the recipe's proof is seen: ``yes`` or ``no``.

    A proof by address counts only on another document than the one that was left (marked by `LEAVE`) or
    clicked on last: that one may have had the same address while it was still logged in. So does a proof by
    selector after opening a URL.
    """
    return _PROVEN % {
        "done": json.dumps(recipe.done),
        "by_address": json.dumps(recipe.done.startswith(("http://", "https://"))),
        "must_leave": json.dumps(recipe.url is not None),
    }
