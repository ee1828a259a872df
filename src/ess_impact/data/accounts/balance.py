"""A trial balance: accounts and their balances, without any name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from ess_impact.data.accounts.entries import written_gap
from ess_impact.data.accounts.faults import Faults
from ess_impact.data.accounts.ledger import decode
from ess_impact.data.amounts import parse_amount
from ess_impact.data.delimited import choose_separator, read_delimited
from ess_impact.data.grids import Grid, build_grid
from ess_impact.data.headers import fold, match_name
from ess_impact.data.identity import IDENTITY_SHEET
from ess_impact.data.workbooks_in import Spreadsheet
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.text import plural

HEADING_ROWS = 20
"""Rows in which the header of the table is looked for."""

CHAPTER_DIGITS = 3
"""An account has three digits at least: fewer make a chapter."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "account": (
        "compte", "comptes", "comptenum", "numéro de compte", "numéro compte", "n° compte", "n° de compte", "no compte",
        "num compte", "code compte", "compte général",
    ),
    "balance": ("solde", "solde final", "solde net", "solde de clôture", "solde fin de période", "montant"),
    "debit_balance": (
        "solde débiteur", "soldes débiteurs", "solde débit", "solde final débit", "solde final débiteur",
        "solde débiteur final", "solde clôture débit",
    ),
    "credit_balance": (
        "solde créditeur", "soldes créditeurs", "solde crédit", "solde final crédit", "solde final créditeur",
        "solde créditeur final", "solde clôture crédit",
    ),
    "debit": ("débit", "débits", "total débit", "mouvement débit", "mouvements débit", "cumul débit", "débit cumulé"),
    "credit": (
        "crédit", "crédits", "total crédit", "mouvement crédit", "mouvements crédit", "cumul crédit", "crédit cumulé",
    ),
    "side": ("sens", "sens du solde", "sens solde", "d/c", "débit/crédit", "débit ou crédit", "débiteur/créditeur"),
}  # fmt: skip
"""Ways a balance writes its columns."""

HEADINGS: dict[str, tuple[str, ...]] = {
    "siret": ("siret du siège", "numéro siret"),
    "siren": ("numéro siren",),
    "cloture": ("clôture", "date de clôture", "année de clôture", "exercice clos le", "année", "exercice"),
    "ouverture": ("date d'ouverture", "exercice ouvert le", "début d'exercice"),
    "plan": ("plan comptable",),
}
"""What may stand above the table, or in the sheet ``identite``."""

