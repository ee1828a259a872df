"""Codelists that name the code that took the place of another, or the coarser code that holds it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ess_impact.definitions.codelists import Codelist
from ess_impact.definitions.tables import Column


def _list(*codes: dict[str, Any], **more: Any) -> Codelist:
    rows = [{"label": {"fr": "x"}, **code} for code in codes]
    return Codelist.model_validate({"id": "essai", "name": {"fr": "x"}, "source": "essai", "codes": rows, **more})


def test_a_code_names_what_replaced_it_and_what_holds_it() -> None:
    old, new = _list({"code": "a", "replaced_by": "b", "parent": "z"}, {"code": "b"}, parents="autres").codes
    assert (old.replaced_by, old.parent) == ("b", "z")
    assert (new.replaced_by, new.parent) == (None, None)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ({"code": "a", "replaced_by": "b"}, "absent de la liste : b"),
        ({"code": "a", "parent": "z"}, "nomme « parents »"),
    ],
)
def test_what_names_nothing_is_refused(code: dict[str, str], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        _list(code)


@pytest.mark.parametrize(("kind", "holds"), [("texte", True), ("commune", True), ("entier", False), ("date", False)])
def test_a_nomenclature_is_held_by_text(kind: str, holds: bool) -> None:
    column = {"name": "x", "type": kind, "label": {"fr": "x"}, "nomenclature": "naf"}
    if holds:
        assert Column.model_validate(column).nomenclature == "naf"
    else:
        with pytest.raises(ValidationError, match="type texte ou commune"):
            Column.model_validate(column)
