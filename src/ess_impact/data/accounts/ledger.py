"""A FEC (fichier des écritures comptables) as text lines turned into typed ones; free texts are never kept."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import polars as pl

from ess_impact.data.accounts.faults import Faults
from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.headers import fold

FIELDS = (
    "JournalCode", "JournalLib", "EcritureNum", "EcritureDate", "CompteNum", "CompteLib", "CompAuxNum", "CompAuxLib",
    "PieceRef", "PieceDate", "EcritureLib", "Debit", "Credit", "EcritureLet", "DateLet", "ValidDate", "Montantdevise",
    "Idevise",
)  # fmt: skip
"""The fields, in their order."""
CASH_FIELDS = ("DateRglt", "ModeRglt", "NatOp", "IdClient")
"""Fields added in cash accounting (BNC, BA)."""
SEPARATORS = ("\t", "|", ";")

_HEADER_BYTES = 20_000
_SIGNED = {"Debit": "Montant", "Credit": "Sens"}
_REQUIRED = ("EcritureNum", "EcritureDate", "CompteNum")
_EXPECTED = ("JournalCode", "CompteLib", "EcritureLib")
_DATES = ("EcritureDate", "PieceDate", "ValidDate")
_OTHER = ("JournalLib", "CompAuxNum")
_LABELS = ("JournalLib", "CompteLib", "EcritureLib")
_BLANKS = ' "\r\u00a0\u202f\u200b\ufeff'
_AMOUNT = r"^([+-]?)0*(\d{1,13})(?:[.,](\d{0,2})0*)?$"
_DAY_LENGTH = 8
_DEBIT, _CREDIT = ("D", "+1", "1", "+"), ("C", "-1", "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The lines of a FEC.

    Attributes
    ----------
    lines : polars.DataFrame
        ``line`` (1-based), ``journal``, ``journal_label``, ``number``, ``day`` (Date), ``account``, ``third_party``,
        ``debit`` and ``credit`` (Int64, cents). Where a day or an amount could not be read, null.
    lines_read : int
        Lines that could be cut into cells.
    coercions : dict of str to int
        What was converted to read the file.
    """

    lines: pl.DataFrame = field(repr=False)
    lines_read: int
    coercions: dict[str, int]


def is_ledger(raw: bytes) -> bool:
    """Say whether a file begins with the header of a FEC, be it incomplete.

    Parameters
    ----------
    raw : bytes
        The file, or its beginning.

    Returns
    -------
    bool
        True with half of the fields.
    """
    header = raw[:_HEADER_BYTES].partition(b"\n")[0].decode("utf-8-sig", errors="replace")
    met = {fold(name) for name in re.split("|".join(map(re.escape, SEPARATORS)), header)}
    return 2 * len({fold(name) for name in FIELDS} & met) >= len(FIELDS)


def read_ledger(raw: bytes, name: str, faults: Faults) -> Ledger:
    """Read a FEC and report the faults each line shows by itself.

    Parameters
    ----------
    raw : bytes
        The file.
    name : str
        Name to quote in messages.
    faults : Faults
        Where faults are reported.

    Returns
    -------
    Ledger
        Its lines.

    Raises
    ------
    FileRefusedError
        Not text, empty, or a field is missing.
    """
    coercions: dict[str, int] = {}
    if b"\x00" in raw or b"\n" not in raw:
        text, coercions = decode(raw, name)
        raw = text.encode()
    header = raw[: raw.find(b"\n")].decode("utf-8-sig", errors="replace")
    separator = max(SEPARATORS, key=header.count)
    names = _field_names(header.split(separator), name, faults)
    cut = _cut_even(raw, names, separator)
    if cut is None:
        text, coercions = decode(raw, name)
        cut = _cut_by_line(text, names, separator, faults)
    cells = _stripped(cut)
    if cells.is_empty() and not faults.fatal:
        raise FileRefusedError(
            "le FEC n'a aucune écriture", rule="fichier_vide", where=name, fix="Exportez-le de nouveau."
        )
    _report_blanks(cells, faults)
    return Ledger(lines=_typed(cells, faults), lines_read=cells.height, coercions=coercions)


def decode(raw: bytes, name: str) -> tuple[str, dict[str, int]]:
    """Decode a file of accounts: UTF-8, else ISO-8859-15.

    Parameters
    ----------
    raw : bytes
        The file.
    name : str
        Name to quote in messages.

    Returns
    -------
    tuple of str and dict of str to int
        The text, lines ended by a line feed, and the conversion made.

    Raises
    ------
    FileRefusedError
        The file holds null bytes: it is no text, or is written in UTF-16.
    """
    if b"\x00" in raw:
        raise FileRefusedError(
            "ce fichier n'est pas du texte lisible (octets nuls)",
            rule="fichier_binaire",
            where=name,
            fix="Exportez-le en UTF-8 ou en ISO-8859-15.",
        )
    try:
        text, coercions = raw.decode("utf-8-sig"), {}
    except UnicodeDecodeError:
        text, coercions = raw.decode("iso-8859-15"), {"encodage iso-8859-15": 1}
    return text.replace("\r\n", "\n").replace("\r", "\n"), coercions


