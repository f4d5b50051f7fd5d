"""`python -m local.mailbox --smtp-port 2525 --http-port 8025 --data var/mails.sqlite`."""

import argparse
import asyncio
from pathlib import Path

import uvicorn

from local.mailbox.pages import pages
from local.mailbox.smtp import serve_smtp
from local.mailbox.store import MailStore


async def _serve(smtp_port: int, http_port: int, data: Path) -> None:
    store = MailStore(data)
    smtp = await serve_smtp(store, smtp_port)
    config = uvicorn.Config(pages(store), host="127.0.0.1", port=http_port, log_level="warning", server_header=False)
    try:
        await uvicorn.Server(config).serve()  # until SIGTERM
    finally:
        smtp.close()
        store.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="local.mailbox")
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    options = parser.parse_args()
    asyncio.run(_serve(options.smtp_port, options.http_port, options.data))


if __name__ == "__main__":
    main()
