"""On which line of a TOML file each key stands: `tomllib` keeps the values only.

Invariant: a key that isn't found is answered with the line of what holds it, 0 for the whole file.
"""

import re
from collections import Counter

Path = tuple[str | int, ...]

_TABLE = re.compile(r"\s*\[(?P<many>\[)?\s*(?P<name>[^\[\]]+?)\s*\]")
_KEY = re.compile(r"""\s*(?P<name>[\w.\-]+|"[^"]*"|'[^']*')\s*=""")
_PLACE = re.compile(r"line (\d+), column (\d+)")


def key_lines(text: str) -> dict[Path, int]:
    """Return the line of each table and key; the tables of an array count from 0."""
    found: dict[Path, int] = {}
    count: Counter[str] = Counter()
    table: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if head := _TABLE.match(line):
            name = head["name"]
            table = (name, count[name]) if head["many"] else (name,)
            count[name] += 1
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault((*table, key["name"].strip("\"'")), number)
    return found


def line_of(lines: dict[Path, int], path: Path) -> int:
    """Return the line of the key, or of the nearest that holds it."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 0)


def place_of(error: str, text: str) -> tuple[int, int]:
    """Return the line and column that a message of `tomllib` names; the end of the file when it names none."""
    found = _PLACE.search(error)
    return (int(found[1]), int(found[2])) if found else (len(text.splitlines()), 1)
