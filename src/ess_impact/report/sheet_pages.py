"""The sheet of each indicator in the book: what, why, formula, SQL, source, limits, example, history."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from ess_impact.definitions.plans import Objective
from ess_impact.report.blocks import definition_list, details, slug
from ess_impact.report.evolution_frames import FormerFigure
from ess_impact.report.evolution_sentences import WHY_NOT, break_sentence
from ess_impact.report.frames import IndicatorView
from ess_impact.report.indicator_sheet import IndicatorSheet, WorkedExample, indicator_sheet
from ess_impact.report.labels import AVAILABILITY, french, label_of
from ess_impact.report.markup import as_code, as_html, block, link, trusted
from ess_impact.report.tables import table
from ess_impact.report.writer import OTHERS, Page, Writer, page_name, target
from ess_impact.text import format_date, format_period, format_value, typeset

PREFIX = "fiches-"
_ENGINES = {"duckdb": "DuckDB", "postgres": "PostgreSQL", "spark": "Spark"}
_OPEN_EXAMPLES = 1


def drafts_table(views: Sequence[IndicatorView], sheets: Mapping[str, str]) -> Markup:
    """Write the indicators that are not computed yet, and what it would take.

    Parameters
    ----------
    views : sequence of IndicatorView
        Indicators in draft.
    sheets : mapping of str to str
        Address of the sheet of each.

    Returns
    -------
    markupsafe.Markup
        The table.
    """
    rows = []
    for view in views:
        one = view.indicator
        origin = typeset(", ".join(part for part in (one.source.provider, one.source.dataset) if part))
        rows.append(
            [
                link(sheets.get(one.id, ""), french(one.name)),
                label_of(AVAILABILITY, one.disponibilite),
                origin,
                typeset("\u00a0; ".join(point.rstrip(".") for point in one.a_verifier)) or "–",
            ]
        )
    header = ["Indicateur", "Disponibilité", "Source qu’il faudrait", "À vérifier d’abord"]
    return table("Indicateurs en projet", header, rows)


def place_sheets(writer: Writer, objectives: Sequence[Objective]) -> None:
    """Decide on which page the sheet of each indicator stands: that of the first objective it serves.

    Parameters
    ----------
    writer : Writer
        The edition being written; its ``sheets`` are filled.
    objectives : sequence of Objective
        Objectives and themes, in order.
    """
    for objective in objectives:
        for placement in objective.placements:
            if placement.indicator in writer.edition.views:
                writer.sheets.setdefault(placement.indicator, _address(page_name(objective), placement.indicator))
    for name in writer.edition.views:
        writer.sheets.setdefault(name, _address(OTHERS, name))


def _address(page: str, indicator: str) -> str:
    return f"{PREFIX}{page}.html#fiche-{slug(indicator)}"


def sheet_pages(writer: Writer, objectives: Sequence[Objective]) -> Iterator[Page]:
    """Write the sheets of the indicators, one page per objective: a page each would treble the time of the book.

    Parameters
    ----------
    writer : Writer
        The edition being written, its sheets placed.
    objectives : sequence of Objective
        Objectives and themes, in order.

    Yields
    ------
    Page
        In the order of the plan.
    """
    part = "Fiches des indicateurs"
    titles = {page_name(one): french(one.short) for one in objectives}
    pages: dict[str, list[str]] = {}
    for name, address in writer.sheets.items():
        pages.setdefault(address.partition(".")[0], []).append(name)
    for page, names in pages.items():
        title = titles.get(page.removeprefix(PREFIX), "Autres indicateurs")
        sections = [_section(writer, writer.edition.views[name]) for name in names]
        text = writer.fill("fiches", title=title, sections=[trusted(one) for one in sections])
        yield Page(name=page, part=part, text=text, short=title)


def _section(writer: Writer, view: IndicatorView) -> str:
    sheet = indicator_sheet(writer.edition.catalogue, view.indicator, writer.edition.plan)
    home = writer.home.get(sheet.id, "")
    return writer.fill(
        "fiche",
        anchor=trusted(f"(fiche-{slug(sheet.id)})="),
        name=typeset(sheet.name),
        home=trusted(f"[Ses chiffres]({target(home)})") if home else "",
        definition=typeset(sheet.definition),
        rationale=typeset(sheet.rationale),
        limitations=typeset(sheet.limitations),
        formula=typeset(sheet.formula),
        latex=trusted(sheet.latex),
        symbols=[(trusted(symbol), typeset(words)) for symbol, words in sheet.symbols],
        uses=[block(one) for one in _uses(sheet)],
        sql=[block(details(f"SQL, {_ENGINES[name]}", as_code(text))) for name, text in sheet.sql.items()],
        facts=block(definition_list([*((term, typeset(text)) for term, text in sheet.facts), *_source(sheet)])),
        examples=[block(_example(place, one)) for place, one in enumerate(sheet.examples, start=1) if one.header],
        history=block(_history(sheet)),
        breaks=[typeset(break_sentence(one)) for one in sheet.breaks],
        versions=[block(one) for one in _former(view, writer.edition.versions.get(sheet.id, ()))],
        points=[typeset(one) for one in sheet.to_check],
    )


def _source(sheet: IndicatorSheet) -> Iterator[tuple[str, object]]:
    name = typeset(sheet.source)
    yield "Source", link(sheet.source_url, name) if sheet.source_url else name
    if sheet.method:
        yield "Méthode", link(f"methode-{slug(sheet.method[0])}.html", typeset(sheet.method[1]))
    yield "Identifiant", sheet.id
    yield "Empreinte", sheet.digest


def _uses(sheet: IndicatorSheet) -> Iterator[Markup]:
    if sheet.numbers:
        rows = [
            [typeset(one.name), one.value, format_date(one.valid_from), typeset(one.source), _doubt(unsure=one.unsure)]
            for one in sheet.numbers
        ]
        header = ["Paramètre", "Valeur", "En vigueur depuis", "Source", "Réserve"]
        yield table("Paramètres datés de ce calcul", header, rows, numeric=[False, True, False, False, False])
    if sheet.lists:
        lists = [
            [typeset(one.name), typeset("\u00a0; ".join(one.codes)), typeset(one.source), _doubt(unsure=one.unsure)]
            for one in sheet.lists
        ]
        content = table("Nomenclatures", ["Nomenclature", "Codes", "Source", "Réserve"], lists, css="dense")
        yield details("Nomenclatures de ce calcul", content)


def _doubt(*, unsure: bool) -> str:
    return "à vérifier" if unsure else ""


def _example(place: int, example: WorkedExample) -> Markup:
    content = table(
        f"Exemple {place}\u00a0: lignes", [typeset(one) for one in example.header], example.rows, css="dense"
    )
    gives = definition_list([(typeset(label), value) for label, value in example.gives])
    whole = trusted(f"{content}\n<p>Ces lignes donnent\u00a0:</p>\n{gives}")
    return whole if place <= _OPEN_EXAMPLES else details(f"Exemple {place}", whole)


def _history(sheet: IndicatorSheet) -> Markup:
    rows = [
        [
            one.version,
            format_date(one.since),
            format_date(one.until) if one.until else "en vigueur",
            typeset(one.change) or "–",
        ]
        for one in sheet.history
    ]
    return table("Versions", ["Version", "Depuis le", "Jusqu’au", "Ce que la suivante a changé, et pourquoi"], rows)


def _former(view: IndicatorView, rows: Sequence[FormerFigure]) -> Iterator[Markup]:
    """Write the figures under each former version beside those of today, for the own territory."""
    own = [one for one in rows if not view.own or one.territory == view.own]
    for version in dict.fromkeys(one.previous_version for one in own):
        lines = [
            [
                format_period(one.period_start, one.period_end),
                _value(one.value, one.unit, one.reason),
                _value(one.previous_value, one.previous_unit, one.reason),
                _value(one.difference, one.difference_unit or one.unit, one.reason),
            ]
            for one in own
            if one.previous_version == version
        ]
        current = own[0].version
        header = ["Période", f"Version {current}", f"Version {version}", "Écart"]
        yield table(
            f"Avant et après le changement ({version} → {current})", header, lines, numeric=[False] + [True] * 3
        )


def _value(value: float | None, unit: str, reason: str | None) -> object:
    if value is not None:
        return format_value(value, unit)
    return as_html("secret statistique" if reason == "secret_statistique" else WHY_NOT.get(reason or "", "–"))
