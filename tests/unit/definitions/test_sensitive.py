"""Sensitive groups are never crossed, whether by breakdowns or by conditions."""

from __future__ import annotations

from typing import Any

import pytest

from ess_impact.definitions.sensitive import crossed_sensitive, place_columns, sensitive_columns

TABLE, LINES = "tables/essai.yaml", "o1_essai/lignes.yaml"


@pytest.mark.parametrize(
    ("written", "crossed"),
    [
        ("breakdowns: [sexe, actif]\n", []),
        ("breakdowns: [sexe, [sexe, actif]]\n", [(1, ("actif", "sexe"))]),
        ("breakdowns: [sexe, dep]\nwhere: actif\n", [(0, ("actif", "sexe"))]),
        ("breakdowns: [sexe]\nmeasures: {value: {where: \"dep = 'sexe'\"}}\n", []),
        ("breakdowns: [sexe]\nwhere: actif\nmeasures: {value: {where: \"sexe = 'F'\"}}\n", [(None, ("actif", "sexe"))]),
        ("where: \"dep = 'actif'\"\nbreakdowns: [sexe]\n", []),
    ],
)
def test_two_sensitive_columns_never_meet(shelf: Any, written: str, crossed: list[Any]) -> None:
    catalogue = shelf.load((LINES, "breakdowns: [sexe]\n", written))
    columns = dict(catalogue.columns_of(catalogue.table("essai")))
    for name in ("sexe", "actif"):
        columns[name] = columns[name].model_copy(update={"sensitive": True})
    assert sensitive_columns(columns) == {"sexe", "actif"}
    assert list(crossed_sensitive(catalogue["lignes"], columns)) == crossed


def test_a_definition_that_crosses_them_is_refused_where_it_is_written(shelf: Any) -> None:
    faults = shelf.faults(
        (TABLE, "codelist: sexes,", "codelist: sexes, sensitive: true,"),
        (TABLE, "name: actif, type: booleen,", "name: actif, type: booleen, sensitive: true,"),
    )
    assert {str(one).split(" : ")[1].split(".")[0] for one in faults} == {"deux colonnes sensibles croisées"}
    assert any(str(one).startswith("part.yaml:") for one in faults)


def test_measures_of_every_shape_are_read(shelf: Any) -> None:
    catalogue = shelf.load()
    columns = dict(catalogue.columns_of(catalogue.table("essai")))
    columns["actif"] = columns["actif"].model_copy(update={"sensitive": True})
    columns["sexe"] = columns["sexe"].model_copy(update={"sensitive": True})
    found = {name: list(crossed_sensitive(catalogue[name], columns)) for name in ("part", "gens", "quotient", "total")}
    assert found == {"part": [(None, ("actif", "sexe"))], "gens": [], "quotient": [], "total": []}


def test_places_are_communes_and_what_is_marked(shelf: Any) -> None:
    catalogue = shelf.load()
    columns = dict(catalogue.columns_of(catalogue.table("essai")))
    assert place_columns(columns) == ()
    columns["sexe"] = columns["sexe"].model_copy(update={"place": True})
    assert place_columns(columns) == ("sexe",)


def test_what_derives_from_a_sensitive_column_is_sensitive(shelf: Any) -> None:
    catalogue = shelf.load()
    columns = dict(catalogue.columns_of(catalogue.table("essai")))
    columns["jour"] = columns["jour"].model_copy(update={"sensitive": True})
    assert sensitive_columns(columns) == {"jour", "duree", "longue"}
