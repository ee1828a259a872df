"""A FEC made smaller by the structure itself, offline, before it is sent: amounts stay, texts and names do not."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from ess_impact.data.accounts.closing import REDUCED
from ess_impact.data.accounts.entries import opening_lines
from ess_impact.data.accounts.faults import Faults
from ess_impact.data.accounts.fiscal_year import ledger_year, owner_and_closing
from ess_impact.data.accounts.ledger import FIELDS
from ess_impact.data.accounts.reading import open_ledger, read_file
from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.personal import MIN_KEY_BYTES
from ess_impact.errors import UsageError
from ess_impact.text import format_number, plural

DIGITS = 4
"""Digits of the accounts of classes 6 to 8 that are kept: no line of the statement asks for more."""
BALANCE_SHEET_DIGITS = 3
"""Digits kept in classes 1 to 5, whose longer numbers often name somebody."""

_SUPPLIERS = "^40"
_JOURNALS = {"AN": "À-nouveaux" + REDUCED, "OP": "Opérations" + REDUCED}
_REMOVED = (
    "libellés d'écriture, de journal, de compte et de tiers (EcritureLib, JournalLib, CompteLib, CompAuxLib)",
    "codes de journal, numéros d'écriture, références et dates de pièce, lettrage, dates de validation, devises",
    f"fin des numéros de compte : {DIGITS} chiffres restent en classes 6 à 8, {BALANCE_SHEET_DIGITS} en classes 1 à 5",
    "jours : une écriture par mois",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """What became of a FEC.

    Attributes
    ----------
    path : pathlib.Path
        File written.
    lines_read, lines_written : int
        Lines of the FEC, lines left.
    third_parties : int
        Suppliers kept under a pseudonym.
    removed : tuple of str
        What was removed, in French.
    """

    path: Path
    lines_read: int
    lines_written: int
    third_parties: int
    removed: tuple[str, ...]


def reduce_fec(source: Path, out: Path, *, key: bytes | None = None) -> Reduction:
    """Write a FEC without any text, third party nor detail that no figure needs.

    Parameters
    ----------
    source : pathlib.Path
        The FEC, left as it is.
    out : pathlib.Path
        File to write, or the folder to write it in, made if need be (a name without suffix). The name of the file
        begins like that of the source: SIREN, FEC, closing day.
    key : bytes, optional
        Secret of the structure. With it, suppliers (accounts 40) keep a pseudonym, which the local multiplier needs;
        without it, and for every other third party, nothing is kept.

    Returns
    -------
    Reduction
        Counts, and what was removed.

    Raises
    ------
    FileRefusedError
        The FEC has faults that make its figures doubtful.
    UsageError
        The output is the source, is wrongly named, or the key is too short.

    Notes
    -----
    Lines are summed by month, account and supplier, debits apart from credits. Closing entries are left out, and the
    labels of journals say that the FEC is reduced: sums of ordinary entries are not searched for closing ones again.
    """
    target = _target(Path(source), Path(out), key)
    faults = Faults(source.name)
    opened = open_ledger(source.name, read_file(source), faults)
    if faults.fatal:
        _refuse(faults, source.name)
    lines = _summed(_shortened(opened.kept, key))
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(_written(lines))
    suppliers = lines.filter(pl.col("third_party") != "")["third_party"].n_unique()
    return Reduction(
        path=target,
        lines_read=opened.ledger.lines_read,
        lines_written=lines.height,
        third_parties=suppliers,
        removed=_removed(suppliers, opened.ledger.lines.height - opened.kept.height),
    )


def _target(source: Path, out: Path, key: bytes | None) -> Path:
    """Return the file to write, refusing to write over the FEC."""
    if key is not None and len(key) < MIN_KEY_BYTES:
        raise UsageError("clé trop courte", fix=f"Donnez une clé d'au moins {MIN_KEY_BYTES} caractères.")
    folder = out.is_dir() or not (out.suffix or out.exists())
    target = out / f"{source.stem}_reduit.txt" if folder else out
    if target.resolve() == source.resolve() or (target.exists() and source.exists() and target.samefile(source)):
        raise UsageError(
            "le FEC d'origine serait écrasé", where=target.name, fix="Donnez un autre nom au fichier à écrire."
        )
    asked = ledger_year(source.name)
    if not any(owner_and_closing(target.name)) or ledger_year(target.name) != asked:
        raise UsageError(
            "le nom du fichier à écrire ne dit pas la même entreprise et le même exercice",
            where=target.name,
            fix=f"Commencez-le comme l'original, par exemple {source.stem}_reduit.txt.",
        )
    return target


def _shortened(lines: pl.DataFrame, key: bytes | None) -> pl.DataFrame:
    """Keep of each line its month, its short account, its supplier's pseudonym and its kind of entry."""
    account = pl.col("account")
    digits = account.str.extract(r"^(\d+)")
    short = (
        pl.when(digits.str.contains("^[678]"))
        .then(digits.str.head(DIGITS))
        .otherwise(digits.str.head(BALANCE_SHEET_DIGITS))
    )
    supplier = pl.when(account.str.contains(_SUPPLIERS) & pl.lit(key is not None)).then(
        pl.when(pl.col("third_party") != "").then("third_party").otherwise(account)
    )
    opening = pl.col("line").is_in(opening_lines(lines)["line"].implode())
    named = lines.select(name=supplier.fill_null(""))["name"]
    return lines.with_columns(
        kind=pl.when(opening).then(pl.lit("AN")).otherwise(pl.lit("OP")),
        account=short,
        third_party=_pseudonyms(named, key or b""),
    )


