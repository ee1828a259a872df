"""Pages that let a reader check: warnings, index of indicators, quality, sources, glossary, methods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from unicodedata import combining, normalize

from markupsafe import Markup

from ess_impact.report import quality
from ess_impact.report.blocks import slug
from ess_impact.report.labels import AVAILABILITY, LEVELS, STATUSES, french, label_of
from ess_impact.report.markup import as_myst, block, link, tame_note, trusted
from ess_impact.report.tables import table, value_cell
from ess_impact.report.writer import Page, Writer, objectives_of, page_name, target
from ess_impact.text import format_period, plural


def reading_pages(writer: Writer) -> Iterator[Page]:
    """Write the pages that help to read the figures.

    Parameters
    ----------
    writer : Writer
        The edition being written.

    Yields
    ------
    Page
        Warnings, index of indicators, quality of the data, sources, glossary.
    """
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
    shorts = {page_name(one): french(one.short) for one in objectives_of(edition)}
    rows = []
    for view in sorted(edition.views.values(), key=lambda one: _alphabetical(french(one.indicator.name))):
        indicator, figure = view.indicator, view.headline
        home = writer.home.get(indicator.id, "")
        page = home.partition(".")[0]
        state = "" if indicator.status == "active" else f" ({label_of(STATUSES, indicator.status)})"
        rows.append(
            [
                link(home or writer.sheets.get(indicator.id, ""), french(indicator.name) + ("" if home else state)),
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


def method_pages(writer: Writer) -> Iterator[Page]:
    """Write the list of methods and one page per note.

    Parameters
    ----------
    writer : Writer
        The edition being written.

    Yields
    ------
    Page
        The list first.
    """
    part = "Méthodes"
    notes = sorted(writer.edition.catalogue.methods.values(), key=lambda one: french(one.name))
    listed = "\n".join(f"- [{as_myst(french(note.name))}](methode-{slug(note.id)}.md)" for note in notes)
    yield Page(name="methodes", part=part, text=writer.fill("methodes", notes=trusted(listed)))
    for note in notes:
        body = tame_note(note.body)
        title = "" if body.lstrip().startswith("# ") else f"# {as_myst(french(note.name))}\n\n"
        users = sorted(
            (french(view.indicator.name), writer.home[name])
            for name, view in writer.edition.views.items()
            if view.indicator.method == note.id and name in writer.home
        )
        used = "".join(f"- [{as_myst(name)}]({target(url)})\n" for name, url in users)
        after = f"\n\n## Indicateurs qui l’emploient\n\n{used}" if used else ""
        source = f"\n\nCalcul\u00a0: `{note.function}`.\n"
        yield Page(name=f"methode-{slug(note.id)}", part=part, text=f"{title}{body}{after}{source}")
