"""Rebuild the data file from the npm package, or draw a sample from it: same package in, same bytes out.

python -m registration.collectivites.build               writes the data file of this package (needs npm)
python -m registration.collectivites.build --sample 400  prints a sample as CSV
"""

import argparse
import base64
import hashlib
import json
import lzma
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from registration.collectivites import source
from registration.collectivites.reference import load_reference
from registration.collectivites.sample import write_sample

Rows = list[dict[str, Any]]

# Bodies that the published lists show twice, by the law that made them one: the second is kept.
ONE_BODY = {
    "departement:75": "commune:75056",  # Ville de Paris (CGCT, L2512-1)
    "departement:2A": "region:94",  # Collectivité de Corse (CGCT, L4421-1)
    "departement:2B": "region:94",
    "departement:67": "departement:6AE",  # Collectivité européenne d’Alsace (CGCT, L3431-1)
    "departement:68": "departement:6AE",
    "departement:972": "region:02",  # Collectivité territoriale de Martinique (CGCT, L7211-1)
    "departement:973": "region:03",  # Collectivité territoriale de Guyane (CGCT, L7111-1)
    "region:06": "departement:976",  # Mayotte: one council for both
}
ALSACE = "6AE"
ALSACE_NAME = "Collectivité européenne d'Alsace"
ALSACE_PARTS = ("67", "68")


def fetch_tables() -> dict[str, Rows]:
    """Return the package's tables by name. Raises RuntimeError without npm or on another package."""
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("npm is needed to fetch the package: install Node.js, then try again")
    with tempfile.TemporaryDirectory() as folder:
        name = f"{source.PACKAGE}@{source.VERSION}"
        subprocess.run([npm, "pack", name, "--silent"], cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - every word is ours
        (archive,) = Path(folder).glob("*.tgz")
        digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
        if f"sha512-{digest}" != source.INTEGRITY:
            raise RuntimeError(f"{name} is not the package that this reference was made for")
        with tarfile.open(archive) as package:
            return {table: _read_table(package, table) for table in ("communes", "epci", "departements", "regions")}


def _read_table(package: tarfile.TarFile, name: str) -> Rows:
    member = package.extractfile(f"package/data/{name}.json")
    if member is None:
        raise RuntimeError(f"the package holds no table {name}")
    rows: Rows = json.load(member)
    return rows


def build_data(tables: dict[str, Rows]) -> dict[str, Any]:
    """Return the content of the data file: a header, a table per type in columns, and who succeeds whom."""
    current = sorted(
        (row for row in tables["communes"] if row["type"] == "commune-actuelle"), key=lambda row: row["code"]
    )
    successors, former_names = _successors(tables["communes"], current)
    by_departement = _sum(current, "departement")
    by_departement[ALSACE] = sum(by_departement[part] for part in ALSACE_PARTS)
    by_region = _sum(current, "region")
    overseas = {row["code"] for row in tables["departements"] if row["zone"] == "com"}
    twice = ONE_BODY | {f"departement:{code}": f"region:{code}" for code in overseas}
    departements = [*tables["departements"], {"code": ALSACE, "nom": ALSACE_NAME}]
    return {
        "source": source.SOURCE,
        "package": f"{source.PACKAGE}@{source.VERSION}",
        "date": source.SOURCE_DATE.isoformat(),
        "url": source.SOURCE_URL,
        "licence": source.LICENCE,
        "departement_names": dict(sorted((row["code"], row["nom"]) for row in tables["departements"])),
        "communes": _columns(current) | {"postal": [" ".join(row.get("codesPostaux", [])) for row in current]},
        "epci": _columns(_epci_rows(tables["epci"], current)),
        "departements": _columns(_councils(departements, "departement", by_departement, twice)),
        "regions": _columns(_councils(tables["regions"], "region", by_region, twice)),
        "successors": dict(sorted((successors | twice).items())),
        "former_names": dict(sorted(former_names.items())),
    }


def _successors(communes: Rows, current: Rows) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return old key → present key, and present key → the names that were merged into it."""
    alive = {row["code"] for row in current}
    successors = {f"commune:{old}": f"commune:{row['code']}" for row in current for old in row.get("anciensCodes", [])}
    names: dict[str, list[str]] = {}
    for row in sorted(communes, key=lambda row: (row["code"], row["type"])):
        if row["type"] == "commune-actuelle":
            continue
        key = f"commune:{row['code']}"
        target = f"commune:{row.get('chefLieu') or row['commune']}"
        if row["code"] not in alive:
            target = successors.setdefault(key, target)
        names.setdefault(target, []).append(row["nom"])
    return successors, names


def _epci_rows(epci: Rows, communes: Rows) -> Rows:
    """File each EPCI under the département where most of its people live: its seat is not published here."""
    departement_of = {row["code"]: row["departement"] for row in communes}
    rows = []
    for row in sorted(epci, key=lambda row: row["code"]):
        inhabitants: Counter[str] = Counter()
        for member in row["membres"]:
            inhabitants[departement_of[member["code"]]] += member["populationMunicipale"]
        main = max(sorted(inhabitants), key=lambda code: inhabitants[code])
        rows.append(row | {"departement": main, "population": row["populationMunicipale"], "siren": row["code"]})
    return rows


def _councils(rows: Rows, kind: str, population: Counter[str], twice: dict[str, str]) -> Rows:
    return [
        {
            "code": row["code"],
            "nom": row["nom"],
            "population": population[row["code"]] or None,
            "departement": "",
        }
        for row in sorted(rows, key=lambda row: row["code"])
        if f"{kind}:{row['code']}" not in twice
    ]


def _sum(communes: Rows, key: str) -> Counter[str]:
    total: Counter[str] = Counter()
    for row in communes:
        total[row[key]] += row.get("population", 0)
    return total


def _columns(rows: Rows) -> dict[str, list[Any]]:
    """Turn rows into columns: they compress to half the size."""
    return {
        "code": [row["code"] for row in rows],
        "nom": [row["nom"] for row in rows],
        "departement": [row["departement"] for row in rows],
        "population": [row.get("population") for row in rows],
        "siren": [row.get("siren", "") for row in rows],
    }


def pack(data: dict[str, Any]) -> bytes:
    """Return the bytes of the data file; the same data always gives the same bytes."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m registration.collectivites.build", description=__doc__)
    parser.add_argument("--sample", type=int, metavar="N", help="print about N real collectivités as CSV instead")
    arguments = parser.parse_args()
    if arguments.sample:
        write_sample(load_reference(), arguments.sample, sys.stdout)
        return
    try:
        data = build_data(fetch_tables())
    except RuntimeError as error:
        sys.exit(str(error))
    path = Path(__file__).with_name(source.DATA_FILE)
    packed = pack(data)
    path.write_bytes(packed)
    sys.stdout.write(f"{path.name}: {len(packed):,} bytes, {len(data['communes']['code']):,} communes\n")


if __name__ == "__main__":
    main()
