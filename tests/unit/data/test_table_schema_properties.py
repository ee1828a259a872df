"""Any table comes back from its Table Schema, and any Table Schema from pandera."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ess_impact.data.table_schema import from_pandera, from_table_schema, to_pandera, to_table_schema
from ess_impact.definitions.codelists import Codelist
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import SCALES, ColumnType

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,12}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
LABELS = st.fixed_dictionaries({"fr": TEXTS}, optional={"en": TEXTS})
CODES = st.lists(st.from_regex(r"[A-Za-z0-9|.*+ -]{1,6}", fullmatch=True), min_size=1, max_size=4, unique=True)
BOUNDS = {
    **dict.fromkeys(SCALES, st.decimals(-1000, 1000, places=2).map(str)),
    ColumnType.ANNEE: st.integers(1900, 2100).map(str),
    ColumnType.DATE: st.dates().map(str),
}


@st.composite
def columns(draw: st.DrawFn, name: str, codelist: str) -> dict[str, Any]:
    kind = draw(st.sampled_from(ColumnType))
    column: dict[str, Any] = {"name": name, "type": kind, "label": draw(LABELS), "required": draw(st.booleans())}
    if kind in (ColumnType.CODE, ColumnType.LISTE):
        column["codelist"] = codelist
    if kind in BOUNDS:
        column["min"], column["max"] = draw(st.none() | BOUNDS[kind]), draw(st.none() | BOUNDS[kind])
    column["help"], column["example"] = draw(st.none() | LABELS), draw(st.none() | TEXTS)
    column["synonyms"] = draw(st.lists(TEXTS, max_size=2))
    return column


@st.composite
def tables(draw: st.DrawFn) -> tuple[Table, dict[str, Codelist]]:
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    codes = [{"code": one, "label": draw(LABELS)} for one in draw(CODES)]
    codelist = Codelist.model_validate({"id": "liste", "name": draw(LABELS), "source": "essai", "codes": codes})
    table = {
        "id": draw(NAMES),
        "version": "1.2.3",
        "created": draw(st.none() | st.dates()),
        "name": draw(LABELS),
        "description": draw(LABELS),
        "provider": draw(st.sampled_from(["structure", "service", "ouverte"])),
        "source": draw(TEXTS),
        "key": draw(st.lists(st.sampled_from(names), unique=True)),
        "columns": [draw(columns(name, "liste")) for name in names],
    }
    return Table.model_validate(table), {"liste": codelist}


@given(tables())
@settings(max_examples=40, deadline=None)
def test_nothing_is_lost(made: tuple[Table, dict[str, Codelist]]) -> None:
    table, codelists = made
    descriptor = json.loads(json.dumps(to_table_schema(table, codelists)))
    back = from_table_schema(descriptor)
    assert (back.table, back.rest) == (table, {})
    assert back.codelists == {name: codelists[name] for name in back.codelists}
    assert from_pandera(to_pandera(descriptor)) == descriptor
