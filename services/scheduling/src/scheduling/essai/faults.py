"""What is wrong in the files that people give, named with file and line, in French."""

from dataclasses import dataclass, field
from heapq import nsmallest

from chassis.web.french import pluriel, typographie

SHOWN = 20


class Refused(Exception):
    """The files can't be used; the text is for the person who gave them, one line for each fault."""


@dataclass(slots=True)
class Faults:
    """Faults of one file; `line` 0 stands for the file as a whole."""

    file: str
    found: list[tuple[int, int, str]] = field(default_factory=list)

    def add(self, line: int, what: str) -> None:
        self.found.append((line, len(self.found), what))

    def refuse(self) -> None:
        """Raise Refused when there are any: the first ones by line, and how many more."""
        if not self.found:
            return
        lines = [
            f"{self.file}{f', ligne {line}' if line else ''} : {what}" for line, _, what in nsmallest(SHOWN, self.found)
        ]
        more = len(self.found) - len(lines)
        if more:
            lines.append(f"… et {pluriel(more, 'autre erreur', 'autres erreurs')}.")
        raise Refused(proper("\n".join(lines)))


def proper(phrase: str) -> str:
    """Put a sentence into proper French typography."""
    return typographie(phrase.replace("'", "’"))
