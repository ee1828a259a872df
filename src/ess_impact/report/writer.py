"""What every page of the book shares: templates, names, charts, addresses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from ess_impact.definitions.plans import Objective
from ess_impact.report.blocks import slug
from ess_impact.report.charts import Chart
from ess_impact.report.frames import Edition, IndicatorView
from ess_impact.report.labels import Names
from ess_impact.report.markup import as_myst
from ess_impact.text import typeset

OTHERS = "autres-indicateurs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of the book.

    Attributes
    ----------
    name : str
        Stem of the file.
    part : str
        Part of the table of contents; empty for the first page.
    short : str
        Name in the table of contents; empty for the title of the page.
    text : str
        MyST.
    """

    name: str
    part: str
    text: str
    short: str = ""


@dataclass(slots=True, kw_only=True)
class Writer:
    """Everything the pages share.

    Attributes
    ----------
    sources : pathlib.Path
        Static sources of the book.
    home : dict
        Page and anchor where each indicator is told in full.
    charts : dict
        Charts met while writing, by indicator.
    sheets : dict
        Page and anchor of the sheet of each indicator.
    """

    edition: Edition
    sources: Path
    names: Names
    home: dict[str, str] = field(default_factory=dict)
    charts: dict[str, Chart] = field(default_factory=dict)
    sheets: dict[str, str] = field(default_factory=dict)
    _environment: Environment = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # Kept: a template is compiled once, however many times it is filled.
        self._environment = Environment(
            loader=FunctionLoader(lambda name: self.read("templates", name)),
            autoescape=True,
            finalize=as_myst,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )

    def fill(self, template: str, **values: Any) -> str:
        """Fill a template; text is escaped for MyST unless it is already markup.

        Parameters
        ----------
        template : str
            Name in ``book/templates``.
        **values : object
            What the template names.

        Returns
        -------
        str
            MyST.
        """
        return self._environment.get_template(template).render(**values)

    def read(self, folder: str, name: str) -> str:
        """Read a text of the book, with the spaces and apostrophes of print.

        Parameters
        ----------
        folder, name : str
            ``templates``, ``pages`` or ``introductions``, and the file without extension.

        Returns
        -------
        str
            Empty when there is no such file.
        """
        path = self.sources / folder / f"{name}.md"
        return typeset(path.read_text(encoding="utf-8")) if path.is_file() else ""

    @property
    def notes(self) -> frozenset[str]:
        """Ids of the method notes that have a page."""
        return frozenset(self.edition.catalogue.methods)


def page_name(objective: Objective) -> str:
    """Return the name of the page of an objective.

    Parameters
    ----------
    objective : Objective
        Objective or theme of the plan.

    Returns
    -------
    str
        Stem of the file.
    """
    return OTHERS if objective.id == "autres_indicateurs" else f"{objective.kind}-{slug(objective.id)}"


def objectives_of(edition: Edition) -> Iterator[Objective]:
    """Yield the objectives of the plan, then the indicators it places nowhere.

    Parameters
    ----------
    edition : Edition
        The edition.

    Yields
    ------
    Objective
        The last one, "Autres indicateurs", only when there is something to put in it.
    """
    placed: set[str] = set()
    for objective in edition.plan.objectives if edition.plan else ():
        placed |= {one.indicator for one in objective.placements}
        yield objective
    left = [name for name in edition.views if name not in placed and _is_shown(edition.views[name])]
    if left:
        yield Objective.model_validate(
            {
                "id": "autres_indicateurs",
                "name": {"fr": "Autres indicateurs"},
                "short": {"fr": "Autres indicateurs"},
                "question": {"fr": "Ces indicateurs ne sont rattachés à aucun objectif du plan."},
                "kind": "theme",
                "indicators": [{"indicator": name} for name in left],
            }
        )


def _is_shown(view: IndicatorView) -> bool:
    return view.headline is not None or bool(view.territories)


def target(url: str) -> str:
    """Return the MyST target of an indicator's section.

    Parameters
    ----------
    url : str
        Page and anchor.

    Returns
    -------
    str
        The anchor.

    Examples
    --------
    >>> target("objectif-o1.html#ind-taux")
    '#ind-taux'
    """
    return "#" + url.partition("#")[2]
