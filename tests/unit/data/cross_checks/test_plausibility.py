"""Values far from those of comparable enterprises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.stats import median_abs_deviation

COLUMNS = {"siret": "siret", "code_naf": "texte", "famille": "texte", "etp": "quantite", "effectif": "entier"}
RULE = {
    "kind": "plausibilite", "column": "etp", "per": "effectif",
    "groups": [[{"column": "code_naf", "length": 2}], ["famille"]], "threshold": 4,
}  # fmt: skip


def _siret(number: int) -> str:
    return f"{number:09d}00011"


def _peers(count: int, naf: str | None = "8810A", family: str | None = "association") -> list[dict[str, Any]]:
    """Return enterprises whose ratio goes from 0.5 to 1."""
    return [
        {
            "siret": _siret(number),
            "code_naf": naf,
            "famille": family,
            "etp": 5_000 + 5_000 * number // count,
            "effectif": 10,
        }
        for number in range(count)
    ]


def _odd(**changes: Any) -> dict[str, Any]:
    fields = {"siret": _siret(900), "code_naf": "8899B", "famille": "association", "etp": 500_000, "effectif": 10}
    return fields | changes


def test_a_value_far_from_its_peers_is_reported_without_any_figure_of_theirs(desk: Any) -> None:
    rows = [_odd(), *_peers(30)]
    (found,) = desk.run(desk.checked(desk.table(COLUMNS, RULE), rows))["essai"].anomalies.rows(named=True)
    assert (found["row"], found["column"], found["value"], found["siret"]) == (2, "etp", "500", _siret(900))
    assert (found["message"], found["remedy"]) == ("Essai manqué.", "Corrigez.")
    assert found["severity"] == "alerte"


CASES: dict[str, tuple[list[dict[str, Any]], list[int]]] = {
    "too low": ([_odd(etp=10), *_peers(30)], [0]),
    "nineteen peers and itself are twenty": ([_odd(), *_peers(19)], [0]),
    "nineteen enterprises": ([_odd(), *_peers(18)], []),
    "twenty establishments of few enterprises": (
        [_odd(), *(row | {"siret": row["siret"][:8] + "000011"} for row in _peers(40))],
        [],
    ),
    "other activity, same family": ([_odd(code_naf="3811Z"), *_peers(30)], [0]),
    "unknown activity, same family": ([_odd(code_naf=None), *_peers(30)], [0]),
    "activity of one character, same family": ([_odd(code_naf="8"), *_peers(30)], [0]),
    "other activity, other family": ([_odd(code_naf="3811Z", famille="mutuelle"), *_peers(30)], []),
    "nothing known": ([_odd(code_naf=None, famille=None), *_peers(30, None, None)], []),
    "own activity comes first": ([_odd(etp=7_000), *_peers(30), *_peers(60, "3811Z")], []),
    "no staff": ([_odd(effectif=0), *_peers(30)], []),
    "no work": ([_odd(etp=0), *_peers(30)], []),
    "negative": ([_odd(etp=-1), *_peers(30)], []),
    "unknown": ([_odd(etp=None), *_peers(30)], []),
    "all alike": ([_odd(), *(row | {"etp": 5_000} for row in _peers(30))], []),
}


@pytest.mark.parametrize(("rows", "expected"), CASES.values(), ids=CASES)
def test_who_is_judged_and_with_whom(desk: Any, rows: list[dict[str, Any]], expected: list[int]) -> None:
    assert desk.rows(desk.table(COLUMNS, RULE), rows) == expected


def test_rows_set_aside_are_neither_judged_nor_peers(desk: Any) -> None:
    checked = desk.checked(desk.table(COLUMNS, RULE), [_odd(), *_peers(18)], refused=_peers(5))
    assert desk.run(checked)["essai"].anomalies.is_empty()


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(
        st.tuples(st.integers(0, 40), st.integers(-5, 1_000_000), st.one_of(st.none(), st.integers(0, 500))),
        min_size=20,
        max_size=60,
    )
)
def test_distances_are_those_of_scipy(desk: Any, values: list[tuple[int, int, int | None]]) -> None:
    rows = [_odd(siret=_siret(number), etp=work, effectif=staff) for number, work, staff in values]
    judged = [position for position, (_, work, staff) in enumerate(values) if work > 0 and staff]
    logs = np.array([np.log(values[one][1] / values[one][2]) for one in judged])  # type: ignore[operator]
    expected: list[int] = []
    if len({values[one][0] for one in judged}) >= 20:
        spread = float(median_abs_deviation(logs, scale=1 / 1.4826))
        distances = np.abs(logs - np.median(logs))
        assume(spread == 0 or spread > 1e-6)
        assume(not np.any(np.abs(distances - 4 * spread) < 1e-9))
        expected = [one for one, far in zip(judged, distances, strict=True) if spread > 0 and far > 4 * spread]
    assert desk.rows(desk.table(COLUMNS, RULE), rows) == expected
