"""Evaluate a territorial policy for the social and solidarity economy.

Importing this package loads no data library: each public name arrives on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ess_impact._version import __version__

if TYPE_CHECKING:
    from ess_impact.data.checking import Checked, check
    from ess_impact.data.reading import read_table
    from ess_impact.definitions.catalogue import Catalogue
    from ess_impact.definitions.plans import Plan
    from ess_impact.evaluation.campaign import Campaign
    from ess_impact.evaluation.comparison import Comparison, compare
    from ess_impact.evaluation.indicators import compute, evaluate
    from ess_impact.evaluation.results import Results
    from ess_impact.report.book import build_book
    from ess_impact.stats.intervals import NotEstimable

_HOMES = {
    "Campaign": "ess_impact.evaluation.campaign",
    "Catalogue": "ess_impact.definitions.catalogue",
    "Checked": "ess_impact.data.checking",
    "Comparison": "ess_impact.evaluation.comparison",
    "NotEstimable": "ess_impact.stats.intervals",
    "Plan": "ess_impact.definitions.plans",
    "Results": "ess_impact.evaluation.results",
    "build_book": "ess_impact.report.book",
    "check": "ess_impact.data.checking",
    "compare": "ess_impact.evaluation.comparison",
    "compute": "ess_impact.evaluation.indicators",
    "evaluate": "ess_impact.evaluation.indicators",
    "read_table": "ess_impact.data.reading",
}

__all__ = [
    "Campaign",
    "Catalogue",
    "Checked",
    "Comparison",
    "NotEstimable",
    "Plan",
    "Results",
    "__version__",
    "build_book",
    "check",
    "compare",
    "compute",
    "evaluate",
    "read_table",
]


def __getattr__(name: str) -> Any:
    if name == "stats":
        return import_module("ess_impact.stats")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "stats"])
