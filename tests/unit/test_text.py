"""French numbers, dates, plurals and typography."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from ess_impact.text import (
    UNKNOWN,
    enumerate_fr,
    format_date,
    format_interval,
    format_number,
    format_period,
    format_value,
    plural,
    typeset,
)
from ess_impact.units import UNITS, unit_of


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (0.31, "pourcent", "31,0\u202f%"),
        (0.3105, "pourcent", "31,1\u202f%"),
        (-0.0004, "pourcent", "0,0\u202f%"),
        (-0.0006, "pourcent", "−0,1\u202f%"),
        (Decimal("0.113"), "pourcent", "11,3\u202f%"),
        (8_700_000, "euros", "8\u202f700\u202f000\u202f€"),
        (12.5, "euros", "12,50\u202f€"),
        (35087.72, "euros_par_personne", "35\u202f088\u202f€ par personne"),
        (100000, "heures", "100\u202f000\u202fh"),
        (1, "emplois", "1\u00a0emploi"),
        (48390, "emplois", "48\u202f390\u00a0emplois"),
        (3.4, "personnes", "3,4\u00a0personnes"),
        (1.326, "indice", "1,33"),
        (30.3, "pour_mille", "30,3\u202f‰"),
        (12, "bornes_velo", "12\u00a0bornes velo"),
        (None, "euros", UNKNOWN),
        (float("nan"), "euros", UNKNOWN),
    ],
)
def test_values(value: float | Decimal | None, unit: str, shown: str) -> None:
    assert format_value(value, unit) == shown


def test_bare_numbers() -> None:
    assert format_value(0.5, "pourcent", symbol=False) == "50,0"
    assert format_value(0.13, "pourcent", decimals=0) == "13\u202f%"
    assert [format_number(one) for one in (7, 0.256, 12.34, 1234.5)] == ["7", "0,26", "12,3", "1\u202f235"]


@pytest.mark.parametrize(("low", "high"), [(None, 1.0), (1.0, None), (float("nan"), 1.0)])
def test_half_an_interval_is_none(low: float | None, high: float | None) -> None:
    assert format_interval(low, high, "euros") == UNKNOWN


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        (date(2025, 1, 1), date(2025, 12, 31), "2025"),
        (date(2023, 1, 1), date(2025, 12, 31), "2023–2025"),
        (date(2025, 4, 1), date(2026, 3, 31), "du 1er\u00a0avril\u00a02025 au 31\u00a0mars\u00a02026"),
        (None, None, UNKNOWN),
    ],
)
def test_periods(start: date | None, end: date | None, shown: str) -> None:
    assert format_period(start, end) == shown


def test_dates_plurals_lists() -> None:
    assert format_date(None) == UNKNOWN
    assert [plural(n, "ligne écartée") for n in (0, 1, 2)] == [
        "0\u00a0ligne écartée",
        "1\u00a0ligne écartée",
        "2\u00a0lignes écartées",
    ]
    assert enumerate_fr(["a"]) == "a"
    assert enumerate_fr([]) == ""


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("l'emploi : 50 % ; oui ?", "l’emploi\u00a0: 50\u202f%\u202f; oui\u202f?"),
        ("« mot »", "«\u00a0mot\u00a0»"),
        ("48 390 emplois en 2025", "48\u202f390 emplois en 2025"),
        ("{% if x %}", "{% if x %}"),
        ("f('x')", "f('x')"),
    ],
)
def test_typography(typed: str, printed: str) -> None:
    assert typeset(typed) == printed


def test_every_unit_is_named_in_both_languages() -> None:
    assert all(one.fr and one.en for one in UNITS.values())
    assert unit_of("inconnue_ici").fr == "inconnue ici"
