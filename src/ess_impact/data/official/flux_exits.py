"""Exits out of the contracts of an ASP export: official columns and codes become those of table ``sorties``."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from ess_impact.data.official.journal import Journal

EXIT_DATE = "contrat_date_sortie_definitive"
MONTHLY = ("emi_nb_heures_travail", "emi_sme_annee")
"""Columns of the monthly statements: hours and their year."""

OFFICIAL = {
    "siret": ("structure_siret_actualise", "siret_structure"),
    "type_siae": ("contrat_mesure_disp_code", "af_mesure_dispositif_code"),
    "id_salarie": ("contrat_id_pph", "emi_pph_id", "salarie_id"),
    "date_recrutement": ("contrat_date_embauche",),
    "date_sortie": (EXIT_DATE,),
    "heures_travaillees": ("emi_nb_heures_travail", "contrat_nb_heures"),
    "categorie_sortie": ("rcs_libelle",),
    "sexe": ("salarie_rci_libelle",),
}
"""Column of the table to the names it has in the export, the first present being read."""

REQUIRED = ("siret", "type_siae", "id_salarie", "date_sortie")
OUTSIDE = ("ACIPA_DC", "EIPA_DC", "FDI_DC")
"""Measures the State platform leaves out of its tables of exits."""

WITHDRAWN_CODE = "5"
"""``rcs_code`` of the category « retrait des sorties constatées », the only code read in a source."""

UNDER_WAY = "contrat sans sortie définitive : hors sujet"
OTHER_MEASURE = "mesure hors tableaux de sorties (ACIPA, EIPA, FDI) : ligne écartée"
AGE_FROM_DATE = "date de naissance lue en tranche d'âge à la sortie, puis oubliée"
AGE_FROM_YEAR = "année de naissance lue en tranche d'âge (différence d'années), puis oubliée"
BY_CATEGORY_CODE = "catégorie de sortie lue par son code"
RENEWED = "recrutement repris du premier contrat, avant ses renouvellements"
MONTHS_SUMMED = "heures mensuelles additionnées sur l'année de la sortie"

_AGES = (("moins_26", 26), ("26_49", 50))
_LAST_AGE = "50_plus"
_TITLES = {"MME": "F", "MME.": "F", "MLLE": "F", "M.": "H", "M": "H", "MR": "H"}


def named(columns: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """Find the columns of the table among those of an export.

    Parameters
    ----------
    columns : collection of str
        Official names.

    Returns
    -------
    found : dict of str to str
        Column of the table to official name.
    missing : list of str
        Official names of the required columns that are nowhere.
    """
    found = {
        name: next(one for one in ways if one in columns)
        for name, ways in OFFICIAL.items()
        if any(one in columns for one in ways)
    }
    return found, [OFFICIAL[name][0] for name in REQUIRED if name not in found]


def exits(contracts: pl.DataFrame, journal: Journal) -> pl.DataFrame:
    """Keep the definitive exits, in the columns of table ``sorties``.

    Parameters
    ----------
    contracts : polars.DataFrame
        Official columns as text, blank as null, and ``_row``; one row per contract, or per contract and month.
    journal : Journal
        Receives what is left out or converted.

    Returns
    -------
    polars.DataFrame
        Columns of the table found, as text, and ``_row``. No name, number of social security or date of birth.
    """
    names = named(contracts.columns)[0]
    hired = _first_hiring(contracts, names)
    journal.count(UNDER_WAY, hired.filter(pl.col(EXIT_DATE).is_null())["_row"].n_unique())
    ended = hired.filter(pl.col(EXIT_DATE).is_not_null())
    measure = pl.col(names["type_siae"]).is_in(OUTSIDE).fill_null(False)
    journal.count(OTHER_MEASURE, ended.filter(measure)["_row"].n_unique())
    rows = ended.filter(~measure)
    moved = rows.filter(pl.col("_hired") != pl.col("_own_hiring"))["_row"].n_unique()
    journal.count(RENEWED, moved)
    selected = rows.select(
        *(pl.col(official).alias(name) for name, official in names.items() if name != "date_recrutement"),
        *([pl.col("_hired").alias("date_recrutement")] if "date_recrutement" in names else []),
        *(pl.col(name) for name in ("emi_sme_annee", "rcs_code") if name in rows.columns),
        _age_group(rows.columns).alias("tranche_age"),
        pl.col("_row"),
    )
    _count_ages(rows, selected, journal)
    coded = _categories(_sexes(selected), journal)
    monthly = {"emi_sme_annee", "heures_travaillees"} <= set(coded.columns)
    return _one_row_per_exit(coded, journal) if monthly else coded.drop("rcs_code", "emi_sme_annee", strict=False)


def _first_hiring(contracts: pl.DataFrame, names: dict[str, str]) -> pl.DataFrame:
    """Add ``_hired``: the date of the first contract of a chain of renewals, else that of the contract."""
    hiring = names.get("date_recrutement")
    if hiring is None:
        unknown = pl.lit(None, pl.String)
        return contracts.with_columns(unknown.alias("_hired"), unknown.alias("_own_hiring"))
    own = contracts.with_columns(pl.col(hiring).alias("_own_hiring"), _day(hiring).alias("_hiring_day"))
    if "contrat_type_contrat" not in contracts.columns:
        return own.with_columns(pl.col(hiring).alias("_hired"))
    chain = [names["id_salarie"], names["siret"], names["type_siae"]]
    ordered = own.sort("_hiring_day", "_row", maintain_order=True, nulls_last=True)
    initial = (pl.col("contrat_type_contrat") == "0").fill_null(True)
    new = initial & (pl.col("_row") != pl.col("_row").shift(1)).fill_null(True)
    numbered = ordered.with_columns(new.cum_sum().over(chain).alias("_chain"))
    first = pl.col("_own_hiring").first().over([*chain, "_chain"])
    return numbered.with_columns(first.alias("_hired")).sort("_row", maintain_order=True)


def _day(name: str) -> pl.Expr:
    """Return a date written dd/mm/yyyy or as ISO, null when it is neither."""
    return pl.coalesce(
        pl.col(name).str.to_date("%d/%m/%Y", strict=False), pl.col(name).str.to_date("%Y-%m-%d", strict=False)
    )


def _age_group(columns: Collection[str]) -> pl.Expr:
    """Return the age group on the day of the exit, from the date of birth, else from its year."""
    leaving = _day(EXIT_DATE)
    ways: list[pl.Expr] = []
    if "salarie_date_naissance" in columns:
        born = _day("salarie_date_naissance")
        before = (leaving.dt.month() * 100 + leaving.dt.day()) < (born.dt.month() * 100 + born.dt.day())
        ways.append(leaving.dt.year() - born.dt.year() - before.cast(pl.Int32))
    if "salarie_annee_naissance" in columns:
        year = pl.col("salarie_annee_naissance").str.extract(r"^(\d{4})(?:[.,]0+)?$").cast(pl.Int32)
        ways.append(leaving.dt.year() - year)
    if not ways:
        return pl.lit(None, pl.String)
    age = pl.coalesce(ways)
    group: pl.Expr = pl.when(age >= 0).then(pl.lit(_LAST_AGE))
    for name, below in reversed(_AGES):
        group = pl.when(age.is_between(0, below - 1)).then(pl.lit(name)).otherwise(group)
    return group


def _count_ages(rows: pl.DataFrame, selected: pl.DataFrame, journal: Journal) -> None:
    known = rows.filter(selected["tranche_age"].is_not_null())
    full = "salarie_date_naissance" in rows.columns
    dated = known.filter(_day("salarie_date_naissance").is_not_null())["_row"].n_unique() if full else 0
    journal.count(AGE_FROM_DATE, dated)
    journal.count(AGE_FROM_YEAR, known["_row"].n_unique() - dated)


def _sexes(rows: pl.DataFrame) -> pl.DataFrame:
    if "sexe" not in rows.columns:
        return rows
    title = pl.col("sexe").str.to_uppercase()
    return rows.with_columns(sexe=title.replace_strict(_TITLES, default=pl.col("sexe"), return_dtype=pl.String))


def _categories(rows: pl.DataFrame, journal: Journal) -> pl.DataFrame:
    """Fill a missing label of category from its code: 5 is known, any other is left for the checks to report."""
    if "rcs_code" not in rows.columns:
        return rows
    code = pl.col("rcs_code").str.replace(r"[.,]0+$", "")
    label = pl.col("categorie_sortie") if "categorie_sortie" in rows.columns else pl.lit(None, pl.String)
    by_code = pl.when(code == WITHDRAWN_CODE).then(pl.lit("retrait")).otherwise(code)
    journal.count(BY_CATEGORY_CODE, rows.filter(label.is_null() & code.is_not_null())["_row"].n_unique())
    return rows.with_columns(pl.coalesce(label, by_code).alias("categorie_sortie"))


def _one_row_per_exit(months: pl.DataFrame, journal: Journal) -> pl.DataFrame:
    """Sum the monthly hours of the year of the exit; one month that cannot be read leaves the hours unknown."""
    hours = pl.col("heures_travaillees")
    number = hours.str.replace(",", ".").cast(pl.Decimal(18, 2), strict=False)
    year = _day("date_sortie").dt.year().cast(pl.String)
    of_year = (pl.col("emi_sme_annee").str.slice(0, 4) == year).fill_null(False)
    keys = ["siret", "type_siae", "id_salarie", "date_sortie"]
    # A row that lacks part of its key stays alone, for the checks to report it.
    alone = pl.when(pl.any_horizontal(pl.col(keys).is_null())).then(pl.col("_row"))
    marked = months.with_columns(number.alias("_hours"), of_year.alias("_counts"), alone.alias("_alone"))
    for row in marked.filter("_counts", hours.is_not_null(), pl.col("_hours").is_null()).rows(named=True):
        journal.doubt(
            row["_row"],
            "heures_travaillees",
            str(row["heures_travaillees"])[:20],
            rule="nombre_illisible",
            message="Heures d'un mois illisibles : les heures de cette sortie sont lues comme inconnues.",
            remedy="Demandez un nouvel export à l'ASP.",
        )
    ours = pl.col("_counts")
    readable = (pl.col("_hours").is_not_null() | ~ours).all() & ours.any()
    total = pl.when(readable).then(pl.col("_hours").filter(ours).sum()).cast(pl.String)
    left_out = {*keys, "heures_travaillees", *MONTHLY, "rcs_code", "_row"}
    others = [name for name in months.columns if name not in left_out]
    grouped = marked.group_by([*keys, "_alone"], maintain_order=True).agg(
        *(pl.col(name).drop_nulls().first() for name in others),
        total.alias("heures_travaillees"),
        pl.col("_row").min(),
    )
    journal.count(MONTHS_SUMMED, marked.filter("_counts").height)
    return grouped.sort("_row")
