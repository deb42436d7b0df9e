"""Questions that a capsule asks its page, in a JavaScript world that the page cannot see or change.

Each is asked again every few milliseconds until the answer is final; a page that never answers (``while
(true)``) simply leaves it open, and its deadline passes.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

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
  if (window.frames_seen !== 2) return 'waiting';
  const silent = performance.getEntriesByType('resource').filter(
    one => one.responseStatus === 0 && one.name.startsWith(`${origin}/`));
  return (window.lost_parts ?? 0) + silent.length;
})()"""
"""Answered by ``failed``, or by the number of parts that the page lacks: an engine is content without them.

Counted are scripts, style sheets and pictures of its document from anywhere (see `NOTE_LOST`), and whatever
else it has asked its own server for in vain until then; of other servers no page gets to know that.
"""
NOTE_LOST: Final = """window.lost_parts = 0;
addEventListener('error', event => { if (event.target instanceof Element) lost_parts += 1; }, true);"""
"""To be run in the same world before every document."""
PAINTS: Final = """(() => {
  if (window.frames_since === undefined) {
    window.frames_since = 0;
    requestAnimationFrame(() => requestAnimationFrame(() => { window.frames_since = 2; }));
  }
  return window.frames_since === 2 ? 'yes' : 'no';
})()"""
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
