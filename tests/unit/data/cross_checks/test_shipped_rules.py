"""The shipped rules: each planted fault is reported once at its place, and sound data raise nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest

from ess_impact.data.checking import Checked, check
from ess_impact.data.cross_checks import cross_check
from ess_impact.data.linking import link
from ess_impact.definitions.catalogue import Catalogue

CATALOGUE = Catalogue.load()
KEY = b"cle publique de test"
Tables = dict[str, list[dict[str, str]]]
GRANT = {
    "nom_attribuant": "A", "id_attribuant": "22620001200012", "date_convention": "2025-01-02", "objet": "O",
    "nom_beneficiaire": "B", "montant": "100", "nature": "aide en numéraire", "conditions_versement": "unique",
    "dates_periode_versement": "2025-01-02",
}  # fmt: skip


def _siret(number: int, site: int = 1) -> str:
    """Return a number that holds: both check digits are sought."""
    siren = next(one for one in (f"{number:08d}{digit}" for digit in range(10)) if _luhn(one))
    return next(one for one in (f"{siren}{site:04d}{digit}" for digit in range(10)) if _luhn(one))


def _luhn(digits: str) -> bool:
    doubled = [int(one) * (2 if position % 2 else 1) for position, one in enumerate(reversed(digits))]
    return sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0


def _sound() -> Tables:
    """Return thirty structures of one activity over two years, with accounts, exits, purchases and grants."""
    names = ("structures", "comptes", "sorties", "achats", "legumeries", "activites_circulaires", "subventions")
    tables: Tables = {name: [] for name in names}
    for number in range(1, 31):
        siret, staff = _siret(number), 10 + number
        jobs = f"{staff * (0.7 + number / 200):.2f}"
        for year in ("2024", "2025"):
            same = {"siret": siret, "annee": year}
            fields = {"denomination": "D", "epci": "E", "code_naf": "8810A", "effectif": str(staff), "etp": jobs}
            tables["structures"].append(same | fields)
            tables["comptes"] += [
                same | {"poste": line, "montant": str(staff * cost)} for line, cost in (("64", 25_000), ("70", 50_000))
            ]
            tables["legumeries"].append(same | {"tonnes_entrees": "100", "tonnes_sorties": "90", "etp_insertion": "2"})
            reuse = {"activite": "reemploi", "flux": "mobilier", "tonnes": "40", "methode_mesure": "pesee"}
            tables["activites_circulaires"].append(same | reuse)
        for person in range(3):
            stay = {"date_recrutement": "01/02/2024", "date_sortie": f"0{person + 1}/03/2025"}
            tables["sorties"].append(
                {"siret": siret, "id_salarie": f"S{person}", "heures_travaillees": "500", "type_siae": "ACI"} | stay
            )
        food = {"description": "Carottes", "fournisseur": "F", "famille_produits": "FRUITS_ET_LEGUMES"}
        tables["achats"].append({"siret": siret, "date": "03/03/2025", "prix_ht": str(100 + 3 * number)} | food)
        tables["subventions"].append(GRANT | {"id_beneficiaire": siret})
    return tables


def _run(tables: Tables) -> dict[str, Checked]:
    checked = {}
    for name, rows in tables.items():
        table = CATALOGUE.table(name)
        frame = pl.DataFrame(rows, schema=dict.fromkeys(table.column_names, pl.String))
        checked[name] = check(frame, table, catalogue=CATALOGUE, key=KEY)
    return cross_check(link(checked, CATALOGUE.tables), CATALOGUE)


def _anomalies(result: Mapping[str, Checked]) -> list[tuple[str, int, str, str]]:
    found = pl.concat([one.anomalies for one in result.values()])
    return sorted(found.select("table", "row", "column", "rule").rows())


def test_sound_data_raise_nothing() -> None:
    assert _anomalies(_run(_sound())) == []


Plant = tuple[str, int, dict[str, str] | None]
"""Table, row counted from 1, cells to change; a row past the end copies row 1, None removes the row."""

LATE = {"date_recrutement": "15/01/2025", "date_sortie": "30/06/2025"}
GROWN = {"effectif": "40", "etp": "32"}
LONG = {"heures_travaillees": "2400"}
SECOND = {"siret": _siret(1, 2)}


def _planted(*plants: Plant) -> Tables:
    tables = _sound()
    for name, row, cells in plants:
        rows = tables[name]
        if cells is None:
            del rows[row - 1]
        elif row > len(rows):
            rows.append(rows[0] | cells)
        else:
            rows[row - 1] |= cells
    return tables


FAULTS: dict[str, tuple[list[Plant], list[tuple[str, int, str, str]]]] = {
    "stays": ([("sorties", 91, LATE)], [("sorties", 91, "date_recrutement", "sejours_qui_se_chevauchent")]),
    "accounts under two numbers": (
        [("structures", 61, SECOND | {"effectif": "1", "etp": "0,8"}), ("comptes", 121, SECOND)],
        [("comptes", 121, "annee", "comptes_en_double")],
    ),
    "accounts that jump": ([("comptes", 4, {"montant": "5000000"})], [("comptes", 4, "montant", "poste_a_confirmer")]),
    "staff that jumps": (
        [("structures", 2, GROWN), ("comptes", 3, {"montant": "1000000"})],
        [("structures", 2, "effectif", "effectif_a_confirmer"), ("structures", 2, "etp", "effectif_a_confirmer")],
    ),
    "few hours for the staff": (
        [("structures", 60, {"etp": "15"})],
        [("structures", 60, "etp", "etp_par_salarie_atypique")],
    ),
    "hours beyond the jobs": (
        [("sorties", 91 + person, LONG | {"id_salarie": f"T{person}"} | LATE) for person in range(6)],
        [("structures", 2, "etp", "heures_sorties_au_dela_des_etp")],
    ),
    "exits beyond the staff": (
        [("sorties", 91 + person, {"heures_travaillees": "9", "id_salarie": f"T{person}"}) for person in range(36)],
        [("structures", 2, "effectif", "sorties_nombreuses_pour_effectif")],
    ),
    "staff without cost": (
        [("comptes", 3, None)],
        [("structures", 2, "effectif", "effectif_sans_charges_de_personnel")],
    ),
    "staff that costs nothing": (
        [("comptes", 3, {"montant": "60000"})],
        [("structures", 2, "etp", "charges_de_personnel_par_etp")],
    ),
    "staff that costs too much": (
        [("comptes", 3, {"montant": "1300000"})],
        [("structures", 2, "etp", "charges_de_personnel_par_etp")],
    ),
    "a purchase twice": ([("achats", 31, {})], [("achats", 31, "siret", "achat_repete")]),
    "a price in cents": ([("achats", 30, {"prix_ht": "19000"})], [("achats", 30, "prix_ht", "prix_atypique")]),
    "kilograms for tonnes": (
        [("legumeries", 2, {"tonnes_entrees": "90000"})],
        [("legumeries", 2, "tonnes_entrees", "tonnages_a_confirmer")],
    ),
    "kilograms of furniture for tonnes": (
        [("activites_circulaires", 2, {"tonnes": "15000"})],
        [("activites_circulaires", 2, "tonnes", "tonnes_a_confirmer")],
    ),
    "more jobs in a part than in the whole": (
        [("legumeries", 2, {"etp_insertion": "20"})],
        [("legumeries", 2, "etp_insertion", "etp_insertion_dans_etp")],
    ),
    "a grant twice": ([("subventions", 31, {})], [("subventions", 31, "id_attribuant", "subvention_repetee")]),
}


@pytest.mark.parametrize(("plants", "expected"), FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_reported_once_at_its_place(plants: list[Plant], expected: Any) -> None:
    result = _run(_planted(*plants))
    assert _anomalies(result) == expected
    found = pl.concat([one.anomalies for one in result.values()])
    assert set(found["severity"]) == ({"rejet"} if "comptes_en_double" in found["rule"] else {"alerte"})
    assert found.select(pl.all_horizontal(pl.col("message", "remedy").str.contains(r"^\S.*[.]$")).all()).item()


def test_every_shipped_rule_is_planted() -> None:
    planted = {rule for _, expected in FAULTS.values() for *_, rule in expected}
    assert planted == {rule.id for table in CATALOGUE.tables.values() for rule in table.cross_checks}


def test_a_row_refused_at_the_first_check_causes_no_second_anomaly() -> None:
    broken = _planted(("comptes", 3, {"montant": "beaucoup"}), ("structures", 4, {"etp": "beaucoup"}))
    assert {(table, row) for table, row, *_ in _anomalies(_run(broken))} == {("comptes", 3), ("structures", 4)}


def test_nothing_of_another_structure_is_named_nor_quoted() -> None:
    result = _run(_planted(*(plant for plants, _ in FAULTS.values() for plant in plants)))
    found = pl.concat([one.anomalies for one in result.values()])
    named = found.filter(pl.col("message").str.contains("voir la ligne"))
    assert named.height > 0
    for message, siret, table in named.select("message", "siret", "table").rows():
        row = int(message.split("voir la ligne ")[1].split(".")[0].split(" ")[0])
        one = result[table]
        owner = one.table.owner or "_sender"
        assert one.accepted.filter(pl.col("_row") == row)[owner].to_list() == [siret]
    plausible = found.filter(pl.col("rule").is_in(["etp_par_salarie_atypique", "prix_atypique"]))
    assert plausible.height > 0
    assert not plausible["message"].str.contains(r"\d").any()