def _field_names(header: list[str], file: str, faults: Faults) -> list[str]:
    """Return the official name of each column, empty where it is none; refuse a FEC without all of its fields."""
    names = [one.strip(_BLANKS) for one in header]
    folded = {fold(one) for one in names}
    signed = {fold(one) for one in _SIGNED.values()} <= folded
    wanted = [_SIGNED.get(one, one) if signed else one for one in FIELDS]
    known = {fold(one): one for one in (*wanted, *CASH_FIELDS)}
    found = [known.get(fold(one), "") for one in names]
    missing = [one for one in wanted if one not in found]
    twice = sorted({one for one in found if one and found.count(one) > 1})
    if missing or twice:
        wrong = "champ absent" if missing else "champ en double"
        raise FileRefusedError(
            f"{wrong} dans l'en-tête du FEC : {', '.join(missing or twice)}",
            rule="champ_absent" if missing else "champ_en_double",
            where=file,
            fix=f"Exportez les 18 champs : {', '.join(wanted)}.",
        )
    if [one for one in found if one in wanted] != wanted:
        faults.add(
            "ordre_des_champs",
            "les champs du FEC ne sont pas dans l'ordre réglementaire ; ils ont été lus par leur nom",
            f"Ordre attendu : {', '.join(wanted)}.",
            severity="alerte",
        )
    if "" in found:
        faults.add(
            "champ_inconnu",
            f"le FEC a {found.count('')} colonne(s) de trop : elles n'ont pas été lues",
            f"Gardez les 18 champs, et en comptabilité de trésorerie {', '.join(CASH_FIELDS)}.",
            severity="alerte",
        )
    return found


def _read_fields(names: list[str]) -> dict[int, str]:
    """Return the fields that are read, by position."""
    read = {*_REQUIRED, *_EXPECTED, *_DATES, *_OTHER, *_SIGNED, *_SIGNED.values()}
    return {position: one for position, one in enumerate(names) if one in read}


def _cut_even(raw: bytes, names: list[str], separator: str) -> pl.DataFrame | None:
    """Cut a file in UTF-8 all lines of which have as many cells as the header; None for any other, or a blank line."""
    fields = _read_fields(names)
    try:
        cells = pl.read_csv(
            raw,
            has_header=False,
            skip_lines=1,
            separator=separator,
            quote_char=None,
            schema={str(position): pl.String() for position in range(len(names))},
            columns=list(fields),
        )
    except pl.exceptions.PolarsError:
        return None
    # Too many cells raise: where the total is right, no line has too few.
    if raw.count(separator.encode()) != (len(names) - 1) * (cells.height + 1):
        return None
    cells = cells.rename({str(position): one for position, one in fields.items()})
    return cells.with_row_index("line", offset=2).with_columns(pl.col("line").cast(pl.Int64))


def _cut_by_line(text: str, names: list[str], separator: str, faults: Faults) -> pl.DataFrame:
    """Cut lines one by one; those with too few or too many cells are reported and left out."""
    width = len(names)
    lines = pl.DataFrame({"text": text.split("\n")}).with_row_index("line", offset=1).slice(1)
    lines = lines.cast({"line": pl.Int64}).filter(pl.col("text").str.strip_chars(_BLANKS + separator) != "")
    cut = lines.select("line", parts=pl.col("text").str.splitn(separator, width + 1)).unnest("parts")
    # One separator too many shifts every cell after it: even when the last ones are empty, nothing can be trusted.
    ragged = pl.col(f"field_{width}").is_not_null() | pl.col(f"field_{width - 1}").is_null()
    faults.add_lines(
        cut.filter(ragged).select("line"),
        "ligne_irreguliere",
        f"la ligne n'a pas les {width} champs de l'en-tête",
        "Retirez les séparateurs et les retours à la ligne qui se trouvent dans un libellé, puis exportez de nouveau.",
    )
    fields = {one: pl.col(f"field_{position}") for position, one in _read_fields(names).items()}
    return cut.filter(~ragged).select("line", **fields)


def _stripped(cut: pl.DataFrame) -> pl.DataFrame:
    """Write blanks as empty texts, drop what surrounds codes and amounts, and lines without anything."""
    labels = [name for name in _LABELS if name in cut.columns]
    codes = pl.exclude("line", *labels).fill_null("").str.strip_chars(_BLANKS)
    cells = cut.with_columns(pl.col(labels).fill_null(""), codes)
    if (cells["CompteNum"] != "").all():
        return cells
    return cells.filter(pl.any_horizontal(pl.exclude("line") != ""))


