"""Pages of the book: the first one, and one per objective and theme of the plan."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from markupsafe import Markup

from ess_impact.definitions.plans import Baseline, Objective, Placement
from ess_impact.definitions.versions import breaks_of
from ess_impact.report import quality
from ess_impact.report.blocks import card, cards, chapter_contents, details, headline_value, origin, slug
from ess_impact.report.calibrated_sentences import calibrated_sentences
from ess_impact.report.change_chart import change_chart
from ess_impact.report.charts import Chart, chart_of, scale_of
from ess_impact.report.evolution_sentences import evolution_sentences, latest_change, of_totals
from ess_impact.report.frames import Edition, IndicatorView
from ess_impact.report.labels import CIRCLES, Names, french, in_sentence, label_of
from ess_impact.report.markup import as_myst, block, trusted
from ess_impact.report.plan_sentences import placement_sentences
from ess_impact.report.reference_pages import method_pages, reading_pages
from ess_impact.report.sentences import sentences_of
from ess_impact.report.series_chart import marks_of
from ess_impact.report.sheet_pages import drafts_table, place_sheets, sheet_pages
from ess_impact.report.tables import baselines_table, breakdown_tables, history_table, territories_table
from ess_impact.report.writer import Page, Writer, objectives_of, page_name, target
from ess_impact.text import format_date, format_value, plural, typeset

_OPEN_TABLES = 1
_MAX_TERRITORIES_OPEN = 20


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
    objectives = list(objectives_of(edition))
    for objective in objectives:
        for placement in objective.placements:
            view = edition.views.get(placement.indicator)
            if view is not None and not _is_draft(view):
                writer.home.setdefault(view.indicator.id, f"{page_name(objective)}.html#{view.anchor}")
    place_sheets(writer, objectives)
    numbers = {one.id: place for place, one in enumerate((o for o in objectives if o.kind == "objectif"), start=1)}
    middle = [_objective_page(writer, objective, numbers.get(objective.id)) for objective in objectives]
    reading = [*reading_pages(writer), *sheet_pages(writer, objectives), *method_pages(writer)]
    return [_home_page(writer, objectives), *middle, *reading], writer.charts


def _objective_page(writer: Writer, objective: Objective, number: int | None) -> Page:
    edition = writer.edition
    known = [one for one in objective.placements if one.indicator in edition.views]
    placements = [one for one in known if not _is_draft(edition.views[one.indicator])]
    drafts = [edition.views[one.indicator] for one in known if one not in placements]
    heads = [edition.views[one.indicator] for one in placements if one.headline]
    published = [one for one in _baselines(edition) if one.objective == objective.id and one.indicator is None]
    page = page_name(objective)
    text = writer.fill(
        "objectif",
        title=f"Objectif {number} – {french(objective.name)}" if number else french(objective.name),
        question=french(objective.question) if objective.question else "",
        introduction=trusted(writer.read("introductions", objective.id)),
        cards=_block(cards(card(view, writer.names, writer.home[view.indicator.id]) for view in heads)),
        contents=_block(
            chapter_contents([edition.views[one.indicator] for one in placements], writer.names, writer.home)
        ),
        changes=_changes(writer, objective, placements),
        sections=[trusted(_section(writer, placement, page)) for placement in placements],
        drafts=_block(drafts_table(drafts, writer.sheets)) if drafts else "",
        baselines=_block(baselines_table(published)) if published else "",
    )
    part = "Objectifs du plan" if objective.kind == "objectif" else "Thèmes"
    short = f"{number}. {french(objective.short)}" if number else french(objective.short)
    return Page(name=page, part=part, text=text, short=short)


def _is_draft(view: IndicatorView) -> bool:
    return view.indicator.status == "draft"


def _block(content: Markup) -> Markup:
    return block(content) if content else content


def _baselines(edition: Edition) -> tuple[Baseline, ...]:
    return edition.plan.baselines if edition.plan else ()


def _section(writer: Writer, placement: Placement, page: str) -> str:
    view = writer.edition.views[placement.indicator]
    indicator = view.indicator
    main = writer.home[indicator.id].startswith(f"{page}.html")
    beside = [one for one in _baselines(writer.edition) if one.indicator == indicator.id]
    ranked = sum(one.rank is not None for one in view.territories)
    told = sentences_of(indicator, view.headline, ranked, writer.names.parts(indicator))
    told += evolution_sentences(
        view,
        writer.edition.evolutions.get(indicator.id, ()),
        breaks_of(writer.edition.catalogue.indicators, indicator),
    )
    told += calibrated_sentences(view, writer.edition.calibrated.get(indicator.id, ()))
    told += placement_sentences(placement, indicator.unit, view.headline)
    elsewhere = "" if main else f"Le détail est sur [une autre page]({target(writer.home[indicator.id])})."
    return writer.fill(
        "indicateur",
        anchor=trusted(f"({view.anchor})=") if main else "",
        name=french(indicator.name),
        value=block(headline_value(view)),
        lead=told[0],
        sentences=told[1:],
        elsewhere=trusted(elsewhere),
        chart=_figure(writer, view, placement) if main else "",
        tables=_tables(writer, view) if main else [],
        baselines=_block(baselines_table(beside, indicator.unit)) if beside else "",
        limitations=french(indicator.limitations),
        origin=block(origin(view, writer.edition, writer.names, writer.sheets[indicator.id])),
    )


def _changes(writer: Writer, objective: Objective, placements: Sequence[Placement]) -> Markup:
    """Draw the changes of the shares of an objective, where there are several."""
    moved = []
    for placement in placements:
        view = writer.edition.views[placement.indicator]
        change = latest_change(of_totals(view, writer.edition.evolutions.get(placement.indicator, ())))
        if change is not None:
            moved.append((view, change))
    chart = change_chart(slug(f"variations-{page_name(objective)}"), moved)
    if chart is None:
        return trusted("")
    writer.charts[chart.name] = chart
    return _drawn(chart)


def _drawn(chart: Chart) -> Markup:
    alt = json.dumps(chart.alt, ensure_ascii=False)
    return trusted(
        f"```{{figure}} graphiques/{chart.name}.svg\n:name: fig-{slug(chart.name)}\n:alt: {alt}\n\n"
        f"{as_myst(chart.caption)}\n```"
    )


def _figure(writer: Writer, view: IndicatorView, placement: Placement) -> Markup:
    unit = view.indicator.unit
    references = {f"repère {format_value(one.value, unit)}": float(one.value) for one in placement.references}
    chart = chart_of(view, writer.names, references=references, marks=marks_of(writer.edition, view, placement))
    if chart is None:
        return trusted("")
    writer.charts[chart.name] = chart
    return _drawn(chart)


def _tables(writer: Writer, view: IndicatorView) -> list[Markup]:
    found = [block(history_table(view, writer.names, writer.notes))] if view.history else []
    if view.territories:
        ranking = territories_table(view, writer.names)
        ranked = sum(one.rank is not None for one in view.territories)
        summary = f"Rangs de {ranked} territoires" if ranked else f"Valeurs de {len(view.territories)} territoires"
        long = len(view.territories) > _MAX_TERRITORIES_OPEN
        found.append(block(details(summary, ranking) if long else ranking))
    scale = scale_of(view)
    contents = breakdown_tables(view, writer.names)
    masked = contents.pop("", None)
    for place, breakdown in enumerate(sorted(contents, key=lambda name: (name.count("*"), name != scale))):
        content = contents[breakdown]
        label = writer.names.breakdown(view.indicator, breakdown)
        fold = place >= _OPEN_TABLES or "*" in breakdown
        found.append(block(details(f"Par {in_sentence(label)}", content) if fold else content))
    return [*found, block(masked)] if masked else found


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
    name = f"la politique «\u00a0{french(plan.name)}\u00a0» ({french(plan.territory)})" if plan else "la politique"
    lead = (
        f"Ce livre décrit, chiffres à l’appui, la mise en œuvre de {name} "
        f"pour la campagne {edition.provenance.campagne}. "
        "Il s’adresse aux élus, aux membres du CDESS, aux services et aux structures. "
        f"C’est l’{label_of(CIRCLES, edition.diffusion)} ; les données sont arrêtées au "
        f"{format_date(edition.provenance.date_reference)}."
    )
    text = writer.fill(
        "accueil",
        title=book_title(edition),
        lead=typeset(lead),
        cards=_block(cards(card(view, writer.names, writer.home[name]) for name, view in unique.items())),
        answered=[one for one in (quality.answered(edition), quality.set_aside(edition)) if one],
        contents=trusted(
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
