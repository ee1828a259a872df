"""Facts of work integration and of accounts that the catalogue must hold, as written in their sources."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.evaluation.examples import run_example

CATALOGUE = Catalogue.load()
DYNAMIC = CATALOGUE["taux_sorties_dynamiques"]

# Pages quoted in the sources of the parameters: euros per full-time equivalent and year, outside Mayotte.
AID = [
    (date(2014, 6, 1), {"ei": 10_000, "etti": 4_250, "ai": 1_300, "aci": 19_200}),
    (date(2018, 1, 1), {"ei": 10_363, "etti": 4_405, "ai": 1_347, "aci": 19_897}),
    (date(2019, 6, 1), {"ei": 10_520, "etti": 4_472, "ai": 1_367, "aci": 20_199, "eiti": 5_548}),
    (date(2022, 4, 30), {"ei": 11_087, "etti": 4_253, "ai": 1_441, "aci": 21_286, "eiti": 5_794}),
    (date(2022, 8, 1), {"ei": 11_609, "etti": 4_454, "ai": 1_509, "aci": 22_289, "eiti": 5_794}),
    (date(2024, 10, 31), {"ei": 12_081, "etti": 4_636, "ai": 1_570, "aci": 23_196, "eiti": 5_794}),
    (date(2025, 6, 1), {"ei": 12_459, "etti": 4_781, "ai": 1_619, "aci": 23_921, "eiti": 6_570}),
]


@pytest.mark.parametrize(("day", "amounts"), AID, ids=lambda one: str(one) if isinstance(one, date) else "")
def test_the_insertion_aid_is_that_of_the_day(day: date, amounts: dict[str, int]) -> None:
    read = {kind: CATALOGUE.parameters[f"aide_poste_{kind}"].on(day).value for kind in amounts}
    assert read == {kind: Decimal(amount) for kind, amount in amounts.items()}


def test_hours_of_a_full_time_equivalent_say_which_ones_nobody_checked() -> None:
    rows = {kind: CATALOGUE.parameters[f"heures_etp_{kind}"].values[-1] for kind in ("aci", "eiti", "ei", "etti", "ai")}
    assert {kind: int(row.value) for kind, row in rows.items()} == {
        "aci": 1820, "eiti": 1505, "ei": 1505, "etti": 1600, "ai": 1607,
    }  # fmt: skip
    assert {kind for kind, row in rows.items() if row.a_verifier} == {"ei", "etti", "ai"}


def test_criteria_are_four_and_fourteen() -> None:
    levels = [code.parent for code in CATALOGUE.codelists["criteres_eligibilite"].codes]
    assert (levels.count("1"), levels.count("2")) == (4, 14)
    assert {code.code for code in CATALOGUE.codelists["criteres_eligibilite"].codes if code.parent == "1"} == {
        "RSA", "ASS", "AAH", "DETLD",
    }  # fmt: skip


def test_no_criterion_is_collected_by_name() -> None:
    asked = [column for column in CATALOGUE.table("etp_iae").columns if column.codelist == "criteres_eligibilite"]
    assert asked == []


@pytest.mark.parametrize(
    ("motive", "months", "category"),
    [
        ("cdi", None, "durable"),
        ("cdd", "6", "durable"),
        ("cdd", "5,999", "transition"),
        ("interim", "0,5", "transition"),
        ("cdd", None, None),
        ("contrat_aide", "12", "transition"),
        ("autre_siae", "12", "positive"),
        ("cdi_inclusion", None, None),
        ("retrait", None, "retrait"),
        (None, "8", None),
    ],
)
def test_a_category_is_inferred_only_where_the_contract_says_it(
    motive: str | None, months: str | None, category: str | None
) -> None:
    base = DYNAMIC.examples[0].rows[0] | {"categorie_sortie": None}
    others = [base | {"categorie_sortie": "autre", "id_salarie": f"S9{rank}"} for rank in range(4)]
    row = base | {"motif_sortie": motive, "duree_contrat_mois": months}
    example = DYNAMIC.examples[0].model_copy(update={"rows": (row, *others)})
    durable = run_example(CATALOGUE, CATALOGUE["taux_sorties_emploi_durable"], example).observed
    dynamic = run_example(CATALOGUE, DYNAMIC, example).observed
    counted = category not in (None, "retrait")
    assert (dynamic["n"], dynamic["n_missing"]) == (4 + counted, int(category is None))
    assert dynamic["numerator"] == (category in ("durable", "transition", "positive"))
    assert durable["numerator"] == (category == "durable")


def _figure(name: str, rows: list[dict[str, str]]) -> float:
    indicator = CATALOGUE[name]
    example = indicator.examples[0].model_copy(update={"rows": tuple(rows)})
    return float(run_example(CATALOGUE, indicator, example).observed["value"])


# Worked by hand: 60 000 - 21 500 - 6 000 - 4 000 = 28 500; - 1 500 + 55 000 = 82 000; - 66 000 = 16 000.
FIXTURE = {
    "70": "60 000", "60": "21 500", "61": "6 000", "62": "4 000", "621": "2 000", "63": "1 500", "64": "66 000",
    "74": "55 000", "756": "2 000", "6811": "3 000", "66": "400",
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("valeur_ajoutee_pcg", 28_500),
        ("valeur_ajoutee_associative", 30_500),
        ("valeur_ajoutee_cout_facteurs", 82_000),
        ("valeur_ajoutee_non_marchande", 70_500),
        ("valeur_ajoutee_bdf", 30_500),
        ("excedent_brut_exploitation", 16_000),
    ],
)
def test_balances_of_the_worked_fixture(name: str, value: float) -> None:
    rows = [{"siret": "00000001800010", "annee": "2025", "poste": poste, "montant": m} for poste, m in FIXTURE.items()]
    assert _figure(name, rows) == value


def test_the_four_parts_of_value_share_one_base() -> None:
    parts = ("part_valeur_ajoutee_salaries", "part_valeur_ajoutee_etat", "part_valeur_ajoutee_preteurs")
    bases = {CATALOGUE[name].measures.denominator.expr for name in parts}
    assert len(bases) == 1
    assert {one.indicator for one in CATALOGUE["part_valeur_ajoutee_autofinancement"].inputs.values()} == set(parts)
