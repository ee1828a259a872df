"""What the Sirene register says: compared where both sides know, silent without it."""

from __future__ import annotations

import polars as pl
import pytest

from ess_impact.data.nomenclatures import check_nomenclatures

SIRET, OTHER = "73282932000074", "35600000000048"
FACTS = {
    "siret": SIRET,
    "siren": SIRET[:9],
    "code_naf": "88.10A",
    "categorie_juridique": "9220",
    "code_commune": "62447",
    "etat_administratif": "A",
    "ess": "O",
    "rna": "W621000001",
}


def sirene(**changes: str | None) -> pl.DataFrame:
    return pl.DataFrame([{**FACTS, **changes}], schema=dict.fromkeys(FACTS, pl.String))


def differences(one, catalogue, register: pl.DataFrame) -> list[tuple[str, str, str]]:
    after = check_nomenclatures({"essai": one}, catalogue, sirene=register)["essai"]
    assert after.accepted.equals(one.accepted)
    return after.anomalies.select("column", "value", "rule").rows()


def row(checked, **changes: str | None):
    cells = {"naf": "8810A", "cj": "9220", "lieu": "62447", "rna": "W621000001"}
    return checked(siret=[SIRET], annee=[2025], **{name: [value] for name, value in {**cells, **changes}.items()})


def test_what_agrees_says_nothing(checked, catalogue) -> None:
    assert differences(row(checked), catalogue, sirene()) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"naf": "8899B"}, ("naf", "8899B", "differe_de_sirene")),
        ({"cj": "9221"}, ("cj", "9221", "differe_de_sirene")),
        ({"lieu": "62041"}, ("lieu", "62041", "differe_de_sirene")),
        ({"rna": "W621000002"}, ("rna", "W621000002", "differe_de_sirene")),
    ],
)
def test_what_differs_is_said_with_the_registered_value(checked, catalogue, changes, expected) -> None:
    one = row(checked, **changes)
    assert differences(one, catalogue, sirene()) == [expected]
    after = check_nomenclatures({"essai": one}, catalogue, sirene=sirene())["essai"].anomalies
    column = {"naf": "code_naf", "cj": "categorie_juridique", "lieu": "code_commune", "rna": "rna"}[expected[0]]
    assert f"« {FACTS[column]} »" in after["message"][0]
    assert FACTS[column] in after["remedy"][0]


@pytest.mark.parametrize("changes", [{"naf": None}, {"cj": None}, {"lieu": None}, {"rna": None}])
def test_a_blank_cell_differs_from_nothing(checked, catalogue, changes) -> None:
    assert differences(row(checked, **changes), catalogue, sirene()) == []


@pytest.mark.parametrize("fact", ["code_naf", "categorie_juridique", "code_commune", "rna", "etat_administratif"])
def test_what_the_register_ignores_is_not_judged(checked, catalogue, fact: str) -> None:
    one = row(checked, naf="8899B", cj="9221", lieu="62041", rna="W621000002")
    blank, absent = sirene(**{fact: None}), sirene().drop(fact)
    assert differences(one, catalogue, blank) == differences(one, catalogue, absent)


def test_former_communes_do_not_differ(checked, catalogue) -> None:
    former = checked(siret=[SIRET], annee=[2024], lieu=["62549"])
    assert differences(former, catalogue, sirene()) == []


@pytest.mark.parametrize(
    ("year", "declared", "registered", "differs"),
    [
        (2027, "8810G", "88.10A", False),  # two revisions
        (2025, "8810A", "88.10G", False),
        (2025, "8810A", "00.00Z", False),  # unknown to the register
        (2025, "8810A", "85.3K", False),  # a unit closed before 2008
        (2025, "8810A", "88.99B", True),
    ],
)
def test_activities_are_compared_within_a_revision(checked, catalogue, year, declared, registered, differs) -> None:
    one = checked(siret=[SIRET], annee=[year], naf=[declared])
    expected = [("naf", declared, "differe_de_sirene")] if differs else []
    assert differences(one, catalogue, sirene(code_naf=registered)) == expected


def test_an_unknown_activity_differs_too(checked, catalogue) -> None:
    one = checked(siret=[SIRET], annee=[2025], naf=["8810X"])
    assert {rule for _, _, rule in differences(one, catalogue, sirene())} == {"naf_inconnu", "differe_de_sirene"}


@pytest.mark.parametrize(
    ("state", "rules"), [("A", []), ("F", ["etablissement_ferme"]), ("C", ["etablissement_ferme"]), (None, [])]
)
def test_closed_establishments(checked, catalogue, state: str | None, rules: list[str]) -> None:
    found = differences(checked(siret=[SIRET]), catalogue, sirene(etat_administratif=state))
    assert [rule for _, _, rule in found] == rules


def test_numbers_the_register_does_not_hold(checked, catalogue) -> None:
    one = checked(siret=[SIRET, OTHER, OTHER, None], siren=[SIRET[:9], SIRET[:9], OTHER[:9], None])
    assert differences(one, catalogue, sirene()) == [
        ("siret", OTHER, "siret_hors_sirene"),
        ("siren", OTHER[:9], "siren_hors_sirene"),
    ]


def test_the_registered_category_serves_where_none_is_declared(checked, catalogue) -> None:
    one = checked(siret=[SIRET, OTHER], famille=["fondation", "fondation"], cj=[None, None])
    found = differences(one, catalogue, sirene())
    assert ("famille", "fondation", "famille_ess_differe") in found
    assert len([rule for _, _, rule in found if rule == "famille_ess_differe"]) == 1


def test_a_fact_describes_the_establishment_written_before_it(checked, catalogue) -> None:
    before = checked(lieu=["62041"], siret=[SIRET])
    after = checked(siret=[SIRET], lieu=["62041"])
    assert differences(before, catalogue, sirene()) == []
    assert differences(after, catalogue, sirene()) == [("lieu", "62041", "differe_de_sirene")]


def test_without_a_register_nothing_is_compared(checked, catalogue) -> None:
    one = row(checked, naf="8899B", rna="W621000002")
    assert check_nomenclatures({"essai": one}, catalogue)["essai"] is one
