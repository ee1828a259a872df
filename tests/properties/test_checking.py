"""Generated rows pass; one planted fault gives one anomaly, at its place."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from ess_impact.data.checking import Checked, check
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.codelists import Codelist
from ess_impact.definitions.tables import Table

KEY = b"cle publique de test"
SIRETS = ("73282932000074", "35600000000048", "55208131766522")
COLUMNS: dict[str, dict[str, Any]] = {
    "siret": {"type": "siret", "required": True},
    "personne": {"type": "personne", "required": True},
    "entree": {"type": "date"},
    "sortie": {"type": "date", "required": True},
    "heures": {"type": "heures", "min": "0", "max": "4000"},
    "montant": {"type": "euros"},
    "effectif": {"type": "entier", "min": "0"},
    "part": {"type": "ratio", "min": "0", "max": "1"},
    "annee": {"type": "annee"},
    "sexe": {"type": "code", "codelist": "sexes"},
    "actif": {"type": "booleen"},
    "libelle": {"type": "texte"},
}
TABLE = Table.model_validate(
    {
        "id": "essai",
        "version": "1.0.0",
        "name": {"fr": "Essai"},
        "description": {"fr": "essai"},
        "provider": "service",
        "source": "essai",
        "key": ["siret", "personne"],
        "owner": "siret",
        "columns": [{"name": name, "label": {"fr": name}, **more} for name, more in COLUMNS.items()],
        "derived": [{"name": "duree", "type": "entier", "label": {"fr": "d"}, "days_between": ["entree", "sortie"]}],
        "rules": [
            {"id": "ordre", "expr": "duree >= 0", "message": {"fr": "ordre"}, "remedy": {"fr": "corrigez"}},
            {
                "id": "positif",
                "expr": "montant >= 0 OR actif",
                "message": {"fr": "signe"},
                "remedy": {"fr": "corrigez"},
            },
        ],
    }
)
SEXES = Codelist.model_validate(
    {
        "id": "sexes",
        "name": {"fr": "s"},
        "source": "essai",
        "codes": [{"code": "F", "label": {"fr": "Femme"}}, {"code": "H", "label": {"fr": "Homme"}}],
    }
)
CATALOGUE = Catalogue(
    indicators={}, tables={"essai": TABLE}, codelists={"sexes": SEXES}, parameters={}, plans={}, methods={}
)

_start = st.dates(date(2020, 1, 1), date(2023, 12, 31))


@st.composite
def _good_row(draw: st.DrawFn) -> dict[str, str]:
    start = draw(_start)
    end = start + timedelta(days=draw(st.integers(0, 700)))
    hundredths, cents = draw(st.integers(0, 400_000)), draw(st.integers(0, 10**11))
    return {
        "siret": draw(st.sampled_from(SIRETS)),
        "entree": draw(st.sampled_from([start.isoformat(), f"{start:%d/%m/%Y}"])),
        "sortie": draw(st.sampled_from([end.isoformat(), f"{end:%d/%m/%Y}"])),
        "heures": f"{hundredths // 100},{hundredths % 100:02d}",
        "montant": f"{cents // 100:,}".replace(",", " ") + f",{cents % 100:02d}",
        "effectif": str(draw(st.integers(0, 10**6))),
        "part": draw(st.sampled_from(["0", "1", "0,5", "31,5 %", "0.123456"])),
        "annee": str(draw(st.integers(1900, 2100))),
        "sexe": draw(st.sampled_from(["F", "H", "Femme", "homme"])),
        "actif": draw(st.sampled_from(["oui", "non", "1", "0"])),
        "libelle": draw(st.sampled_from(["", "Été", "=1+1", "<script>", "a;b"])),
    }


_rows = st.lists(_good_row(), min_size=1, max_size=8).map(
    lambda rows: [{**row, "personne": f"P{number}"} for number, row in enumerate(rows)]
)
_faults = st.sampled_from(
    [
        ("siret", "73282932000075", "siret_cle", "rejet"),
        ("siret", None, "valeur_manquante", "rejet"),
        ("personne", None, "valeur_manquante", "rejet"),
        ("personne", "a.b@exemple.fr", "donnee_personnelle", "rejet"),
        ("entree", "31/02/2024", "date_impossible", "rejet"),
        ("entree", "01/01/2050", "ordre", "rejet"),
        ("sortie", "45000", "date_numero", "rejet"),
        ("sortie", None, "valeur_manquante", "rejet"),
        ("heures", "4001", "maximum", "rejet"),
        ("heures", "-0,01", "minimum", "rejet"),
        ("montant", "1.234", "nombre_ambigu", "rejet"),
        ("effectif", "1,5", "entier_attendu", "rejet"),
        ("part", "31,5", "maximum", "rejet"),
        ("annee", "01/01/2024", "annee_date_complete", "rejet"),
        ("sexe", "X", "code_inconnu", "rejet"),
        ("actif", "?", "oui_ou_non", "rejet"),
        ("libelle", "185057800608436", "donnee_personnelle", "alerte"),
    ]
)


def _check(rows: list[dict[str, Any]]) -> Checked:
    return check(pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String)), TABLE, catalogue=CATALOGUE, key=KEY)


@settings(max_examples=40, deadline=None)
@given(rows=_rows)
def test_good_rows_are_accepted(rows: list[dict[str, Any]]) -> None:
    checked = _check(rows)
    assert checked.anomalies.height == 0
    assert checked.rows_accepted == len(rows)
    assert _check_again(checked).equals(checked.accepted)


def _check_again(checked: Checked) -> pl.DataFrame:
    return check(checked.accepted, TABLE, catalogue=CATALOGUE).accepted


@settings(max_examples=80, deadline=None)
@given(rows=_rows, fault=_faults, data=st.data())
def test_one_fault_is_one_anomaly(
    rows: list[dict[str, Any]], fault: tuple[str, Any, str, str], data: st.DataObject
) -> None:
    column, value, rule, severity = fault
    place = data.draw(st.integers(0, len(rows) - 1))
    rows = [{**row, column: value} if number == place else row for number, row in enumerate(rows)]
    checked = _check(rows)
    shown = "entree" if rule == "ordre" else column
    found = checked.anomalies.select("row", "rule", "severity").rows()
    assert found == [(place + 1, rule, severity)]
    assert checked.anomalies["column"][0] in (shown, "duree")
    assert checked.rows_accepted == len(rows) - (severity == "rejet")


@settings(max_examples=25, deadline=None)
@given(rows=_rows, data=st.data())
def test_a_repeated_row_is_one_duplicate(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    twin = data.draw(st.integers(0, len(rows) - 1))
    checked = _check([*rows, rows[twin]])
    assert checked.anomalies.select("row", "rule").rows() == [(len(rows) + 1, "doublon")]
    assert f"la ligne {twin + 1}" in checked.anomalies["message"][0]


@settings(max_examples=15, deadline=None)
@given(rows=_rows, order=st.randoms(use_true_random=False))
def test_order_of_rows_changes_no_row(rows: list[dict[str, Any]], order: Any) -> None:
    shuffled = list(rows)
    order.shuffle(shuffled)
    key = ["siret", "personne"]
    one, other = _check(rows).accepted, _check(shuffled).accepted
    assert one.sort(key).drop("_row").equals(other.sort(key).drop("_row"))
