"""A structure neither replaces nor contradicts what another one sends."""

from __future__ import annotations

import polars as pl
import pytest

from ess_impact.data.reading import RawTable
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.evaluation.foreign_rows import RULE, without_foreign_rows

TABLE = Catalogue.load().table("structures")
A, A_SECOND_SITE, B = "00000001800010", "00000001800028", "00000002600013"


def received(*rows: tuple[str | None, str]) -> RawTable:
    places = {"_file": "structures/a.xlsx", "_sheet": "Structures et emplois"}
    frame = pl.DataFrame(
        [{"siret": owner, "effectif": "9", **places, "_row": row, "_sender": sender}
         for row, (owner, sender) in enumerate(rows, start=2)],
        schema_overrides={"siret": pl.String},
    )  # fmt: skip
    return without_foreign_rows(RawTable(table=TABLE, frame=frame))


@pytest.mark.parametrize("owner", [A, "000 000 018 00010", A_SECOND_SITE, "n'importe quoi", "", None])
def test_own_sites_and_what_is_no_siret_are_left_to_the_checks(owner):
    found = received((owner, A))
    assert (found.frame.height, found.anomalies) == (1, ())


def test_consolidated_rows_have_no_sender_and_are_kept():
    assert received((A, ""), (B, "")).frame.height == 2


@pytest.mark.parametrize("owner", [B, "000 000 026 00013", "000\u202f000\u202f026\u202f00013"])
def test_a_row_about_another_enterprise_is_set_aside_and_said(owner):
    found = received((A, A), (owner, A))
    assert found.frame["_row"].to_list() == [2]
    (fault,) = found.anomalies
    assert (fault.rule, fault.severity, fault.row, fault.siret, fault.value) == (RULE, "rejet", 3, A, "")
    assert B not in fault.message
