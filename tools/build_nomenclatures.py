"""Build ``indicators/nomenclatures/*.csv`` from public packages, unpacked side by side in one folder.

    npm pack @etalab/decoupage-administratif@6.0.0      (and 0.7.0, 1.1.1, 2.3.1, 3.1.1, 4.1.0, 5.3.0)
    pip download --no-deps pynsee==0.3.0

    python tools/build_nomenclatures.py FOLDER

``FOLDER`` holds one folder per version of the npm package, named after the version, ``pynsee`` unzipped, and
``naf2025.csv``, whose column ``subclass_code`` lists the sub-classes of 2025.
Sources, licences and limits: ``indicators/nomenclatures/README.md``.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import sys
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[1] / "indicators" / "nomenclatures"
HISTORY = "0.7.0"
VINTAGES = {2019: "0.7.0", 2021: "1.1.1", 2022: "2.3.1", 2023: "3.1.1", 2024: "4.1.0", 2025: "5.3.0", 2026: "6.0.0"}
"""Version of the package that holds the geographic code of each first of January; 2020 was never published."""
BEFORE_HISTORY = date(1942, 12, 31)
NAF_REV2 = (date(2008, 1, 1), date(2026, 12, 31))
NAF_2025 = (date(2027, 1, 1), None)

Record = dict[str, Any]
Period = tuple[date | None, date | None, str]
"""First day, last day, name."""


def main(folder: Path) -> None:
    """Write both files."""
    vintages = {year: _read(folder / version / "data" / "communes.json") for year, version in VINTAGES.items()}
    history = _read(folder / HISTORY / "data" / "historique-communes.json")
    _write("communes.csv", _communes(vintages, history))
    _write("naf.csv", _naf(folder))


def _read(path: Path) -> list[Record]:
    records: list[Record] = json.loads(path.read_text(encoding="utf-8"))
    return records


def _write(name: str, rows: Iterable[tuple[str, str, date | None, date | None, str]]) -> None:
    with (TARGET / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["code", "libelle", "valid_from", "valid_to", "successeur"])
        for code, label, first, last, successor in sorted(rows, key=lambda row: (row[0], row[2] or date.min)):
            writer.writerow([code, label, first or "", last or "", successor])


def _communes(
    vintages: dict[int, list[Record]], history: list[Record]
) -> Iterator[tuple[str, str, date | None, date | None, str]]:
    own = {
        year: {one["code"]: one["nom"] for one in found if one["type"] in _VALID} for year, found in vintages.items()
    }
    periods = _history_periods(history)
    successors = _history_successors(history)
    years = sorted(own)
    for code, name in own[years[0]].items():
        # Absent from the history: overseas collectivities, districts of Paris, Lyon and Marseille.
        periods.setdefault(code, [(None, None, name)])
    for before, year in itertools.pairwise(years):
        heads = _heads(vintages[year])
        for code in sorted(own[before].keys() - own[year].keys()):
            first, _, name = periods[code][-1]
            periods[code][-1] = (first, date(year, 1, 1) - timedelta(days=1), name)
            successors[code] = heads.get(code) or _same_name(name, code, own[year])
        for code in sorted(own[year].keys() - own[before].keys()):
            # Nothing says whether a change between 2019 and 2021 dates from 2020 or 2021: the longer period is kept.
            periods.setdefault(code, []).append((date(before + 1, 1, 1), None, own[year][code]))
    last = years[-1]
    names = {one["code"]: one["nom"] for one in vintages[last]}
    for code, head in _heads(vintages[last]).items():
        periods.setdefault(code, [(None, BEFORE_HISTORY, names[code])])
        successors[code] = head
    for code, found in periods.items():
        for first, end, name in found:
            label = own[last].get(code, name) if end is None else name
            yield code, label, first, end, "" if end is None else _present(code, successors, own[last])


_VALID = ("commune-actuelle", "arrondissement-municipal")


def _heads(found: list[Record]) -> dict[str, str]:
    """Return the commune of each delegated or associated one that has a code of its own."""
    return {one["code"]: one["chefLieu"] for one in found if one["type"] in ("commune-deleguee", "commune-associee")}


def _same_name(name: str, code: str, communes: dict[str, str]) -> str:
    """Return the code a commune moved to when it kept its name and its département."""
    same = [other for other, label in communes.items() if label == name and other[:2] == code[:2]]
    return same[0] if len(same) == 1 else ""


def _history_periods(history: list[Record]) -> dict[str, list[Period]]:
    """Return the periods of each code, changes of name set aside."""
    periods: dict[str, list[Period]] = {}
    communes = [one for one in history if one["type"] == "COM"]
    for one in sorted(communes, key=lambda one: (one["code"], one.get("dateDebut", ""))):
        first = date.fromisoformat(one["dateDebut"]) if "dateDebut" in one else None
        last = date.fromisoformat(one["dateFin"]) - timedelta(days=1) if "dateFin" in one else None
        found = periods.setdefault(one["code"], [])
        if found and found[-1][1] is not None and first == found[-1][1] + timedelta(days=1):
            found[-1] = (found[-1][0], last, one["nom"])
        else:
            found.append((first, last, one["nom"]))
    return periods


def _history_successors(history: list[Record]) -> dict[str, str]:
    """Return the code of 2019 that took the place of each code gone before."""
    by_id = {one["id"]: one for one in history}
    successors = {}
    for one in history:
        if one["type"] == "COM" and "dateFin" in one:
            successors[one["code"]] = _follow(one, by_id)
    return successors


def _follow(one: Record, by_id: dict[str, Record]) -> str:
    while one["type"] != "COM" or "dateFin" in one:
        following = one.get("successeur") if "dateFin" in one else one.get("pole")
        if following is None:
            return ""
        one = by_id[following]
    return str(one["code"])


def _present(code: str, successors: dict[str, str], present: dict[str, str]) -> str:
    seen = {code}
    while code not in present:
        code = successors.get(code, "")
        if not code or code in seen:
            return ""
        seen.add(code)
    return code


def _naf(folder: Path) -> Iterator[tuple[str, str, date | None, date | None, str]]:
    with zipfile.ZipFile(folder / "pynsee" / "metadata" / "data" / "naf.zip") as archive:
        text = archive.read("naf2008/int_courts_naf_rev_2.csv").decode("iso-8859-1")
        detailed = archive.read("naf2008/naf2008_5_niveaux.csv").decode("iso-8859-1")
    labels = {
        row[1].strip(): " ".join(row[2].split()) for row in csv.reader(io.StringIO(text), delimiter=";") if len(row) > 2
    }
    for row in csv.DictReader(io.StringIO(detailed), delimiter=";"):
        yield row["NIV5"].replace(".", ""), labels[row["NIV5"]], *NAF_REV2, ""
    with (folder / "naf2025.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield row["subclass_code"].replace(".", ""), "", *NAF_2025, ""


if __name__ == "__main__":
    main(Path(sys.argv[1]))
