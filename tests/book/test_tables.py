"""Tables of the book: units in their headers, one sentence where secrecy leaves nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

from book_factory import row

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.report.blocks import card, chapter_contents
from ess_impact.report.council_tables import breakdown_tables as printed_tables
from ess_impact.report.frames import Figure, IndicatorView, view_of
from ess_impact.report.labels import Names
from ess_impact.report.tables import breakdown_tables, history_table

CATALOGUE = Catalogue.load()
NAMES = Names(CATALOGUE)
HIDDEN: dict[str, Any] = {"conf_status": "C", "reason": "secret_statistique", "confidence": None}
LAST = {"period_start": date(2024, 1, 1), "period_end": date(2024, 12, 31)}


def view(indicator: str, *rows: dict[str, Any]) -> IndicatorView:
    return view_of(CATALOGUE[indicator], [Figure(**row(indicator, **one)) for one in rows], "62")


def test_a_quotient_is_shown_with_its_units_or_not_at_all() -> None:
    parts = {"kind": "ratio", "value": 0.5, "numerator": 24562530.0, "denominator": 16000000.0, "n": 16}
    shown = history_table(view("aide_par_etp_insertion", parts), NAMES)
    assert "Numérateur / dénominateur (€ / ETP)" in shown
    assert "24\u202f562\u202f530 / 16\u202f000\u202f000,0" in shown
    raw = history_table(view("emissions_evitees_report_modal", parts), NAMES)
    assert "Numérateur" not in raw
    assert "24" not in raw.replace("2024", "")


def test_persons_and_rows_are_not_mistaken() -> None:
    shown = history_table(view("personnes_en_parcours", {"kind": "distinct", "value": 518.0, "n": 539}), NAMES)
    assert "Lignes comptées" in shown
    assert "Observations" not in shown


def test_tables_of_hidden_cells_are_one_sentence() -> None:
    cells = [HIDDEN | {"breakdown": "sexe", "modality": code} for code in ("F", "H", "_U")]
    cells += [HIDDEN | {"breakdown": "epci", "modality": "Ici"}]
    found = view("taux_sorties_dynamiques", {"value": 0.5, "n": 40}, *cells)
    assert list(breakdown_tables(found, NAMES)) == [""]
    shown = breakdown_tables(found, NAMES)[""]
    assert "Par sexe et intercommunalité (EPCI)\u00a0: 4\u00a0cellules, toutes masquées par le secret stat" in shown
    assert "trop peu de personnes y sont comptées" in shown
    assert printed_tables(found, NAMES) == []


def test_a_table_that_shows_one_cell_is_kept() -> None:
    cells = [{"breakdown": "sexe", "modality": "F", "value": 0.5}, HIDDEN | {"breakdown": "sexe", "modality": "H"}]
    found = view("taux_sorties_dynamiques", {"value": 0.5, "n": 40}, *cells)
    assert "secret statistique" in breakdown_tables(found, NAMES)["sexe"]
    assert len(printed_tables(found, NAMES)) == 1


def test_years_that_are_all_hidden_are_one_sentence() -> None:
    shown = history_table(view("part_femmes", HIDDEN | LAST, HIDDEN), NAMES)
    assert "Par année (ensemble)\u00a0: 2\u00a0cellules, toutes masquées" in shown
    assert "trop peu d’entreprises" in shown


def test_years_whose_intervals_are_not_alike_are_named() -> None:
    usual = {"kind": "ratio", "value": 0.6, "low": 0.5, "high": 0.7}
    both = [usual | LAST, usual | {"n_attendus": 172, "n_repondants": 158}]
    assert "attendues n’est pas connu en 2024" in history_table(view("part_femmes", *both), NAMES)
    assert "n’est pas connu" not in history_table(view("part_femmes", usual | LAST, usual), NAMES)


def test_a_chapter_starts_with_its_indicators_and_who_answered() -> None:
    views = [
        view("part_femmes", {"value": 0.6, "n_attendus": 172, "n_repondants": 158}),
        view("taux_presence_cdess", {"value": 0.7, "n": 18}),
    ]
    home = {one.indicator.id: f"page.html#{one.anchor}" for one in views}
    shown = chapter_contents(views, NAMES, home)
    assert "Les 2 indicateurs de ce chapitre" in shown
    assert 'href="page.html#ind-part-femmes"' in shown
    assert "158 / 172" in shown
    assert chapter_contents(views[:1], NAMES, home) == ""
    assert "données d’un service" in card(views[1], NAMES)


def test_a_star_of_the_data_does_not_part_a_crossing() -> None:
    figures = [{"breakdown": "epci*sexe", "modality": one, "value": 0.5} for one in (r"A\*B*F", "C*H")]
    found = view("taux_sorties_dynamiques", {"value": 0.5}, *figures)
    ordered = NAMES.order(found.indicator, "epci*sexe", found.breakdowns["epci*sexe"])
    assert [NAMES.modality(found.indicator, "epci*sexe", one.modality) for one in ordered] == [
        "A*B × Femmes",
        "C × Hommes",
    ]
