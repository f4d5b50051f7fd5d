"""An index of names that forgives accents, hyphens, apostrophes, case and Saint/St: same words, same answers.

Entries are numbered from the largest population down, so an ascending list of numbers is already a ranking.
"""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

ABBREVIATIONS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
SMALL_WORDS = frozenset(("a", "au", "aux", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "sous", "sur"))
LAST = "\uffff"  # sorts after any letter
POLITE_START = re.compile(
    r"^(?:mairie|commune|ville|departement|region|conseil departemental|conseil regional)"
    r" (?:de la|de l|de|des|du|d) (?=\w)"
)
_LIGATURES = {"œ": "oe", "æ": "ae"}
_SHORT_SAINT = re.compile(r"\b(?:st|ste|sts|stes)\b")


class _Letters(dict[int, str]):
    """What each character is in a normalised name, worked out when it first comes: "É" is "e", a hyphen a space."""

    def __missing__(self, code: int) -> str:
        decomposed = unicodedata.normalize("NFKD", _LIGATURES.get(chr(code), chr(code)))
        plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
        self[code] = "".join(letter if letter.isalnum() else " " for letter in plain)
        return self[code]


_LETTERS: Final = _Letters()


def normalise(text: str) -> str:
    """Return the words of a name in lower-case ASCII-like form, "St-Étienne" as "saint etienne"."""
    spaced = " ".join(text.casefold().translate(_LETTERS).split())
    if "st" not in spaced:
        return spaced
    return _SHORT_SAINT.sub(lambda found: ABBREVIATIONS[found[0]], spaced)


class NameIndex:
    """Names and, beside each, words that only narrow (a département). Numbers are positions in `entries`."""

    def __init__(self, entries: Sequence[tuple[str, str]]) -> None:
        """Take (normalised name, normalised narrowing words each after a space), best entry first."""
        self._names = [f" {name}" for name, _ in entries]
        self._narrowings = [narrowing for _, narrowing in entries]
        self._by_text: dict[str, Sequence[int]] = {}
        self._by_word: dict[str, Sequence[int]] = {}
        self._by_narrowing: dict[str, Sequence[int]] = {}
        for number, (name, narrowing) in enumerate(entries):
            words = name.split()
            _enter(self._by_text, _strong(words), number)
            _enter(self._by_narrowing, narrowing, number)
            for word in words:
                _enter(self._by_word, word, number)
        self._words = sorted(self._by_word)

    def search(self, text: str) -> Iterator[int]:
        """Yield the number of every entry that matches, each once, best first.

        Every word of `text` must begin a word of the name or of its narrowing words, and at least one a
        word of the name; a single letter finds only the name that it is. The exact name comes first, then
        the name followed by words that narrow, then names that begin with the text, then the rest.
        """
        wanted = POLITE_START.sub("", normalise(text))
        prefixes = _strong(wanted.split()).split()
        if not prefixes:
            return
        seen: set[int] = set()
        tiers = (self._exact, self._narrowed, self._beginning, self._anywhere)
        for tier in tiers if len(wanted) > 1 else tiers[:1]:
            for number in sorted(tier(wanted, prefixes)):
                if number not in seen:
                    seen.add(number)
                    yield number

    def _exact(self, wanted: str, prefixes: Sequence[str]) -> Iterator[int]:
        same = self._by_text.get(" ".join(prefixes), [])
        return (number for number in same if self._names[number] == f" {wanted}")

    def _narrowed(self, _wanted: str, prefixes: Sequence[str]) -> Iterator[int]:
        for length in range(1, len(prefixes) + 1):
            for number in self._by_text.get(" ".join(prefixes[:length]), []):
                if all(f" {prefix}" in self._narrowings[number] for prefix in prefixes[length:]):
                    yield number

    def _beginning(self, wanted: str, _prefixes: Sequence[str]) -> Iterator[int]:
        padded = f" {wanted}"
        first, *others = wanted.split(maxsplit=1)
        named = self._by_word.get(first, []) if others else self._named(first)
        return (number for number in named if self._names[number].startswith(padded))

    def _anywhere(self, _wanted: str, prefixes: Sequence[str]) -> Iterator[int]:
        if len(prefixes) == 1:
            yield from self._named(prefixes[0])
            return
        padded = [f" {prefix}" for prefix in prefixes]
        for number in min((self._matching(prefix) for prefix in prefixes), key=len):
            name, narrowing = self._names[number], self._narrowings[number]
            in_name = [prefix in name for prefix in padded]
            if any(in_name) and all(
                found or prefix in narrowing for found, prefix in zip(in_name, padded, strict=True)
            ):
                yield number

    def _matching(self, prefix: str) -> list[int]:
        narrowed = [found for words, found in self._by_narrowing.items() if f" {prefix}" in words]
        return list(chain(self._named(prefix), *narrowed))

    def _named(self, prefix: str) -> list[int]:
        """Return the entries that have a word with that beginning in their name, some perhaps twice."""
        start = bisect_left(self._words, prefix)
        end = bisect_left(self._words, prefix + LAST)
        return list(chain.from_iterable(self._by_word[word] for word in self._words[start:end]))


def _strong(words: Sequence[str]) -> str:
    """Return the words that tell a name apart, all of them if it has only small words."""
    if SMALL_WORDS.isdisjoint(words):
        return " ".join(words)
    return " ".join([word for word in words if word not in SMALL_WORDS] or words)


def _enter(numbers: dict[str, Sequence[int]], text: str, number: int) -> None:
    """Most names and words stand in one entry only: a tuple of one is half the size of a list of one."""
    found = numbers.get(text)
    if found is None:
        numbers[text] = (number,)
    elif isinstance(found, list):
        found.append(number)
    else:
        numbers[text] = [*found, number]