def _report_blanks(cells: pl.DataFrame, faults: Faults) -> None:
    for name in _REQUIRED:
        faults.add_lines(
            cells.filter(pl.col(name) == "").select("line", column=pl.lit(name)),
            "champ_vide",
            f"le champ {name} est vide",
            "Complétez-le dans le logiciel de comptabilité, puis exportez de nouveau.",
        )
    for name in _EXPECTED:
        faults.add_lines(
            cells.filter(pl.col(name) == "").select("line", column=pl.lit(name)),
            "champ_vide",
            f"le champ {name}, obligatoire dans un FEC, est vide ; les montants ont été lus",
            "Rien à faire pour l'évaluation : signalez-le à votre comptable.",
            severity="alerte",
        )


def _typed(cells: pl.DataFrame, faults: Faults) -> pl.DataFrame:
    days = {name: _days(cells, name, faults) for name in _DATES}
    debit, credit = _signed(cells, faults) if "Sens" in cells.columns else _two_columns(cells, faults)
    return cells.select(
        "line",
        journal="JournalCode",
        journal_label="JournalLib",
        number="EcritureNum",
        day=days["EcritureDate"],
        account="CompteNum",
        third_party="CompAuxNum",
        debit=debit,
        credit=credit,
    )


def _days(cells: pl.DataFrame, name: str, faults: Faults) -> pl.Series:
    """Read days written AAAAMMJJ; those of a piece or of a validation only deserve an alert."""
    texts = cells[name]
    # A shorter text may still be read as a day: 2025133 as 13 March.
    days = texts.str.to_date("%Y%m%d", strict=False).set(texts.str.len_bytes() != _DAY_LENGTH, None)
    faults.add_lines(
        cells.filter(days.is_null() & (cells[name] != "")).select("line", column=pl.lit(name), value=name),
        "date_du_fec",
        f"le champ {name} n'est pas une date AAAAMMJJ",
        "Écrivez 20251231 pour le 31 décembre 2025.",
        severity="rejet" if name in _REQUIRED else "alerte",
    )
    return days


def _two_columns(cells: pl.DataFrame, faults: Faults) -> tuple[pl.Series, pl.Series]:
    debit, credit = (_cents(cells, name, faults) for name in ("Debit", "Credit"))
    neither = (cells["Debit"] == "") & (cells["Credit"] == "")
    faults.add_lines(
        cells.filter(neither).select("line", column=pl.lit("Debit")),
        "montant_absent",
        "la ligne n'a ni débit ni crédit",
        "Écrivez 0,00 dans la colonne sans montant.",
    )
    return debit, credit


def _signed(cells: pl.DataFrame, faults: Faults) -> tuple[pl.Series, pl.Series]:
    """Turn an amount and its direction into a debit and a credit."""
    amount, direction = _cents(cells, "Montant", faults), cells["Sens"].str.to_uppercase()
    faults.add_lines(
        cells.filter(cells["Montant"] == "").select("line", column=pl.lit("Montant")),
        "montant_absent",
        "la ligne n'a pas de montant",
        "Écrivez le montant.",
    )
    faults.add_lines(
        cells.filter(~direction.is_in((*_DEBIT, *_CREDIT))).select("line", column=pl.lit("Sens"), value="Sens"),
        "sens_inconnu",
        "le champ Sens ne dit ni débit ni crédit",
        "Écrivez D ou C (ou +1 et -1).",
    )
    none = pl.Series([0], dtype=pl.Int64)
    return amount.zip_with(direction.is_in(_DEBIT), none), amount.zip_with(direction.is_in(_CREDIT), none)


def _cents(cells: pl.DataFrame, name: str, faults: Faults) -> pl.Series:
    """Read amounts digit by digit, the usual spelling (1234,56) first; a blank is zero."""
    text = pl.col(name)
    usual = text.str.contains(r"^\d{1,13},\d\d$")
    # The comma of 1234,56 removed, 123456 is the number of cents.
    cents = cells.select(pl.when(usual).then(text.str.replace(",", "", literal=True)).cast(pl.Int64).alias("cents"))[
        "cents"
    ]
    if cents.has_nulls():
        cents = cents.zip_with(cents.is_not_null(), _other_cents(cells[name]))
    faults.add_lines(
        cells.filter(cents.is_null()).select("line", column=pl.lit(name), value=name),
        "montant_illisible",
        f"le champ {name} n'est pas un montant à deux décimales au plus",
        "Écrivez 1234,56 : ni espace, ni séparateur de milliers, ni symbole.",
    )
    return cents


def _other_cents(texts: pl.Series) -> pl.Series:
    """Read amounts spelt in any way admitted, over their distinct spellings."""
    groups = pl.col("text").str.extract_groups(_AMOUNT).struct.rename_fields(["sign", "whole", "rest"])
    parts = texts.unique().to_frame("text").with_columns(groups.alias("parts")).unnest("parts")
    size = pl.col("whole").cast(pl.Int64) * 100 + pl.col("rest").fill_null("").str.pad_end(2, "0").cast(pl.Int64)
    value = pl.when(pl.col("text") == "").then(0).when(pl.col("sign") == "-").then(-size).otherwise(size)
    read = parts.select("text", cents=value)
    return texts.to_frame("text").join(read, on="text", how="left", maintain_order="left")["cents"]
