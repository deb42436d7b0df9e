"""The counter as it was: a full-screen browser window and nothing that watches over it.

``python -m guard.practice.kiosk CHANNEL_FD URL``. It ends when its parent ends.
"""

from __future__ import annotations

import os
import sys
import threading

if sys.platform == "win32":
    raise ImportError("this is Linux's part")

import webview

from guard.channel import Channel


def _end_with_parent(channel: Channel) -> None:
    for _ in channel.messages():
        pass
    os._exit(0)


def main(channel_fd: int, url: str) -> None:
    """Show the page until the parent closes the channel."""
    channel = Channel.inherited(channel_fd)
    threading.Thread(target=_end_with_parent, args=(channel,), daemon=True).start()
    screen = webview.screens[0]
    # Without a window manager nobody makes a window full-screen: it also gets the size.
    webview.create_window("窓口", url, x=0, y=0, width=screen.width, height=screen.height, fullscreen=True)
    webview.start(gui="qt")
    os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
