"""Every collectivité of France in memory, read once from the data file of the package; never written.

A body stands in it once, whatever the code by which it is asked for: a merged commune leads to its successor,
an arrondissement of Paris, Lyon or Marseille to its commune, and a département or région whose council is the
same body as another's to that body. The rule of one seat per collectivité rests on it.
"""

import json
import lzma
import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from importlib import resources
from itertools import islice
from sys import intern
from typing import Any, Final

from registration.collectivites.collectivite import NATURES, Collectivite, TypeCollectivite, autre
from registration.collectivites.search import NameIndex, normalise
from registration.collectivites.source import DATA_FILE

_CODE: Final = re.compile(r"\d[\dAB]\d{3}")
_DEPARTEMENT: Final = re.compile(r"\d[\dAB]|9[78]\d")
_SIREN: Final = re.compile(r"\d{9}")
_EPCI_WORDS: Final = {
    "cc": "communaute de communes",
    "ca": "communaute d agglomeration",
    "cu": "communaute urbaine",
}


class Reference:
    """What `load_reference` returns. Iterating gives every body, the most populated first."""

    def __init__(self, data: dict[str, Any]) -> None:
        """Take the content of the data file as `build` writes it, and leave nothing of it.

        What isn't kept would stand beside the index while it is made: 6 MB more in each process for good.
        """
        self._all = sorted(_read_bodies(data), key=lambda body: body.population or 0, reverse=True)
        self._by_kind: dict[str, dict[str, Collectivite]] = {kind: {} for kind in TypeCollectivite}
        for body in self._all:
            self._by_kind[body.type][body.code] = body
        self._successors: dict[str, str] = dict(data["successors"])
        self._by_postal: dict[str, list[Collectivite]] = {}
        for code, postals in zip(data["communes"]["code"], data["communes"]["postal"], strict=True):
            for postal in postals.split():
                self._by_postal.setdefault(postal, []).append(self._by_kind[TypeCollectivite.COMMUNE][code])
        former_names = data["former_names"]
        data.clear()
        self._targets, self._index = self._index_names(former_names)

    def __iter__(self) -> Iterator[Collectivite]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def get(self, kind: TypeCollectivite, code: str) -> Collectivite | None:
        """Return the body of that type and code, or the one that took its place; None if there is none.

        For an autre, `code` may be its free name.
        """
        if kind is TypeCollectivite.AUTRE:
            return autre(code)
        cle = f"{kind}:{code.strip().upper()}"
        standing, _, number = self._successors.get(cle, cle).partition(":")
        return self._by_kind[standing].get(number)

    def search(
        self, text: str, limit: int = 10, types: AbstractSet[TypeCollectivite] | None = None
    ) -> list[Collectivite]:
        """Return at most `limit` bodies for what a person types, best first: a name, or a code.

        Codes: Insee, SIREN, postal, département. Names: see `NameIndex.search`; a département narrows them.
        """
        wanted = types or frozenset(TypeCollectivite)
        by_code = [body for body in self._search_code(text) if body.type in wanted]
        if by_code:
            return by_code[:limit]
        found = (self._targets[number] for number in self._index.search(text))
        return list(islice(_unique(body for body in found if body.type in wanted), limit))

    def _search_code(self, text: str) -> list[Collectivite]:
        code = text.replace(" ", "").upper()
        if _SIREN.fullmatch(code):
            # Rare enough to look through them all (2 ms): an index would cost each process several MB.
            return [body for body in self._all if body.siren == code][:1]
        if _DEPARTEMENT.fullmatch(code):
            council = self.get(TypeCollectivite.DEPARTEMENT, code)
            return [council] if council else []
        if not _CODE.fullmatch(code):
            return []
        commune = self.get(TypeCollectivite.COMMUNE, code)
        postal = sorted(self._by_postal.get(code, []), key=lambda body: -(body.population or 0))
        return list(_unique([commune, *postal] if commune else postal))

    def _index_names(self, former: Mapping[str, list[str]]) -> tuple[list[Collectivite], NameIndex]:
        targets: list[Collectivite] = []
        entries: list[tuple[str, str]] = []
        names = {body.departement: body.departement_nom for body in self._all}
        narrowings = {code: f" {normalise(name)} {code.lower()}" for code, name in names.items()}
        for body in self._all:
            narrowing = narrowings[body.departement]
            name = normalise(body.nom)
            if body.type is not TypeCollectivite.COMMUNE:
                narrowing += f" {normalise(NATURES[body.type])} {_EPCI_WORDS.get(name.split()[0], '')}"
            for entry in dict.fromkeys([name, *map(normalise, former.get(body.cle, ()))]):
                targets.append(body)
                entries.append((entry, narrowing))
        return targets, NameIndex(entries)


def _unique(bodies: Iterable[Collectivite]) -> Iterator[Collectivite]:
    seen: set[str] = set()
    for body in bodies:
        if body.cle not in seen:
            seen.add(body.cle)
            yield body


def _read_bodies(data: Mapping[str, Any]) -> Iterator[Collectivite]:
    names: dict[str, str] = data["departement_names"]
    for section, kind in (
        ("communes", TypeCollectivite.COMMUNE),
        ("epci", TypeCollectivite.EPCI),
        ("departements", TypeCollectivite.DEPARTEMENT),
        ("regions", TypeCollectivite.REGION),
    ):
        columns = data[section]
        rows = zip(
            columns["code"],
            columns["nom"],
            columns["departement"],
            columns["population"],
            columns["siren"],
            strict=True,
        )
        for code, nom, number, population, siren in rows:
            departement = intern(number)  # one string for all communes of a département
            yield Collectivite(kind, code, nom, departement, names.get(departement, ""), population, siren or None)


def read_data() -> dict[str, Any]:
    """Return the data file as it ships, header (source, version, date, licence) included."""
    packed = resources.files(__package__).joinpath(DATA_FILE).read_bytes()
    data: dict[str, Any] = json.loads(lzma.decompress(packed))
    return data


@cache
def load_reference() -> Reference:
    """Return the reference, read at the first call and shared by the process."""
    return Reference(read_data())
