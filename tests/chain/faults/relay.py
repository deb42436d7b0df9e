"""``python relay.py PORT SITE``: the way to the portal, as a process that can be killed."""

from __future__ import annotations

import asyncio
import sys
from contextlib import closing, suppress

HOST = "127.0.0.1"


async def _pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with suppress(OSError), closing(sink):
        while data := await source.read(1 << 16):
            sink.write(data)
            await sink.drain()


async def _relay(port: int, site: int) -> None:
    async def serve(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        from_site, to_site = await asyncio.open_connection(HOST, site)
        await asyncio.gather(_pass_on(source, to_site), _pass_on(from_site, sink))

    async with await asyncio.start_server(serve, HOST, port) as server:
        print("up", flush=True)  # noqa: T201 -- whoever started it waits for this
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_relay(*map(int, sys.argv[1:3])))
