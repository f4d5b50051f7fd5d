"""`python -m tests.faults.slow --delay FILE LISTEN=TARGET…`: TCP lines on loopback, as slow as a file says.

The file holds the seconds that every piece of data is held back; the order of the data stays.
"""

import argparse
import asyncio
import contextlib
from pathlib import Path
from typing import Final

HOST: Final = "127.0.0.1"
PIECE: Final = 64 * 1024


class Delay:
    """What the file says, looked at once in a while."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.seconds = 0.0

    async def watch(self) -> None:
        while True:
            with contextlib.suppress(FileNotFoundError, ValueError):
                self.seconds = float(self._file.read_text())
            await asyncio.sleep(0.2)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: Delay) -> None:
    try:
        while piece := await reader.read(PIECE):
            if delay.seconds:
                await asyncio.sleep(delay.seconds)
            writer.write(piece)
            await writer.drain()
    finally:
        writer.close()


async def _serve(listen: int, target: int, delay: Delay) -> asyncio.Server:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(HOST, target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pump(reader, back, delay), _pump(there, writer, delay), return_exceptions=True)

    return await asyncio.start_server(connected, HOST, listen)


async def _main(file: Path, lines: list[tuple[int, int]]) -> None:
    delay = Delay(file)
    servers = [await _serve(listen, target, delay) for listen, target in lines]
    try:
        await delay.watch()
    finally:
        for server in servers:
            server.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="tests.faults.slow")
    parser.add_argument("--delay", type=Path, required=True)
    parser.add_argument("lines", nargs="+")
    options = parser.parse_args()
    lines = [(int(listen), int(target)) for listen, target in (line.split("=") for line in options.lines)]
    asyncio.run(_main(options.delay, lines))


if __name__ == "__main__":
    main()
