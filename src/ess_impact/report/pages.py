"""Pages of the book: what each one says, written as MyST from templates."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unicodedata import combining, normalize

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from ess_impact.definitions.plans import Baseline, Objective, Placement
from ess_impact.report import quality
from ess_impact.report.blocks import card, cards, details, headline_value, origin, slug
from ess_impact.report.charts import Chart, chart_of
from ess_impact.report.frames import Edition, IndicatorView
from ess_impact.report.labels import AVAILABILITY, CIRCLES, LEVELS, STATUSES, Names, french, in_sentence, label_of
from ess_impact.report.markup import as_myst, block, link, tame_note
from ess_impact.report.sentences import placement_sentences, sentences_of
from ess_impact.report.tables import (
    baselines_table,
    breakdown_table,
    history_table,
    table,
    territories_table,
    value_cell,
)
from ess_impact.text import format_date, format_period, format_value, plural, typeset

OTHERS = "autres-indicateurs"
_OPEN_TABLES = 1
_MAX_TERRITORIES_OPEN = 20


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
    home : dict
        Page and anchor where each indicator is told in full.
    charts : dict
        Charts met while writing, by indicator.
    """

    edition: Edition
    sources: Path
    names: Names
    home: dict[str, str] = field(default_factory=dict)
    charts: dict[str, Chart] = field(default_factory=dict)

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
        environment = Environment(
            loader=FunctionLoader(lambda name: self.read("templates", name)),
            autoescape=True,
            finalize=as_myst,
            trim_blocks=True,
            lstrip_blocks=True,
            undefined=StrictUndefined,
        )
        return environment.get_template(template).render(**values)

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


def write_pages(edition: Edition, sources: Path) -> tuple[list[Page], dict[str, Chart]]:
    """Write every page of the book.

    Parameters
    ----------
    edition : Edition
        Results read for one circle of readers.
    sources : pathlib.Path
        Folder ``book/``: templates, introductions and static pages.

    Returns
    -------
    list of Page
        In the order of the table of contents.
    dict of str to Chart
        Chart of each indicator that has one.
    """
    writer = Writer(edition=edition, sources=sources, names=Names(edition.catalogue))
    objectives = list(_objectives(edition))
    for objective in objectives:
        for placement in objective.placements:
            if placement.indicator in edition.views:
                view = edition.views[placement.indicator]
                writer.home.setdefault(view.indicator.id, f"{page_name(objective)}.html#{view.anchor}")
    numbers = {one.id: place for place, one in enumerate((o for o in objectives if o.kind == "objectif"), start=1)}
    middle = [_objective_page(writer, objective, numbers.get(objective.id)) for objective in objectives]
    reading = [*_reading_pages(writer), *_method_pages(writer)]
    return [_home_page(writer, objectives), *middle, *reading], writer.charts


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


def _objectives(edition: Edition) -> Iterator[Objective]:
    """Yield the objectives of the plan, then the indicators it places nowhere."""
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
    return view.headline is not None or bool(view.territories) or view.indicator.status == "active"


def _objective_page(writer: Writer, objective: Objective, number: int | None) -> Page:
    edition = writer.edition
    placements = [one for one in objective.placements if one.indicator in edition.views]
    heads = [edition.views[one.indicator] for one in placements if one.headline]
    published = [one for one in _baselines(edition) if one.objective == objective.id and one.indicator is None]
    page = page_name(objective)
    text = writer.fill(
        "objectif",
        title=f"Objectif {number} – {french(objective.name)}" if number else french(objective.name),
        question=french(objective.question) if objective.question else "",
        introduction=Markup(writer.read("introductions", objective.id)),  # noqa: S704
        cards=_block(cards(card(view, writer.home[view.indicator.id]) for view in heads)),
        sections=[Markup(_section(writer, placement, page)) for placement in placements],  # noqa: S704
        baselines=_block(baselines_table(published)) if published else "",
    )
    part = "Objectifs du plan" if objective.kind == "objectif" else "Thèmes"
    short = f"{number}. {french(objective.short)}" if number else french(objective.short)
    return Page(name=page, part=part, text=text, short=short)


def _block(content: Markup) -> Markup:
    return block(content) if content else content


def _baselines(edition: Edition) -> tuple[Baseline, ...]:
    return edition.plan.baselines if edition.plan else ()


