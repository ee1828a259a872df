"""For any table: what is valid passes whatever its writing, one fault is one anomaly, a template loses nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from submission_faults import INJECTIONS, Injection, broken_rule, without
from submission_strategies import (
    KEY,
    SENDER,
    Medium,
    Submission,
    media,
    put,
    submissions,
    typed,
    values,
    writings,
    written,
)

from ess_impact.data.checking import Checked, check
from ess_impact.data.headers import fold
from ess_impact.data.linking import link
from ess_impact.data.reading import collect_table, collect_workbook
from ess_impact.data.templates import sheet_titles, write_template
from ess_impact.definitions.tables import ForeignKey

PROFILE = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("envois")


def received(path: Path, submission: Submission) -> Checked:
    """Read and check a file as a campaign does."""
    table = submission.table
    if path.suffix == ".xlsx":
        book = collect_workbook(path, {table.id: table}, root=path.parent, key=KEY)
        assert book.anomalies == ()
        raw = book.tables[table.id]
    else:
        raw = collect_table(path, table, root=path.parent, key=KEY)
    return check(raw, table, catalogue=submission.catalogue, key=KEY)


def assert_accepted(checked: Checked, submission: Submission) -> None:
    assert checked.accepted.select(submission.table.column_names).rows() == submission.stored()


@pytest.mark.parametrize("shipped", [True, False])
@settings(PROFILE, max_examples=30)
@given(medium=media, data=st.data())
def test_valid_rows_are_read_as_they_are_whatever_their_writing(
    folder: Path, shipped: bool, medium: Medium, data: st.DataObject
) -> None:
    submission = data.draw(submissions(shipped=shipped))
    cells = data.draw(written(submission, medium))
    checked = received(medium.write(folder / "envoi", submission.table, cells), submission)
    assert checked.anomalies.rows() == []
    assert_accepted(checked, submission)
    assert (checked.rows_read, checked.refused.height) == (len(submission.rows), 0)


@pytest.mark.parametrize("inject", INJECTIONS, ids=lambda inject: inject.__name__)
@settings(PROFILE, max_examples=12)
@given(shipped=st.booleans(), medium=media, data=st.data())
def test_one_fault_is_one_anomaly_at_its_place(
    folder: Path, inject: Injection, shipped: bool, medium: Medium, data: st.DataObject
) -> None:
    submission = data.draw(submissions(shipped=shipped and inject is not broken_rule))
    fault = inject(data.draw, submission, data.draw(written(submission, medium)))
    path = medium.write(folder / "envoi", submission.table, fault.cells)
    checked = received(path, submission)
    sheet = submission.table.id if medium.is_workbook else ""
    found = checked.anomalies.select("table", "file", "sheet", "row", "column", "rule", "severity").rows()
    assert found == [(submission.table.id, path.name, sheet, fault.row, fault.column, fault.rule, "rejet")]
    assert checked.anomalies.select(pl.col("message", "remedy").str.contains(r"[.?]$")).row(0) == (True, True)
    assert_accepted(checked, without(submission, fault.lost))


def filled(path: Path, submission: Submission, lines: Iterable[list[Any]]) -> Path:
    """Fill in a template as a person does: below the headers, and the SIRET of the sender."""
    table = submission.table
    write_template(path, submission.catalogue, tables=[table.id])
    book = load_workbook(path)
    identity, sheet = book["identite"], book[sheet_titles([table])[table.id]]
    assert [fold(str(cell.value)) for cell in sheet[1]] == [fold(column.label.fr) for column in table.asked_columns]
    place = next(cell.row for cell in identity["A"] if cell.value == "SIRET")
    put(identity, place, 2, SENDER)
    for row, line in enumerate(lines, start=2):
        for position, value in enumerate(line, start=1):
            put(sheet, row, position, value)
    book.save(path)
    return path


@pytest.mark.parametrize("shipped", [True, False])
@settings(PROFILE, max_examples=6)
@given(as_typed=st.booleans(), data=st.data())
def test_a_template_filled_in_loses_nothing(folder: Path, shipped: bool, as_typed: bool, data: st.DataObject) -> None:
    submission = data.draw(submissions(shipped=shipped))
    asked, codelists = submission.table.asked_columns, submission.catalogue.codelists
    lines = [
        [
            typed(column, row[column.name])
            if as_typed
            else data.draw(st.sampled_from(writings(column, row[column.name], codelists)))
            for column in asked
        ]
        for row in submission.rows
    ]
    checked = received(filled(folder / "modele.xlsx", submission, lines), submission)
    assert checked.anomalies.rows() == []
    assert_accepted(checked, submission)


@settings(PROFILE, max_examples=8)
@given(severity=st.sampled_from(["rejet", "alerte"]), data=st.data())
def test_an_orphan_is_one_anomaly_at_its_place(folder: Path, severity: str, data: st.DataObject) -> None:
    submission = data.draw(submissions())
    key = submission.table.columns[0]
    parent = submission.table.model_copy(update={"key": (key.name,), "owner": None})
    known = {row[key.name] for row in submission.rows} - {None}
    orphan = data.draw(values(key, submission.catalogue.codelists))
    assume(known and orphan not in known)
    place = data.draw(st.integers(0, len(known)))
    named = [*sorted(known)[:place], orphan, *sorted(known)[place:]]
    link_to = ForeignKey.model_validate({"column": key.name, "table": parent.id, "severity": severity})
    child = parent.model_copy(
        update={"id": "suite", "key": (), "columns": (key,), "rules": (), "foreign_keys": (link_to,)}
    )
    both = [
        replace(submission, table=parent),
        replace(submission, table=child, rows=tuple({key.name: value} for value in named)),
    ]
    medium = Medium(suffix=".csv")
    checked = {}
    for one in both:
        path = medium.write(folder / one.table.id, one.table, data.draw(written(one, medium)))
        checked[one.table.id] = received(path, one)
    linked = link(checked, {one.table.id: one.table for one in both})
    assert linked[parent.id].anomalies.rows() == []
    found = linked["suite"].anomalies.select("file", "row", "column", "rule", "severity").rows()
    assert found == [("suite.csv", place + 2, key.name, "orphelin", severity)]
    assert_accepted(linked["suite"], without(both[1], [place] if severity == "rejet" else []))
