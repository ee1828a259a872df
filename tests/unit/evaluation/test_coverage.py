"""Who answered, by table and year."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.evaluation.coverage import coverage_of, year_column
from ess_impact.evaluation.indicators import evaluate
from ess_impact.evaluation.rows import Coverage

ROWS = [
    {"siret": siret, "annee": year}
    for siret, year in (("a", 2023), ("a", 2024), ("a", 2024), ("b", 2024), (None, 2024))
]


def structures(*rows: tuple[str, int]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"siret": pl.String, "annee": pl.Int64}, orient="row")


def test_owners_are_counted_once_a_year_and_the_unknown_is_not_one(office: Any) -> None:
    found = coverage_of(office.catalogue(), {"essai": office.frame(ROWS)})
    assert found == {("essai", 2023): Coverage(respondents=1), ("essai", 2024): Coverage(respondents=2)}


def test_undated_rows_belong_to_no_year(office: Any) -> None:
    assert coverage_of(office.catalogue(), {"essai": office.frame([{"siret": "a", "annee": None}])}) == {}


def test_tables_without_owner_without_date_or_without_row_have_no_coverage(office: Any) -> None:
    assert coverage_of(office.catalogue(), {"essai": office.frame([])}) == {}
    nobody = type(office)(owner=None)
    assert coverage_of(nobody.catalogue(), {"essai": nobody.frame(ROWS)}) == {}
    undated = office.table.model_copy(update={"columns": office.table.columns[:2]})
    assert year_column(undated) is None
    assert coverage_of(office.catalogue(tables={"essai": undated}), {"essai": office.frame(ROWS)}) == {}


def test_expected_structures_give_a_rate_and_a_share_of_jobs() -> None:
    expected = pl.DataFrame({"siret": ["a", "b", "c"], "effectif": [10, 30, 60]})
    tables = {"structures": structures(("a", 2025), ("c", 2025), ("z", 2025), ("b", 2024))}
    found = coverage_of(Catalogue.load(), tables, expected, 2025)
    # "z" was not expected; "b" answered for another year.
    assert found["structures", 2025] == Coverage(expected=3, respondents=2, jobs_share=0.7)
    assert found["structures", 2024] == Coverage(respondents=1)


def test_without_jobs_there_is_no_share_of_them() -> None:
    expected = pl.DataFrame({"siret": ["a"], "effectif": [0]})
    found = coverage_of(Catalogue.load(), {"structures": structures(("a", 2025))}, expected, 2025)
    assert found["structures", 2025] == Coverage(expected=1, respondents=1, jobs_share=None)


def test_nobody_is_expected_of_another_table(office: Any) -> None:
    expected = pl.DataFrame({"siret": ["a"], "effectif": [1]})
    found = coverage_of(office.catalogue(), {"essai": office.frame(ROWS)}, expected, 2024)
    assert found["essai", 2024] == Coverage(respondents=2)


def test_respondents_of_a_year_are_those_of_the_period_of_the_indicator() -> None:
    # Hired in 2023, gone in 2025: the exit of 2025 has one respondent.
    rows = [
        {"siret": "00000001800010", "type_siae": "ACI", "id_salarie": f"S{n}", "date_recrutement": date(2023, 1, 2),
         "date_sortie": date(2025, 2, 3), "heures_travaillees": 900, "categorie_sortie": ("durable", "autre")[n % 2]}
        for n in range(12)
    ]  # fmt: skip
    found = evaluate({"sorties": pl.DataFrame(rows)}, indicators=["taux_sorties_emploi_durable"]).to_dict()
    total = next(row for row in found if row["breakdown"] == "_T")
    assert (total["period_start"].year, total["n_repondants"]) == (2025, 1)