def _section(writer: Writer, placement: Placement, page: str) -> str:
    view = writer.edition.views[placement.indicator]
    indicator = view.indicator
    main = writer.home[indicator.id].startswith(f"{page}.html")
    beside = [one for one in _baselines(writer.edition) if one.indicator == indicator.id]
    told = [*sentences_of(indicator, view.headline, len(view.territories))]
    told += placement_sentences(placement, indicator.unit, view.headline)
    elsewhere = "" if main else f"Le détail est sur [une autre page]({_target(writer.home[indicator.id])})."
    return writer.fill(
        "indicateur",
        anchor=Markup(f"({view.anchor})=") if main else "",  # noqa: S704
        name=french(indicator.name),
        value=block(headline_value(view)),
        lead=told[0],
        sentences=told[1:],
        elsewhere=Markup(elsewhere),  # noqa: S704
        chart=_figure(writer, view, placement) if main else "",
        tables=_tables(writer, view) if main else [],
        baselines=_block(baselines_table(beside, indicator.unit)) if beside else "",
        limitations=french(indicator.limitations),
        origin=block(origin(view, writer.edition, writer.names)),
    )


def _target(url: str) -> str:
    """Return the MyST target of an indicator's section."""
    return "#" + url.partition("#")[2]


def _figure(writer: Writer, view: IndicatorView, placement: Placement) -> Markup:
    unit = view.indicator.unit
    references = {f"repère {format_value(one.value, unit)}": float(one.value) for one in placement.references}
    chart = chart_of(view, writer.names, references=references)
    if chart is None:
        return Markup("")
    writer.charts[chart.name] = chart
    alt = json.dumps(chart.alt, ensure_ascii=False)
    return Markup(  # noqa: S704
        f"```{{figure}} graphiques/{chart.name}.svg\n:name: fig-{slug(chart.name)}\n:alt: {alt}\n\n"
        f"{as_myst(chart.caption)}\n```"
    )


def _tables(writer: Writer, view: IndicatorView) -> list[Markup]:
    found = [block(history_table(view, writer.notes))] if view.history else []
    if view.territories:
        ranking = territories_table(view, writer.names)
        ranked = any(one.rank is not None for one in view.territories)
        summary = f"{'Classement' if ranked else 'Valeurs'} des {len(view.territories)} territoires"
        long = len(view.territories) > _MAX_TERRITORIES_OPEN
        found.append(block(details(summary, ranking) if long else ranking))
    for place, breakdown in enumerate(sorted(view.breakdowns, key=lambda name: name.count("*"))):
        content = breakdown_table(view, breakdown, writer.names)
        label = writer.names.breakdown(view.indicator, breakdown)
        fold = place >= _OPEN_TABLES or "*" in breakdown
        found.append(block(details(f"Par {in_sentence(label)}", content) if fold else content))
    return found


def _home_page(writer: Writer, objectives: Sequence[Objective]) -> Page:
    edition = writer.edition
    plan = edition.plan
    heads = [
        edition.views[one.indicator]
        for objective in objectives
        for one in objective.placements
        if one.headline and one.indicator in edition.views
    ]
    unique = {view.indicator.id: view for view in heads}
    name = f"« {french(plan.name)} » ({french(plan.territory)})" if plan else "la politique"
    lead = (
        f"Ce livre décrit, chiffres à l’appui, la mise en œuvre de {name} pour la campagne {edition.provenance.campagne}. "
        "Il s’adresse aux élus, aux membres de la CDESS, aux services et aux structures. "
        f"C’est l’{label_of(CIRCLES, edition.diffusion)} ; les données sont arrêtées au "
        f"{format_date(edition.provenance.date_reference)}."
    )
    text = writer.fill(
        "accueil",
        title=book_title(edition),
        lead=lead,
        cards=_block(cards(card(view, writer.home[name]) for name, view in unique.items())),
        answered=[one for one in (quality.answered(edition), quality.set_aside(edition)) if one],
        contents=Markup(  # noqa: S704
            "\n".join(
                f"- [{as_myst(french(one.name))}]({page_name(one)}.md)\u00a0: "
                f"{as_myst(plural(sum(p.indicator in edition.views for p in one.placements), 'indicateur'))}"
                for one in objectives
            )
        ),
    )
    return Page(name="index", part="", text=text)


def book_title(edition: Edition) -> str:
    """Return the title of the book.

    Parameters
    ----------
    edition : Edition
        The edition.

    Returns
    -------
    str
        Policy, territory and campaign.
    """
    place = f" – {french(edition.plan.territory)}" if edition.plan else ""
    year = f" – campagne {edition.provenance.campagne}" if edition.provenance.campagne else ""
    return f"Évaluation de la politique d’économie sociale et solidaire{place}{year}"


