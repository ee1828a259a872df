"""Sirene stock in Parquet: the few columns and rows needed, out of forty million establishments."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import polars as pl

from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.official.glimpse import Glimpse, look
from ess_impact.errors import UsageError

ESTABLISHMENTS = "StockEtablissement"
LEGAL_UNITS = "StockUniteLegale"
_MARKS = {
    ESTABLISHMENTS: frozenset({"siret", "siren", "codeCommuneEtablissement", "etatAdministratifEtablissement"}),
    LEGAL_UNITS: frozenset({"siren", "categorieJuridiqueUniteLegale", "trancheEffectifsUniteLegale"}),
}

ESTABLISHMENT_COLUMNS = {
    "siret": "siret",
    "siren": "siren",
    "code_naf": "activitePrincipaleEtablissement",
    "code_commune": "codeCommuneEtablissement",
    "etat_administratif": "etatAdministratifEtablissement",
    "tranche_effectifs": "trancheEffectifsEtablissement",
    "siege": "etablissementSiege",
    "employeur": "caractereEmployeurEtablissement",
}
LEGAL_UNIT_COLUMNS = {
    "denomination": "denominationUniteLegale",
    "categorie_juridique": "categorieJuridiqueUniteLegale",
    "ess": "economieSocialeSolidaireUniteLegale",
    "rna": "identifiantAssociationUniteLegale",
    "employeur_unite_legale": "caractereEmployeurUniteLegale",
}
"""Canonical column to official column. Names of natural persons are never read."""

COLUMNS = (
    "siret",
    "siren",
    "denomination",
    "code_naf",
    "categorie_juridique",
    "code_commune",
    "etat_administratif",
    "ess",
    "tranche_effectifs",
    "employeur",
    "rna",
    "siege",
)
"""Columns of the frame, in order, all text."""

NOT_DISCLOSED = "[ND]"
_WIDTHS = {"siret": 14, "siren": 9, "code_commune": 5, "categorie_juridique": 4, "tranche_effectifs": 2}


def is_sirene(glimpse: Glimpse) -> bool:
    """Say whether a file is one of the two stocks read.

    Parameters
    ----------
    glimpse : Glimpse
        The start of the file.

    Returns
    -------
    bool
        From the names of its columns; the stocks of former states are others.
    """
    return _kind(glimpse) is not None


def sirene_files(folder: Path | str) -> list[Path]:
    """Find the Sirene stocks of a folder.

    Parameters
    ----------
    folder : Path or str
        Usually ``veille/``; may be absent.

    Returns
    -------
    list of Path
        Sorted, links left out.
    """
    place = Path(folder)
    found = sorted(place.iterdir()) if place.is_dir() else []
    glimpses = ((path, look(path)) for path in found if not path.is_symlink())
    return [path for path, glimpse in glimpses if glimpse is not None and is_sirene(glimpse)]


def read_sirene(
    paths: Sequence[Path | str], *, sirens: Collection[str] | None = None, departement: str | None = None
) -> pl.DataFrame:
    """Read some establishments of the Sirene stock, without loading it.

    Parameters
    ----------
    paths : sequence of Path or str
        A StockEtablissement and, for what belongs to the enterprise, a StockUniteLegale; in Parquet.
    sirens : collection of str, optional
        Keep the establishments of these enterprises.
    departement : str, optional
        Keep the establishments of this département, by the code of their commune.

    Returns
    -------
    polars.DataFrame
        Columns of ``COLUMNS``, all text, unknown as null, sorted by SIRET. ``ess`` is O or N; without a
        StockUniteLegale, what comes from it is unknown.

    Raises
    ------
    UsageError
        Neither ``sirens`` nor ``departement``: nobody needs the whole stock.
    FileRefusedError
        No StockEtablissement among the files, two files of a kind, or a damaged one.
    """
    if sirens is None and departement is None:
        raise UsageError(
            "lecture de tout le stock Sirene demandée", fix="Indiquez des SIREN ou le code d'un département."
        )
    files = _by_kind([Path(path) for path in paths])
    places = _lazy(files[ESTABLISHMENTS], ESTABLISHMENT_COLUMNS)
    if departement is not None:
        places = places.filter(pl.col("code_commune").str.starts_with(departement))
    if sirens is not None:
        places = places.filter(pl.col("siren").is_in(sorted(sirens)))
    kept = _collected(places, files[ESTABLISHMENTS])
    units = _legal_units(files.get(LEGAL_UNITS), kept["siren"].unique().sort())
    joined = kept.join(units, on="siren", how="left")
    employer = pl.coalesce("employeur", "employeur_unite_legale").alias("employeur")
    text = pl.all().str.strip_chars()
    known = pl.when(~text.is_in(["", NOT_DISCLOSED])).then(text)
    return joined.with_columns(employer).select(COLUMNS).with_columns(known.name.keep()).sort("siret")


def _legal_units(path: Path | None, sirens: pl.Series) -> pl.DataFrame:
    if path is None:
        return pl.DataFrame(schema={"siren": pl.String, **dict.fromkeys(LEGAL_UNIT_COLUMNS, pl.String)})
    wanted = _lazy(path, {"siren": "siren", **LEGAL_UNIT_COLUMNS}).filter(pl.col("siren").is_in(sirens.to_list()))
    return _collected(wanted, path).unique("siren", keep="first", maintain_order=True)


def _lazy(path: Path, columns: dict[str, str]) -> pl.LazyFrame:
    """Scan the columns needed, as text under their canonical names; those the file lacks are unknown."""
    scanned = pl.scan_parquet(path)
    glimpse = look(path)
    present = glimpse.columns if glimpse is not None else frozenset[str]()
    return scanned.select(
        _as_text(canonical, official) if official in present else pl.lit(None, pl.String).alias(canonical)
        for canonical, official in columns.items()
    )


def _as_text(canonical: str, official: str) -> pl.Expr:
    """Return a column as text, with the leading zeros a numeric column lost."""
    text = pl.col(official).cast(pl.String)
    width = _WIDTHS.get(canonical)
    return (text.str.zfill(width) if width else text).alias(canonical)


def _collected(rows: pl.LazyFrame, path: Path) -> pl.DataFrame:
    try:
        return rows.collect(engine="streaming")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _refused("fichier Sirene abîmé", path.name, "Téléchargez-le de nouveau.") from error


def _by_kind(paths: Sequence[Path]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in paths:
        glimpse = look(path)
        kind = _kind(glimpse) if glimpse is not None else None
        if kind is None:
            raise _refused("ce fichier n'est pas un stock Sirene au format Parquet", path.name, "Retirez-le.")
        if kind in found:
            raise _refused(f"deux fichiers {kind} : {found[kind].name} et {path.name}", path.name, "Gardez le dernier.")
        found[kind] = path
    if ESTABLISHMENTS not in found:
        raise _refused(f"aucun fichier {ESTABLISHMENTS}", "Sirene", f"Ajoutez {ESTABLISHMENTS}_utf8.parquet.")
    return found


def _kind(glimpse: Glimpse) -> str | None:
    columns = glimpse.columns
    if "dateFin" in columns:
        return None
    return next((kind for kind, mark in _MARKS.items() if mark <= columns), None)


def _refused(problem: str, where: str, fix: str) -> FileRefusedError:
    return FileRefusedError(problem, rule="sirene_illisible", where=where, fix=fix)
