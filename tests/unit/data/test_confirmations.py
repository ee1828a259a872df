"""A confirmed alerte stays confirmed as long as its value does; a rejet is never confirmed."""

from __future__ import annotations

import polars as pl
import pytest

from ess_impact.data.anomalies import Anomaly, to_frame
from ess_impact.data.confirmations import (
    CONFIRM_HEADER,
    CONFIRMED,
    REFERENCE_HEADER,
    settle,
    take_confirmations,
    with_confirmations,
    with_references,
)
from ess_impact.data.grids import Grid, build_grid
from ess_impact.definitions.catalogue import Catalogue

ALERT = Anomaly(
    table="structures", file="a.xlsx", sheet="S", row=2, column="etp", value="30", rule="etp_eleve", severity="alerte",
    message="m", remedy="r",
)  # fmt: skip
REFERENCE = with_references(to_frame([ALERT]), {}, {})["reference"][0]


def grid(answer: str | None, reference: str, headers=("SIRET", CONFIRM_HEADER, REFERENCE_HEADER)) -> Grid:
    cells = {"0": ["123", "456"], "1": [answer, None], "2": [reference, None]}
    frame = pl.DataFrame({name: cells[name] for name in list(cells)[: len(headers)]}, schema_overrides={"1": pl.String})
    return build_grid(headers, frame, pl.Series([2, 3]))


def given(answer: str | None, reference: str) -> dict[str, pl.DataFrame]:
    _, confirmed = take_confirmations(grid(answer, reference))
    rows = pl.DataFrame({"_file": ["a.xlsx"] * 2, "_sheet": ["S"] * 2, "_row": [2, 3], "siret": ["123", "456"]})
    return {"structures": with_confirmations(rows, confirmed)}


def parted(raw, *anomalies: Anomaly) -> tuple[int, int]:
    still, settled = settle(to_frame(list(anomalies)), raw, {})
    return still.height, settled.height


@pytest.mark.parametrize("answer", ["oui", "Oui", " OUI ", "x", "1"])
def test_yes_settles_the_alerte_of_its_row(answer):
    assert parted(given(answer, REFERENCE), ALERT) == (0, 1)


@pytest.mark.parametrize("answer", [None, "non", "peut-être", "="])
def test_any_other_answer_settles_nothing(answer):
    assert parted(given(answer, REFERENCE), ALERT) == (1, 0)


def test_an_answer_given_earlier_needs_no_second_one():
    assert parted(given(None, f"{REFERENCE}=oui"), ALERT) == (0, 1)


@pytest.mark.parametrize(
    "change", [{"value": "31"}, {"rule": "autre"}, {"column": "effectif"}, {"row": 3}, {"severity": "rejet"}]
)
def test_another_value_rule_column_row_or_a_rejet_is_asked_anew(change):
    other = Anomaly(**{**{name: getattr(ALERT, name) for name in ALERT.__dataclass_fields__}, **change})
    assert parted(given("oui", REFERENCE), other) == (1, 0)


def test_a_moved_row_keeps_its_confirmation():
    moved = given("oui", REFERENCE)["structures"].with_columns(_row=pl.col("_row") + 40)
    anomaly = Anomaly(**{**{name: getattr(ALERT, name) for name in ALERT.__dataclass_fields__}, "row": 42})
    assert parted({"structures": moved}, anomaly) == (0, 1)


@pytest.mark.parametrize("text", ["", "rien", "=1+1", "0" * 11, "zz" * 6, REFERENCE.upper()])
def test_a_reference_that_is_none_settles_nothing(text):
    assert parted(given("oui", text), ALERT) == (1, 0)


def test_the_two_columns_leave_the_grid_and_a_row_of_references_alone_is_no_row():
    cells = pl.DataFrame({"0": ["123", None], "1": ["oui", "oui"], "2": [REFERENCE, REFERENCE]})
    sheet = build_grid(("SIRET", CONFIRM_HEADER, REFERENCE_HEADER), cells, pl.Series([2, 3]))
    bare, confirmed = take_confirmations(sheet)
    assert bare.headers == ("SIRET",)
    assert bare.rows.to_list() == [2]
    assert confirmed is not None
    assert confirmed[CONFIRMED].to_list() == [REFERENCE, REFERENCE]


def test_a_sheet_without_the_columns_is_left_as_it_is():
    sheet = grid("oui", "", headers=("SIRET",))
    assert take_confirmations(sheet) == (sheet, None)


def test_no_raw_row_no_confirmation():
    still, settled = settle(to_frame([ALERT]), {}, {})
    assert (still.height, settled.height) == (1, 0)
    assert settled.columns == still.columns


def test_a_reference_covers_what_the_rule_reads_and_nothing_else():
    tables = Catalogue.load().tables
    place = {"_file": ["a.xlsx"], "_sheet": ["S"], "_row": [2]}
    anomaly = Anomaly(
        table="structures", file="a.xlsx", sheet="S", row=2, column="effectif", value="3",
        rule="etp_eleve_pour_effectif", severity="alerte", message="m", remedy="r",
    )  # fmt: skip

    def reference(**cells: str) -> str:
        row = pl.DataFrame({"effectif": ["3"], "etp": ["16"], "denomination": ["A"], **place})
        rows = row.with_columns(pl.lit(text).alias(name) for name, text in cells.items())
        return with_references(to_frame([anomaly]), {"structures": rows}, tables)["reference"][0]

    assert reference() == reference(denomination="B") == reference(etp=" 16 ")
    assert reference() != reference(etp="18")


def test_a_reference_of_a_rule_over_several_rows_covers_what_its_message_quotes():
    table = Catalogue.load().table("structures")
    rule = next(one.id for one in table.cross_checks if one.kind == "evolution")
    first, second = (
        Anomaly(
            table="structures", file="a", row=2, column="effectif", value="99", rule=rule, severity="alerte",
            message=f"{earlier} en 2024, 99 en 2025", remedy="r",
        )
        for earlier in (13, 30)
    )  # fmt: skip
    one, other = with_references(to_frame([first, second]), {}, {"structures": table})["reference"]
    assert one != other


def test_a_reference_follows_derived_columns_back_to_what_was_written():
    tables = Catalogue.load().tables
    dates = {"_file": ["a"], "_sheet": [""], "_row": [2], "siret": ["1"], "annee": ["2025"], "etp": ["9"]}
    rule = tables["structures"].cross_checks[0]
    anomaly = Anomaly(
        table="structures",
        file="a",
        row=2,
        column="etp",
        value="9",
        rule=rule.id,
        severity="alerte",
        message="",
        remedy="",
    )
    one, other = (
        with_references(to_frame([anomaly]), {"structures": pl.DataFrame(dates | {"annee": [year]})}, tables)[
            "reference"
        ][0]
        for year in ("2025", "2024")
    )
    assert one != other
