"""Write what is drawn from the models: `python -m contracts.generate [--check] [--folder contracts]`.

`schemas/<ce_type>.json`, `examples/<ce_type>.json`, `asyncapi.json` and `access.md` are checked in, so that a portal
or the CRM needs no Python to read the contract. With --check nothing is written; files that aren't current are listed
and the exit code is 1.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from contracts import access, asyncapi
from contracts.envelope import Event, encode
from contracts.events import ALL
from contracts.samples import SAMPLES
from contracts.schema import schema_document

FOLDER = Path(__file__).resolve().parents[2]


def example_document(event: Event) -> dict[str, Any]:
    """Return an event as Kafka carries it; headers and key are bytes there, UTF-8."""
    message = encode(event)
    return {
        "topic": message.topic,
        "key": message.key.decode(),
        "headers": {name: (content or b"").decode() for name, content in message.headers},
        "value": json.loads(message.value),
    }


def documents() -> dict[str, str]:
    """Return the text of every generated file, by its path in the folder."""
    content = {f"schemas/{event.event_type}.json": schema_document(event) for event in ALL}
    content |= {f"examples/{event.data.event_type}.json": example_document(event) for event in SAMPLES}
    content["asyncapi.json"] = asyncapi.document()
    texts = {path: json.dumps(value, ensure_ascii=False, indent=2) + "\n" for path, value in content.items()}
    return {**texts, "access.md": access.page()}


def outdated(folder: Path) -> list[str]:
    """Return the files that are missing, too many, or not as they would be written now."""
    expected = documents()
    wrong = {path for path, text in expected.items() if _read(folder / path) != text}
    present = {
        path.relative_to(folder).as_posix() for kind in ("schemas", "examples") for path in (folder / kind).glob("*")
    }
    return sorted(wrong | (present - expected.keys()))


def write(folder: Path) -> None:
    """Make the folder's generated files current; one whose event is gone is deleted."""
    expected = documents()
    for path in outdated(folder):
        if path in expected:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(expected[path], encoding="utf-8")
        else:
            (folder / path).unlink()


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m contracts.generate", description="Write the contract's files.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file is not current")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where they lie (the contracts folder)")
    arguments = parser.parse_args()
    if not arguments.check:
        write(arguments.folder)
        return 0
    wrong = outdated(arguments.folder)
    for path in wrong:
        sys.stderr.write(f"not current: {path} (run python -m contracts.generate)\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
