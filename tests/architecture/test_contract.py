"""Names partners and checks rely on: Python functions, commands, columns of the results."""

from __future__ import annotations

import inspect
from typing import get_args

import pytest
import typer

import ess_impact
from ess_impact.cli import app
from ess_impact.evaluation.comparison import ReferenceGroup
from ess_impact.evaluation.results import SCHEMA

SIGNATURES = {
    "Catalogue.load": "(*folders)",
    "Plan.load": "(path)",
    "Campaign.open": "(path)",
    "read_table": "(path, table)",
    "check": "(frame, table)",
    "compute": "(indicator_id, frame, *, by=None, period=None)",
    "evaluate": "(source, *, indicators=None, by=None, period=None, engine='duckdb')",
    "compare": "(results, *, indicator, reference='tous', period=None)",
    "build_book": "(results_dir, out, *, diffusion='public', lang='fr')",
    "Results.to_frame": "(self)",
    "Results.to_pandas": "(self)",
    "Results.to_dict": "(self)",
}
COMMANDS = {
    "evaluate": {"folder", "--out", "--strict", "--engine", "--no-book", "--timings", "--quiet", "--json"},
    "check": {"path", "--table", "--quiet", "--json"},
    "template": {"--out"},
    "list": {"--json"},
    "show": {"indicator"},
    "sql": {"indicator", "--dialect"},
    "verifier": {"folders", "--json"},
    "mapping": {"file", "--definitions", "--json"},
    "example": {"folder", "--seed", "--quiet"},
    "book": {"results", "--out"},
}
COLUMNS = """
    indicator, version, definition_hash, objective, table, kind, geo_level, territory, period_start, period_end,
    breakdown, modality, numerator, denominator, n, n_missing, n_clusters, n_effective, value, unit, low, high,
    confidence, method, reason, notes, reference, reference_value, comparison, rank, rank_low, rank_high, trend, target,
    target_gap, n_attendus, n_repondants, taux_reponse, couverture_emplois, panel_constant, obs_status, conf_status,
    diffusion, synthetic, source_hash
"""


def _find(name: str):
    found = ess_impact
    for part in name.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize(("name", "signature"), SIGNATURES.items())
def test_signature_starts_as_agreed(name: str, signature: str) -> None:
    """What is agreed comes first and unchanged; what is added is an option by keyword."""
    scope: dict[str, object] = {}
    exec(f"def agreed{signature}: ...", scope)
    agreed = list(inspect.signature(scope["agreed"]).parameters.values())
    actual = list(inspect.signature(_find(name)).parameters.values())
    shapes = [(one.name, one.kind, one.default) for one in actual]
    assert [(one.name, one.kind, one.default) for one in agreed if one.kind is not one.KEYWORD_ONLY] == [
        shape for shape in shapes if shape[1] is not inspect.Parameter.KEYWORD_ONLY
    ]
    assert {(one.name, one.kind, one.default) for one in agreed} <= set(shapes)
    assert not [one.name for one in actual[len(agreed) :] if one.default is one.empty]


def _starred(name: str, value: object) -> list[str]:
    """Public functions, and public methods of public classes, that take *args or **kwargs."""
    if inspect.isclass(value):
        methods = {key: getattr(value, key) for key in vars(value) if not key.startswith("_")}
        return [one for key, method in methods.items() for one in _starred(f"{name}.{key}", method)]
    if not inspect.isroutine(value):
        return []
    kinds = {one.kind for one in inspect.signature(value).parameters.values()}
    return [name] if kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD} else []


def test_only_the_catalogue_takes_any_number_of_arguments() -> None:
    public = {name: getattr(ess_impact, name) for name in ess_impact.__all__}
    public |= {f"stats.{name}": getattr(ess_impact.stats, name) for name in ess_impact.stats.__all__}
    assert len(public) > 20
    assert [one for name, value in public.items() for one in _starred(name, value)] == ["Catalogue.load"]


def test_comparison_groups() -> None:
    assert set(get_args(ReferenceGroup)) == {"nation", "region", "pairs", "tous"}


def test_every_public_name_arrives() -> None:
    assert [name for name in (*ess_impact.__all__, "stats") if getattr(ess_impact, name, None) is None] == []
    assert {name.split(".")[0] for name in SIGNATURES} <= set(ess_impact.__all__)
    assert set(ess_impact.__all__) <= set(dir(ess_impact))


def test_an_absent_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="absent"):
        _ = ess_impact.absent


@pytest.mark.parametrize(("name", "options"), COMMANDS.items())
def test_command_takes_what_is_agreed(name: str, options: set[str]) -> None:
    command = typer.main.get_command(app).commands[name]
    taken = {word for one in command.params for word in (*one.opts, *one.secondary_opts)}
    assert options <= taken


def test_results_have_the_agreed_columns() -> None:
    assert list(SCHEMA) == COLUMNS.replace(",", " ").split()
