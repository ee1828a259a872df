"""What the quality pages say of definitions."""

from __future__ import annotations

from typing import Any

import pytest

from ess_impact.definitions.codelists import Codelist
from ess_impact.report.quality import _in_force

FIRST, LATER, NONE = {"valid_from": "2019-04-01"}, {"valid_from": "2024-01-01"}, {}
READ = {"as_of": "2020-01-01"}


@pytest.mark.parametrize(
    ("codes", "more", "said"),
    [
        ([FIRST, FIRST], {}, "depuis le 1er avril 2019"),
        ([FIRST, LATER], {}, "depuis le 1er avril 2019 au plus tôt"),
        ([NONE, NONE], READ, "état de la source au 1er janvier 2020"),
        ([NONE, LATER], READ, "état de la source au 1er janvier 2020 ; certains codes depuis le 1er janvier 2024"),
        ([NONE], {}, ""),
    ],
)
def test_a_nomenclature_says_since_when_its_codes_hold(codes: list[Any], more: dict[str, str], said: str) -> None:
    rows = [{"code": f"c{rank}", "label": {"fr": "x"}, **one} for rank, one in enumerate(codes)]
    found = Codelist.model_validate({"id": "liste", "name": {"fr": "x"}, "source": "essai", "codes": rows} | more)
    assert _in_force(found).replace("\u00a0", " ") == said
