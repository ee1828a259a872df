"""The sheet of each indicator in the book: what, why, formula, SQL, source, limits, example, history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from ess_impact.report.blocks import definition_list, details, slug
from ess_impact.report.evolution_frames import FormerFigure
from ess_impact.report.evolution_sentences import WHY_NOT, break_sentence
from ess_impact.report.frames import IndicatorView
from ess_impact.report.indicator_sheet import IndicatorSheet, WorkedExample, indicator_sheet
from ess_impact.report.labels import french
from ess_impact.report.markup import as_code, as_html, as_myst, block, link, trusted
from ess_impact.report.tables import table
from ess_impact.report.writer import Page, Writer, target
from ess_impact.text import format_date, format_period, format_value, typeset

PREFIX = "fiche-"
_ENGINES = {"duckdb": "DuckDB", "postgres": "PostgreSQL", "spark": "Spark"}
_OPEN_EXAMPLES = 1


def sheet_name(indicator: str) -> str:
    """Return the page of an indicator's sheet.

    Parameters
    ----------
    indicator : str
        Its id.

    Returns
    -------
    str
        Stem of the file.

    Examples
    --------
    >>> sheet_name("part_femmes")
    'fiche-part-femmes'
    """
    return PREFIX + slug(indicator)


def sheet_pages(writer: Writer) -> Iterator[Page]:
    """Write the list of the sheets, and one page per indicator.

    Parameters
    ----------
    writer : Writer
        The edition being written.

    Yields
    ------
    Page
        The list first.
    """
    part = "Comprendre et vérifier"
    views = sorted(writer.edition.views.values(), key=lambda one: french(one.indicator.name).casefold())
    listed = "\n".join(
        f"- [{as_myst(french(view.indicator.name))}]({sheet_name(view.indicator.id)}.md)" for view in views
    )
    yield Page(name="fiches", part=part, text=writer.fill("fiches", sheets=trusted(listed)))
    for view in views:
        sheet = indicator_sheet(writer.edition.catalogue, view.indicator, writer.edition.plan)
        yield Page(name=sheet_name(view.indicator.id), part=part, text=_page(writer, view, sheet))


def _page(writer: Writer, view: IndicatorView, sheet: IndicatorSheet) -> str:
    home = writer.home.get(sheet.id, "")
    return writer.fill(
        "fiche",
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
        examples=[block(_example(place, one)) for place, one in enumerate(sheet.examples, start=1)],
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
