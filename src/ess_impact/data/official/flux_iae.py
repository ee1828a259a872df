"""ASP, "fluxIAE": contracts of work-integration structures, read as exits; names, NIR and birth dates never leave.

The export is a folder of files (contracts, structures, persons, motives, monthly hours…) or one file that joins them.
Either way the file of contracts gives the rows; what it lacks is looked up in its neighbours, by official identifiers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.delimited import read_delimited
from ess_impact.data.grids import Grid
from ess_impact.data.official.deposit import Deposit, protected, raw_table
from ess_impact.data.official.flux_exits import EXIT_DATE, MONTHLY, exits, named
from ess_impact.data.official.glimpse import Glimpse, cut_line, look
from ess_impact.data.official.journal import Journal
from ess_impact.data.official.source import read_bytes
from ess_impact.data.personal import shown_file
from ess_impact.data.reading import RawTable
from ess_impact.definitions.tables import Table

FIRST, LAST = "DEB", "FIN"
SEPARATOR = "|"
COUNT_DIGITS = 7
"""Longest number of the last line taken for a count of rows: longer ones are dates and times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How the contracts find what a neighbouring file holds.

    Attributes
    ----------
    key : str
        Column that identifies a row there.
    local : tuple of str
        Names the same identifier has among the contracts.
    brings : tuple of str
        Columns looked up.
    """

    key: str
    local: tuple[str, ...]
    brings: tuple[str, ...]


LINKS = (
    Link(key="structure_id_siae", local=("contrat_id_structure",), brings=("structure_siret_actualise",)),
    Link(
        key="salarie_id",
        local=("contrat_id_pph",),
        brings=("salarie_rci_libelle", "salarie_date_naissance", "salarie_annee_naissance"),
    ),
    Link(key="rms_id", local=("contrat_motif_sortie_id", "emi_motif_sortie_id"), brings=("rcs_id",)),
    Link(key="rcs_id", local=("rcs_id",), brings=("rcs_libelle", "rcs_code")),
)
"""Neighbours with one row per identifier, in the order they are followed."""

HOURS = "emi_ctr_id"
"""Column that marks the file of monthly hours, one row per contract and month."""

_NEIGHBOURS = frozenset({*(link.key for link in LINKS), HOURS})


def is_contracts(glimpse: Glimpse) -> bool:
    """Say whether a file holds the contracts of the export, or exits joined to them.

    Parameters
    ----------
    glimpse : Glimpse
        The start of the file.

    Returns
    -------
    bool
        From its first two lines.
    """
    return EXIT_DATE in _header(glimpse)


def is_neighbour(glimpse: Glimpse) -> bool:
    """Say whether a file of the export only completes the contracts.

    Parameters
    ----------
    glimpse : Glimpse
        The start of the file.

    Returns
    -------
    bool
        From its first two lines.
    """
    header = _header(glimpse)
    return EXIT_DATE not in header and bool(header & _NEIGHBOURS)


def load(deposit: Deposit, table: Table) -> RawTable:
    """Read the exits of an export.

    Parameters
    ----------
    deposit : Deposit
        The file of contracts; its neighbours are looked for in its folder.
    table : Table
        Table ``sorties``.

    Returns
    -------
    RawTable
        One row per contract with a definitive exit. The digest covers the neighbours read.

    Raises
    ------
    FileRefusedError
        When the file is truncated or lacks what identifies an exit.
    """
    content = read_bytes(deposit.path)
    journal = Journal(table=table.id, file=deposit.place)
    grid = _grid(content, deposit.place, journal)
    for bad in grid.bad:
        journal.reject(bad)
    contracts = _frame(grid)
    completed, digests = _complete(contracts, deposit, journal)
    missing = named(completed.columns)[1]
    if missing:
        raise FileRefusedError(
            f"colonnes introuvables dans l'export ASP : {', '.join(missing)}",
            rule="colonne_absente",
            where=deposit.place,
            fix="Déposez à côté les autres fichiers du même export (structures, salariés, motifs et catégories).",
        )
    rows = exits(completed, journal)
    own = hashlib.sha256(content).hexdigest()
    digest = own if not digests else hashlib.sha256("".join([own, *digests]).encode()).hexdigest()
    raw = raw_table(rows, table, journal, sha256=digest, rows_read=contracts.height + len(grid.bad))
    return protected(raw, deposit)


def _header(glimpse: Glimpse) -> frozenset[str]:
    """Return the columns of a file of the export: under its ``DEB`` line, or at once where it has none."""
    lines = glimpse.lines
    if not lines:
        return frozenset()
    if lines[0].startswith(FIRST):
        return frozenset(cut_line(lines[1])) if len(lines) > 1 else frozenset()
    return glimpse.header if SEPARATOR in lines[0] else frozenset()


def _grid(content: bytes, name: str, journal: Journal) -> Grid:
    """Cut a file between its first and last lines; a quote is a letter like any other there."""
    lines = content.removeprefix(b"\xef\xbb\xbf").rstrip().split(b"\n")
    skipped = int(lines[0].startswith(FIRST.encode()))
    last = lines[-1].strip()
    if len(lines) < skipped + 2 or not last.startswith(LAST.encode()):
        raise FileRefusedError(
            f"fichier tronqué : la dernière ligne ne commence pas par « {LAST} »",
            rule="fichier_tronque",
            where=name,
            fix="Téléchargez de nouveau l'export de l'ASP, sans l'ouvrir ni l'enregistrer dans un tableur.",
        )
    grid = read_delimited(b"\n".join(lines[skipped:-1]).replace(b'"', b"'"), name)
    for label, number in grid.coercions.items():
        journal.count(label, number)
    _compare_count(last, len(lines), skipped + 2, journal)
    return _shifted(grid, skipped)


def _shifted(grid: Grid, lines: int) -> Grid:
    bad = tuple(replace(one, row=one.row + lines) for one in grid.bad)
    return replace(grid, rows=grid.rows + lines, bad=bad)


def _compare_count(last: bytes, lines: int, around: int, journal: Journal) -> None:
    """Doubt a file whose last line announces another number of rows than it holds."""
    found = lines - around
    words = last.decode("ascii", errors="replace").split(SEPARATOR)[1:]
    counts = [int(word) for word in words if word.strip().isdecimal() and len(word.strip()) <= COUNT_DIGITS]
    if counts and found not in counts:
        journal.doubt(
            lines,
            "",
            "",
            rule="compte_annonce",
            message=f"La dernière ligne annonce {counts[-1]} lignes, le fichier en a {found}.",
            remedy="Vérifiez que l'export est entier.",
        )


def _frame(grid: Grid) -> pl.DataFrame:
    names = {name: str(place) for place, name in reversed(list(enumerate(grid.headers))) if name}
    stripped = [pl.col(place).str.strip_chars().alias(name) for name, place in names.items()]
    return grid.cells.select(stripped).with_columns(grid.rows.alias("_row"))


def _complete(contracts: pl.DataFrame, deposit: Deposit, journal: Journal) -> tuple[pl.DataFrame, list[str]]:
    """Look up in the neighbours what the contracts lack."""
    neighbours = _neighbours(deposit)
    digests: list[str] = []
    for link in LINKS:
        local = next((name for name in link.local if name in contracts.columns), None)
        if link.key not in neighbours or local is None or set(link.brings) & set(contracts.columns):
            continue
        found, digest = _read_neighbour(neighbours[link.key], deposit)
        digests.append(digest)
        contracts = _looked_up(contracts, found, local, link)
    if HOURS in neighbours and "contrat_id_ctr" in contracts.columns and not set(MONTHLY) & set(contracts.columns):
        found, digest = _read_neighbour(neighbours[HOURS], deposit)
        digests.append(digest)
        contracts = _with_hours(contracts, found)
    journal.count("fichier voisin de l'export ASP consulté", len(digests))
    return contracts, digests


def _looked_up(contracts: pl.DataFrame, found: pl.DataFrame, local: str, link: Link) -> pl.DataFrame:
    brought = [name for name in link.brings if name in found.columns]
    once = found.select(pl.col(link.key).alias("_key"), *brought).unique("_key", keep="first", maintain_order=True)
    return contracts.join(once, left_on=local, right_on="_key", how="left", maintain_order="left")


def _with_hours(contracts: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """Repeat each contract for each of its months: they are summed later, in the year of the exit."""
    kept = found.select(pl.col(HOURS).alias("_key"), *(name for name in MONTHLY if name in found.columns))
    return contracts.join(kept, left_on="contrat_id_ctr", right_on="_key", how="left", maintain_order="left")


def _neighbours(deposit: Deposit) -> Mapping[str, Path]:
    """Map each identifier to the file of the same folder it identifies the rows of."""
    found: dict[str, Path] = {}
    for path in sorted(deposit.path.parent.iterdir()):
        glimpse = look(path) if path != deposit.path and not path.is_symlink() else None
        if glimpse is None or not is_neighbour(glimpse):
            continue
        key = _identifier(_header(glimpse))
        if key in found:
            names = " et ".join(shown_file(one.name, deposit.key) for one in (found[key], path))
            raise FileRefusedError(
                f"deux fichiers de l'export ASP tiennent « {key} » : {names}",
                rule="export_double",
                where=deposit.place,
                fix="Ne gardez dans le dossier que les fichiers d'un seul export.",
            )
        found[key] = path
    return found


def _identifier(header: Iterable[str]) -> str:
    """Return the identifier of the rows of a neighbour; motives also name their category, hours their contract."""
    known = set(header)
    return next(key for key in (HOURS, "rms_id", "rcs_id", "structure_id_siae", "salarie_id") if key in known)


def _read_neighbour(path: Path, deposit: Deposit) -> tuple[pl.DataFrame, str]:
    content = read_bytes(path)
    quiet = Journal(table="", file=path.name)
    frame = _frame(_grid(content, path.name, quiet))
    keys = {*_NEIGHBOURS, *MONTHLY, *(name for link in LINKS for name in link.brings)}
    return frame.select(name for name in frame.columns if name in keys), hashlib.sha256(content).hexdigest()
