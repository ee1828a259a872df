"""From frames to results: what is computed, in what order, and what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.needs import needs_of
from ess_impact.errors import NoAcceptedRowsError, UnknownNameError, UsageError
from ess_impact.evaluation.indicators import compute, compute_rows, evaluate
from ess_impact.evaluation.rows import Context

CATALOGUE = Catalogue.load()
STRUCTURES = [
    {"siret": f"{number:09d}", "annee": 2025, "denomination": f"Association fictive {number}", "effectif": 10 * number,
     "etp": 9, "zone": "autre", "evaluation_impact": "aucune", "epci": f"EPCI {number % 2}", "femmes": 5 * number,
     "famille_ess": "association" if number % 2 else "cooperative"}
    for number in range(1, 11)
]  # fmt: skip
SIRETS = (
    "00000001800010", "00000002600013", "00000003400017", "00000004200010", "00000005900014",
    "00000006700017", "00000007500010", "00000008300014", "00000009100017", "00000010900017",
)  # fmt: skip


def structures(**changes: Any) -> pl.DataFrame:
    rows = [row | {"siret": siret} | changes for row, siret in zip(STRUCTURES, SIRETS, strict=True)]
    return pl.DataFrame(rows)


FRAME = structures()


def totals(results: Any) -> dict[str, Any]:
    return {row["indicator"]: row["value"] for row in results.to_dict() if row["breakdown"] == "_T"}


def test_the_ten_second_call_gives_figures() -> None:
    found = compute("emplois_ess", FRAME, by=["famille_ess"], catalogue=CATALOGUE)
    values = {row["modality"]: row["value"] for row in found.to_dict()}
    assert values == {"_T": 550, "association": 250, "cooperative": 300}


@pytest.mark.parametrize("library", ["pandas", "pyarrow", "polars lazy"])
def test_any_frame_is_accepted(library: str) -> None:
    frame = {"pandas": FRAME.to_pandas, "pyarrow": FRAME.to_arrow, "polars lazy": FRAME.lazy}[library]()
    assert totals(compute("emplois_ess", frame, catalogue=CATALOGUE)) == {"emplois_ess": 550}


def test_the_shipped_catalogue_is_the_default() -> None:
    assert totals(compute("emplois_ess", FRAME.to_arrow()))["emplois_ess"] == 550


def test_a_derived_indicator_has_no_rows_of_its_own() -> None:
    with pytest.raises(UsageError, match="evaluate"):
        compute("indice_diversification_territoriale_emplois", FRAME, catalogue=CATALOGUE)


@pytest.mark.parametrize("name", ["emplois_es", "inconnu_de_tous"])
def test_an_unknown_indicator_is_refused(name: str) -> None:
    with pytest.raises(UnknownNameError, match=name):
        compute(name, FRAME, catalogue=CATALOGUE)
    with pytest.raises(UnknownNameError, match=name):
        evaluate({"structures": FRAME}, indicators=[name], catalogue=CATALOGUE)


def test_an_unknown_table_or_engine_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="structures"):
        evaluate({"structure": FRAME}, catalogue=CATALOGUE)
    with pytest.raises(UsageError, match="duckdb"):
        evaluate({"structures": FRAME}, engine="sparc", catalogue=CATALOGUE)  # type: ignore[arg-type]


def test_every_active_indicator_of_a_given_table_is_computed() -> None:
    found = evaluate({"structures": FRAME}, catalogue=CATALOGUE)
    given = {("structures", name) for name in FRAME.columns}
    expected = {
        one.id
        for one in CATALOGUE.values()
        if one.status == "active" and getattr(one, "table", "") == "structures"
        if needs_of(CATALOGUE, one).figure <= given
    }
    assert len(expected) > 5
    assert expected <= set(totals(found))
    assert {row["table"] for row in found.to_dict()} == {"structures", ""}


def test_a_column_that_was_not_given_is_named() -> None:
    with pytest.raises(UsageError, match="cdi"):
        compute("part_cdi", FRAME.drop("cdi", strict=False), catalogue=CATALOGUE)


def test_one_breakdown_may_be_written_bare() -> None:
    found = compute("part_femmes", FRAME, by="epci", catalogue=CATALOGUE)
    assert set(found.to_frame()["breakdown"]) <= {"_T", "epci"}


def test_the_inputs_of_a_derived_indicator_come_with_it() -> None:
    name = "indice_diversification_territoriale_emplois"
    found = totals(evaluate({"structures": FRAME}, indicators=[name], catalogue=CATALOGUE))
    assert set(found) == {name, "emplois_ess"}


def test_drafts_are_computed_only_when_asked(office: Any) -> None:
    draft, active = office.indicator("count", id="projet", status="draft"), office.indicator("count", id="actif")
    catalogue = office.catalogue(draft, active)
    rows = pl.DataFrame({"annee": ["2024"], "siret": [SIRETS[0]]})
    assert set(totals(evaluate({"essai": rows}, catalogue=catalogue))) == {"actif"}
    assert set(totals(evaluate({"essai": rows}, indicators=["projet"], catalogue=catalogue))) == {"projet"}


@pytest.mark.parametrize(("period", "years"), [(None, {2024, 2025}), (2024, {2024}), (1999, set())])
def test_a_period_keeps_one_year(period: Any, years: set[int]) -> None:
    both = pl.concat([FRAME, structures(annee=2024)])
    found = compute("emplois_ess", both, period=period, catalogue=CATALOGUE).to_dict()
    assert {row["period_start"].year for row in found} == years


def test_crossings_may_be_asked_for() -> None:
    found = compute("emplois_ess", FRAME, by=[["famille_ess", "epci"]], catalogue=CATALOGUE).to_dict()
    assert {row["breakdown"] for row in found} == {"_T", "famille_ess*epci"}


@pytest.mark.parametrize(
    ("table", "name", "by"),
    [
        ("structures", "emplois_ess", ["inconnue"]),
        ("structures", "emplois_ess", ["siret"]),
        ("structures", "emplois_ess", [["famille_ess", "effectif"]]),
        ("sorties", "taux_sorties_emploi_durable", ["id_salarie"]),
    ],
)
def test_what_a_definition_may_not_break_down_a_call_may_not_either(table: str, name: str, by: Any) -> None:
    exits = pl.DataFrame(
        {"siret": [SIRETS[0]], "type_siae": ["ACI"], "id_salarie": ["S1"], "date_sortie": [date(2025, 1, 1)]}
    )
    with pytest.raises(UsageError):
        evaluate({table: exits if table == "sorties" else FRAME}, indicators=[name], by=by, catalogue=CATALOGUE)


def test_without_any_accepted_row_there_is_an_error_and_not_an_empty_table() -> None:
    with pytest.raises(NoAcceptedRowsError):
        compute("emplois_ess", structures(siret="1"), catalogue=CATALOGUE)
    with pytest.raises(NoAcceptedRowsError):
        evaluate({"structures": FRAME}, indicators=["taux_sorties_dynamiques"], catalogue=CATALOGUE)


def test_nothing_given_is_refused() -> None:
    with pytest.raises(UsageError):
        evaluate({}, catalogue=CATALOGUE)


def test_results_say_what_was_read_and_what_was_set_aside() -> None:
    bad = pl.concat([FRAME, structures(siret="1").head(1)])
    found = evaluate({"structures": bad}, catalogue=CATALOGUE).provenance
    assert found["tables"]["structures"] | {"alertes": 0} == {
        "lues": 11, "acceptees": 10, "ecartees": 1, "remplacees": 0, "rejets": 1, "alertes": 0,
    }  # fmt: skip
    assert found["regles"] == [{"table": "structures", "regle": "siret_longueur", "severite": "rejet", "nombre": 1}]


def test_arrow_and_text_give_the_same_results() -> None:
    text = FRAME.with_columns(pl.col("effectif").cast(pl.String), pl.col("annee").cast(pl.String))
    one = compute("emplois_ess", pa.table(FRAME.to_dict(as_series=False)), catalogue=CATALOGUE)
    assert one.to_frame().equals(compute("emplois_ess", text, catalogue=CATALOGUE).to_frame())


def test_parameters_are_read_on_the_day_of_the_campaign(office: Any) -> None:
    indicator = office.indicator("count", where="n >= parametre('seuil')")
    context = Context(catalogue=office.catalogue(indicator))
    frame = office.frame([{"n": 1}, {"n": 9}])

    def value(day: Any) -> float:
        (row,) = compute_rows(context, {"essai": frame}, [indicator], as_of=day)[indicator.id]
        return float(row["value"])

    assert [value(date(2025, 1, 1)), value(date(2035, 1, 1)), value(None)] == [2, 1, 1]


def test_a_table_that_is_absent_or_empty_gives_nothing(office: Any) -> None:
    indicator = office.indicator("count")
    context = Context(catalogue=office.catalogue(indicator))
    assert compute_rows(context, {}, [indicator]) == {}
    assert compute_rows(context, {"essai": office.frame([])}, [indicator]) == {}


def test_the_threshold_of_the_campaign_silences_the_note_on_the_largest_cluster(office: Any) -> None:
    rows = [
        {"siret": siret, "actif": place < half}
        for siret, half in (("a", 20), ("b", 5), ("c", 5))
        for place in range(2 * half)
    ]
    indicator = office.indicator("proportion", cluster="siret", secrecy={"unit": "personne"})

    def note(min_count: int) -> str:
        (row,) = office.results([indicator], rows, min_count=min_count)[indicator.id]
        assert row["conf_status"] == "F"
        return str(row["notes"])

    assert note(5) != ""
    # Without the largest, 20 persons are left.
    assert note(25) == ""
