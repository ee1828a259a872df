"""SIREN and SIRET judged in SQL: the same verdict as python-stdnum, which we did not write."""

from __future__ import annotations

import random

import duckdb
import pytest
from sqlglot import exp
from stdnum.fr import siren, siret

from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.engine.identifiers import identifier_holds

ODD = [
    "",
    "abc",
    "35600000000048",
    "35600000049837",
    "3560000000004a",
    "0" * 14,
    " 0000000180001",
    "１２３４５６７８９",
]


def _drawn(length: int) -> list[str]:
    """Figures drawn at random; a SIRET starts, one time in two, with a SIREN that holds."""
    draw = random.Random(length)
    found = []
    for place in range(1_500):
        body = "".join(draw.choices("0123456789", k=length))
        if place % 2 and length > 9:
            enterprise = (
                "356000000"
                if place % 4 == 1
                else next(one for number in range(10**8) if siren.is_valid(one := f"{int(body[:9]) + number:09d}"[-9:]))
            )
            body = enterprise + body[9:]
        found.append(body)
    return found


@pytest.mark.parametrize(("kind", "length", "judge"), [(ColumnType.SIREN, 9, siren), (ColumnType.SIRET, 14, siret)])
def test_verdicts_are_those_of_stdnum(kind: ColumnType, length: int, judge: object) -> None:
    texts = [one for one in [*ODD, *_drawn(length)] if one == one.strip()]
    condition = identifier_holds("s", kind)
    query = exp.select(exp.alias_(condition, "r")).from_("donnees").sql(dialect="duckdb")
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE donnees (place INTEGER, s VARCHAR)")
        connection.executemany("INSERT INTO donnees VALUES (?, ?)", list(enumerate(texts)))
        found = [row[0] for row in connection.execute(f"{query} ORDER BY place").fetchall()]
    # stdnum removes spaces and reads figures of other scripts: neither is in the texts kept.
    expected = [judge.is_valid(one) and one.isascii() for one in texts]  # type: ignore[attr-defined]
    assert found == expected
    assert sum(expected) > 50
