"""Every example of every shipped definition gives what its author computed by hand."""

from __future__ import annotations

import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.evaluation.examples import run_example

CATALOGUE = Catalogue.load()
EXAMPLES = [
    pytest.param(name, position, id=f"{name}-{position + 1}")
    for name, indicator in CATALOGUE.items()
    for position in range(len(indicator.examples))
]


@pytest.mark.parametrize(("name", "position"), EXAMPLES)
def test_an_example_gives_the_expected_figure(name: str, position: int) -> None:
    indicator = CATALOGUE[name]
    assert run_example(CATALOGUE, indicator, indicator.examples[position]).differences == {}