def _pseudonyms(names: pl.Series, key: bytes) -> pl.Series:
    distinct = [name for name in names.unique().to_list() if name]
    hidden = ["F-" + hmac.new(key, one.encode(), hashlib.sha256).hexdigest()[:16] for one in distinct]
    return names.replace(distinct, hidden) if distinct else names


def _summed(lines: pl.DataFrame) -> pl.DataFrame:
    """Sum lines by kind of entry, month, account and supplier; debit and credit are two lines."""
    month = pl.col("day").dt.strftime("%Y%m")
    dated = lines.with_columns(month=month).with_columns(day=pl.col("day").min().over("kind", "month"))
    totals = dated.group_by("kind", "month", "day", "account", "third_party").agg(
        pl.col("debit").sum(), pl.col("credit").sum()
    )
    none = pl.lit(0, dtype=pl.Int64)
    debited = totals.filter(pl.col("debit") != 0).with_columns(credit=none)
    credited = totals.filter(pl.col("credit") != 0).with_columns(debit=none)
    split = pl.concat([debited, credited])
    return split.sort("kind", "month", "account", "third_party", "credit", "debit")


def _written(lines: pl.DataFrame) -> bytes:
    """Write the fields of a FEC, tab-separated, in UTF-8."""
    number = pl.col("kind") + pl.col("month").rank("dense").over("kind").cast(pl.String)
    day = pl.col("day").dt.strftime("%Y%m%d")
    fields = {
        "JournalCode": pl.col("kind"),
        "JournalLib": pl.col("kind").replace(_JOURNALS),
        "EcritureNum": number,
        "EcritureDate": day,
        "CompteNum": pl.col("account"),
        "CompteLib": pl.lit("Compte ") + pl.col("account"),
        "CompAuxNum": pl.col("third_party"),
        "PieceRef": number,
        "PieceDate": day,
        "EcritureLib": pl.lit("Total du mois"),
        "Debit": _amount("debit"),
        "Credit": _amount("credit"),
        "ValidDate": day,
    }
    written = lines.select(fields.get(name, pl.lit("")).alias(name) for name in FIELDS)
    return written.write_csv(separator="\t", quote_style="never").encode()


def _amount(name: str) -> pl.Expr:
    size = pl.col(name).abs()
    sign = pl.when(pl.col(name) < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.format("{}{},{}", sign, size // 100, (size % 100).cast(pl.String).str.zfill(2))


def _removed(suppliers: int, closing: int) -> tuple[str, ...]:
    others = "tiers (CompAuxNum, CompAuxLib) : " + (
        f"{plural(suppliers, 'fournisseur')} sous pseudonyme, les autres retirés" if suppliers else "tous retirés"
    )
    return (*_REMOVED, others, *([f"écritures de clôture : {format_number(closing)} lignes"] if closing else []))


def _refuse(faults: Faults, name: str) -> None:
    wrong = [one for one in faults.anomalies if one.severity == "rejet"]
    place = f"{name}:{wrong[0].row}" if wrong[0].row else name
    more = f" (et {plural(len(wrong) - 1, 'autre faute', 'autres fautes')})" if len(wrong) > 1 else ""
    raise FileRefusedError(wrong[0].message.rstrip(".") + more, rule=wrong[0].rule, where=place, fix=wrong[0].remedy)