def short_title(edition: Edition) -> str:
    """Return the title of the book for the side bar and the browser's tab.

    Parameters
    ----------
    edition : Edition
        The edition.

    Returns
    -------
    str
        "Évaluation ESS – Pas-de-Calais – 2025".
    """
    place = french(edition.plan.territory) if edition.plan else ""
    return " – ".join(part for part in ("Évaluation ESS", place, edition.provenance.campagne) if part)


def _reading_pages(writer: Writer) -> Iterator[Page]:
    part = "Comprendre et vérifier"
    edition = writer.edition
    yield Page(name="avertissements", part=part, text=writer.read("pages", "avertissements"))
    yield Page(name="indicateurs", part=part, text=_index_page(writer))
    text = writer.fill(
        "qualite",
        answered=[one for one in (quality.answered(edition), quality.set_aside(edition)) if one],
        tables=block(quality.tables_table(edition)),
        rules=_or_none(edition.provenance.regles, quality.rules_table(edition), "Aucune faute, aucune alerte."),
        conversions=_or_none(edition.provenance.conversions, quality.conversions_table(edition), "Aucune conversion."),
        files=_or_none(edition.provenance.fichiers, quality.files_table(edition), "Aucun fichier."),
    )
    yield Page(name="qualite", part=part, text=text)
    points = list(quality.open_points(edition))
    text = writer.fill(
        "sources",
        tables=block(quality.sources_tables(edition)),
        codelists=block(quality.codelists_table(edition)),
        parameters=block(quality.parameters_table(edition)) if edition.catalogue.parameters else "",
        points=block(table("Points ouverts", ["Où", "À vérifier"], points)) if points else "",
    )
    yield Page(name="sources", part=part, text=text)
    yield Page(name="glossaire", part=part, text=writer.read("pages", "glossaire"))


def _or_none(entries: Sequence[Mapping[str, Any]], content: Markup, nothing: str) -> Markup | str:
    return block(content) if entries else nothing


def _index_page(writer: Writer) -> str:
    edition = writer.edition
    shorts = {page_name(one): french(one.short) for one in _objectives(edition)}
    rows = []
    for view in sorted(edition.views.values(), key=lambda one: _alphabetical(french(one.indicator.name))):
        indicator, figure = view.indicator, view.headline
        home = writer.home.get(indicator.id, "")
        page = home.partition(".")[0]
        state = "" if indicator.status == "active" else f" ({label_of(STATUSES, indicator.status)})"
        rows.append(
            [
                link(home, french(indicator.name)) if home else french(indicator.name) + state,
                link(f"{page}.html", shorts[page]) if home else "–",
                value_cell(figure) if figure else "–",
                format_period(figure.period_start, figure.period_end) if figure else "",
                label_of(LEVELS, indicator.niveau),
                label_of(AVAILABILITY, indicator.disponibilite),
            ]
        )
    header = ["Indicateur", "Objectif ou thème", "Valeur", "Période", "Nature", "Source"]
    content = table("Indicateurs", header, rows, numeric=[False, False, True, False, False, False], css="dense")
    return writer.fill("indicateurs", count=f"{plural(len(rows), 'indicateur')}.", table=block(content))


def _alphabetical(text: str) -> str:
    """Return a sorting key that ignores accents and case, as a French index does."""
    return "".join(one for one in normalize("NFD", text.casefold()) if not combining(one))


def _method_pages(writer: Writer) -> Iterator[Page]:
    part = "Méthodes"
    notes = sorted(writer.edition.catalogue.methods.values(), key=lambda one: french(one.name))
    listed = "\n".join(f"- [{as_myst(french(note.name))}](methode-{slug(note.id)}.md)" for note in notes)
    yield Page(name="methodes", part=part, text=writer.fill("methodes", notes=Markup(listed)))  # noqa: S704
    for note in notes:
        body = tame_note(note.body)
        title = "" if body.lstrip().startswith("# ") else f"# {as_myst(french(note.name))}\n\n"
        users = sorted(
            (french(view.indicator.name), writer.home[name])
            for name, view in writer.edition.views.items()
            if view.indicator.method == note.id and name in writer.home
        )
        used = "".join(f"- [{as_myst(name)}]({_target(url)})\n" for name, url in users)
        after = f"\n\n## Indicateurs qui l’emploient\n\n{used}" if used else ""
        source = f"\n\nCalcul\u00a0: `{note.function}`.\n"
        yield Page(name=f"methode-{slug(note.id)}", part=part, text=f"{title}{body}{after}{source}")
