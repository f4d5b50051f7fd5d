"""`crm`: keep a SQLite file of everything that the platform tells its CRM."""

import argparse
import asyncio
import signal
import sys
from contextlib import closing, suppress
from pathlib import Path

from aiokafka.errors import KafkaError

from crm.file import CrmFile
from crm.subscriber import run

RETRY_SECONDS = 2.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="crm", description="Keep a SQLite file of what the ateliers publish.")
    parser.add_argument("--bootstrap-servers", default="localhost:9092", help="host:port of Kafka (%(default)s)")
    parser.add_argument("--file", type=Path, default=Path("crm.sqlite"), help="the file (%(default)s)")
    parser.add_argument("--once", action="store_true", help="end when everything that is there has been read")
    arguments = parser.parse_args()
    with closing(CrmFile(arguments.file)) as file, suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_serve(arguments.bootstrap_servers, file, once=arguments.once))


async def _serve(bootstrap: str, file: CrmFile, *, once: bool) -> None:
    """Go on through every trouble of Kafka's, each told once."""
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - asyncio.run always runs a task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    told = ""
    while True:
        try:
            await run(bootstrap, file, until_end=once)
        except KafkaError as error:
            problem = f"crm: waiting for Kafka at {bootstrap} ({type(error).__name__})\n"
            if problem != told:
                sys.stderr.write(problem)
                told = problem
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return


if __name__ == "__main__":
    main()