_SIDES = {"d": 1, "db": 1, "debit": 1, "debiteur": 1, "c": -1, "cr": -1, "credit": -1, "crediteur": -1}
_STATED = "^[678]"
"""Classes that feed the statement."""
_PAIRS = (("balance", ""), ("debit_balance", "credit_balance"), ("debit", "credit"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A trial balance as found: its headings and its table.

    Attributes
    ----------
    headings : dict of str to str
        Keys of ``HEADINGS``.
    grid : Grid
        The table, its header first.
    name : str
        Title of the sheet, empty for a text file.
    """

    headings: dict[str, str]
    grid: Grid = field(repr=False)
    name: str = ""


def find_sheet(source: bytes | Spreadsheet, name: str) -> Sheet | None:
    """Find the table of a trial balance under its headings.

    Parameters
    ----------
    source : bytes or Spreadsheet
        A text file, or an opened workbook.
    name : str
        Name to quote in messages.

    Returns
    -------
    Sheet or None
        None when nothing looks like a trial balance.

    Raises
    ------
    FileRefusedError
        The file cannot be read.
    """
    if isinstance(source, bytes):
        return _in_text(source, name)
    identity: dict[str, str] = {}
    found: Sheet | None = None
    for title in source.sheets:
        grid = source.grid(title)
        if match_name(title, {IDENTITY_SHEET: ("identité",)}):
            identity = _headings(_rows(grid, grid.cells.height))
        else:
            found = found or _in_grid(grid, title)
    return Sheet(headings=identity | found.headings, grid=found.grid, name=found.name) if found else None


def read_balances(sheet: Sheet, faults: Faults) -> pl.DataFrame:
    """Read the balance of each account and report what is wrong.

    Parameters
    ----------
    sheet : Sheet
        The table.
    faults : Faults
        Where faults are reported.

    Returns
    -------
    polars.DataFrame
        ``account``, ``gap`` (debits minus credits, cents) and ``line``; totals are left out.
    """
    grid = sheet.grid
    for bad in grid.bad:
        faults.add(bad.rule, bad.message, bad.remedy, row=bad.row)
    position = _positions(grid.headers)
    left, right = _amount_columns(position)
    gap = _cents(grid, position[left], faults)
    if right:
        gap = gap - _cents(grid, position[right], faults)
    elif "side" in position:
        gap = _sided(grid, position["side"], gap, faults)
    account = grid.cells[str(position["account"])].fill_null("").str.replace_all(r"[\s\u00a0\u202f.]", "")
    read = pl.DataFrame({"account": account, "gap": gap, "line": grid.rows}).drop_nulls("gap")
    # A line of total has no account, or a word in its place.
    kept = _without_totals(read.filter(pl.col("account").str.contains(r"^\d")), faults)
    if not right and "side" not in position:
        _check_signs(kept, faults)
    _check(kept, faults)
    return kept


def _in_text(raw: bytes, name: str) -> Sheet | None:
    text, _ = decode(raw, name)
    lines = text.split("\n")
    above: list[list[str]] = []
    for position, line in enumerate(lines[:HEADING_ROWS]):
        cells = [cell.strip(' "') for cell in line.split(choose_separator(line))]
        if _is_header(cells):
            grid = read_delimited("\n".join(lines[position:]).encode(), name)
            bad = tuple(replace(one, row=one.row + position) for one in grid.bad)
            return Sheet(headings=_headings(above), grid=replace(grid, rows=grid.rows + position, bad=bad))
        above.append(cells)
    return None


def _in_grid(grid: Grid, title: str) -> Sheet | None:
    """Find the table in a sheet whose first filled row may be a heading."""
    rows = [list(grid.headers), *_rows(grid, HEADING_ROWS)]
    position = next((index for index, cells in enumerate(rows) if _is_header(cells)), None)
    if position is None:
        return None
    table = grid if position == 0 else build_grid(rows[position], grid.cells.slice(position), grid.rows.slice(position))
    return Sheet(headings=_headings(rows[:position]), grid=table, name=title)


def _rows(grid: Grid, number: int) -> list[list[str]]:
    return [[cell or "" for cell in cells] for cells in grid.cells.head(number).rows()]


def _is_header(cells: Sequence[str]) -> bool:
    position = _positions(cells)
    # A SIRET on each row: the table of many structures, not the balance of one.
    many = any(match_name(cell, {"siret": HEADINGS["siret"]}) for cell in cells)
    return not many and "account" in position and bool(_amount_columns(position)[0])


def _positions(headers: Sequence[str]) -> dict[str, int]:
    """Return the position of each known column; one written twice is not known."""
    names = [match_name(header, COLUMNS) for header in headers]
    return {name: names.index(name) for name in COLUMNS if names.count(name) == 1}


def _amount_columns(position: Mapping[str, int]) -> tuple[str, str]:
    """Return the column or the two columns that give the balance, empty when there are none."""
    return next((pair for pair in _PAIRS if set(filter(None, pair)) <= position.keys()), ("", ""))


def _headings(rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return what is written beside the headings, on the same row."""
    found: dict[str, str] = {}
    for cells in rows:
        filled = [cell.strip() for cell in cells if cell.strip()]
        words = filled if len(filled) > 1 else re.split(r"\s*[:;]\s*", filled[0], maxsplit=1) if filled else []
        name = match_name(words[0], HEADINGS) if len(words) > 1 else None
        if name:
            found.setdefault(name, words[1])
    return found


def _cents(grid: Grid, position: int, faults: Faults) -> pl.Series:
    """Read amounts; a blank is zero, what cannot be read is reported and null, save on a line without account."""
    texts = grid.cells[str(position)].str.strip_chars()
    parsed = parse_amount(pl.LazyFrame({"text": texts}), ColumnType.EUROS).collect()
    wrong = pl.DataFrame({"line": grid.rows, "column": grid.headers[position], "value": texts, "rule": parsed["fault"]})
    faults.add_lines(
        wrong.drop_nulls("rule").drop("rule"),
        "montant_illisible",
        "le montant n'est pas un nombre à deux décimales au plus",
        "Écrivez 1234,56, sans lettre ni autre signe.",
    )
    return parsed["value"].set(texts.is_null() | (texts == ""), 0)


def _sided(grid: Grid, position: int, gap: pl.Series, faults: Faults) -> pl.Series:
    """Give balances the sign of their side (D or C); those already signed that way stay as they are."""
    sides = grid.cells[str(position)].fill_null("")
    words = sides.unique().to_list()
    signs = sides.replace_strict(words, [_SIDES.get(fold(word), 0) for word in words], return_dtype=pl.Int64)
    read = pl.DataFrame({"line": grid.rows, "gap": gap, "sign": signs, "column": grid.headers[position]})
    moved = read.filter(pl.col("gap") != 0)
    faults.add_lines(
        moved.filter(pl.col("sign") == 0),
        "sens_inconnu",
        "le sens du solde ne dit ni débit ni crédit",
        "Écrivez D ou C.",
    )
    size, sign = pl.col("gap"), pl.col("sign")
    negative = moved.filter((size < 0) & (sign != 0))
    if moved.filter(size * sign < 0).is_empty() and negative.height:
        return gap
    faults.add_lines(
        negative,
        "solde_et_sens_contraires",
        "le solde a un signe et un sens qui ne vont pas ensemble dans toute la balance",
        "Donnez des soldes sans signe avec leur sens (D ou C), ou des soldes signés sans la colonne du sens.",
    )
    return gap * signs


def _check_signs(read: pl.DataFrame, faults: Faults) -> None:
    """Report balances all without sign, though there are both charges and products."""
    classes = read.filter(pl.col("gap") > 0)["account"].str.slice(0, 1)
    if (read["gap"] >= 0).all() and {"6", "7"} <= set(classes):
        faults.add(
            "solde_sans_sens",
            "les soldes n'ont pas de signe : rien ne dit lesquels sont créditeurs",
            "Écrivez les soldes créditeurs avec le signe moins, ou ajoutez une colonne « Sens » (D ou C).",
        )


def _without_totals(read: pl.DataFrame, faults: Faults) -> pl.DataFrame:
    """Leave out the accounts that sum others: 60 above 601 and 607, or 607 above 607000 alone."""
    size = pl.col("account").str.len_chars()
    for length in sorted(read["account"].str.len_chars().unique(), reverse=True):
        head = pl.col("account").str.slice(0, length).alias("account")
        parts = read.filter(size > length).group_by(head).agg(pl.col("gap").sum().alias("sum"))
        parents = read.filter(size == length).join(parts, on="account")
        equal = pl.col("gap") == pl.col("sum")
        _report_unequal(parents.filter(~equal), length, faults)
        read = read.join(parents.filter(equal), on="line", how="anti", maintain_order="left")
    return read


def _report_unequal(found: pl.DataFrame, length: int, faults: Faults) -> None:
    """Report accounts above others that are not their sum; a chapter can be nothing else."""
    shown = found.with_columns(column=pl.lit("compte"), value="account")
    if length < CHAPTER_DIGITS:
        faults.add_lines(
            shown,
            "total_de_chapitre",
            "le total de ce chapitre n'est pas la somme de ses comptes",
            "Exportez la balance entière, ou retirez les lignes de total.",
        )
        return
    faults.add_lines(
        shown.filter(pl.col("account").str.contains(_STATED)),
        "compte_et_sous_comptes",
        "ce compte n'est pas la somme de ses sous-comptes : son solde a été ajouté aux leurs",
        "Si cette ligne est un sous-total, corrigez-la ou retirez-la.",
        severity="alerte",
    )


def _report_repeated(read: pl.DataFrame, faults: Faults) -> None:
    again = ~pl.col("account").is_first_distinct()
    faults.add_lines(
        read.filter(again & pl.col("account").str.contains(_STATED)).with_columns(
            column=pl.lit("compte"), value="account"
        ),
        "compte_en_double",
        "ce compte est déjà plus haut dans la balance : leurs soldes ont été ajoutés",
        "Si l'une des lignes est de trop, retirez-la.",
        severity="alerte",
    )


def _check(read: pl.DataFrame, faults: Faults) -> None:
    """Report accounts written twice, a balance that does not balance, or made after the closing entries."""
    _report_repeated(read, faults)
    total = int(read["gap"].sum())
    if total and read["account"].str.contains("^[1-5]").any():
        faults.add(
            "balance_desequilibree",
            f"la balance n'est pas équilibrée : {written_gap(total)}",
            "Exportez la balance entière, du premier au dernier compte.",
        )
    management = read.filter(pl.col("account").str.contains("^[67]"))
    if management.height and not (management["gap"] != 0).any():
        faults.add(
            "balance_apres_cloture",
            f"les soldes de {plural(management.height, 'compte')} de charges et de produits sont tous à zéro : la "
            "balance a été exportée après les écritures de clôture",
            "Exportez la balance avant clôture.",
        )
