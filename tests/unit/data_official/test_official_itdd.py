"""The ESS share is found by its labels, in the block of départements, and becomes a share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ess_impact.data.official.recognition import load_official, recognise
from ess_impact.definitions.tables import Table
from ess_impact.errors import ReadingError

Write = Callable[..., Path]
ROWS = [["01", "Fictif", 61, 12.5, 10, 2], ["2A", "Autre", 62, 8, "nd", 1], ["P", "France de province", 60, 11, 11, 1]]


def test_share_by_departement_and_year(write_itdd: Write, tables: dict[str, Table]) -> None:
    (raw,) = load_official(write_itdd(ROWS), tables)
    values = raw.frame.select("code_departement", "annee", "part_emploi_ess", "_row").rows()
    assert values == [
        ("01", "2014", "0.125000", 10),
        ("01", "2008", "0.100000", 10),
        ("2A", "2014", "0.080000", 11),
        ("2A", "2008", None, 11),
    ]


def test_everything_left_out_is_counted(write_itdd: Write, tables: dict[str, Table]) -> None:
    (raw,) = load_official(write_itdd([*ROWS, ["976", "Vide", None, None, None, None]]), tables)
    assert raw.coercions == {
        "département sans valeur publiée : ligne écartée": 2,
        "ligne du bloc des régions : non lue": 1,
        "ligne hors département (France, région, caisse, total) : écartée": 1,
        "pourcentage converti en part (0 à 1)": 3,
    }


def test_place_names_the_sheet(write_itdd: Write, tables: dict[str, Table], tmp_path: Path) -> None:
    path = write_itdd(ROWS)
    (raw,) = load_official(path, tables, root=tmp_path)
    assert raw.frame.select("_file", "_sheet", "_sender").row(0) == ("ITDD.xlsx", "Economie", "")


def test_a_changed_layout_is_an_error(write_itdd: Write, tables: dict[str, Table]) -> None:
    path = write_itdd(ROWS, label="Autre chose (%)")
    with pytest.raises(ReadingError, match=r"indicateur de l'ESS introuvable.*ITDD-DonneesDetaillees\.xls"):
        load_official(path, tables)


def test_years_that_are_no_years_are_an_error(write_itdd: Write, tables: dict[str, Table]) -> None:
    import openpyxl

    path = write_itdd(ROWS)
    workbook = openpyxl.load_workbook(path)
    for column in (4, 5):
        workbook["Economie"].cell(9, column).value = "dernière"
    workbook.save(path)
    with pytest.raises(ReadingError, match="années de l'indicateur"):
        load_official(path, tables)


def test_derived_panel(write_csv: Write, tables: dict[str, Table]) -> None:
    path = write_csv("ess_share_departements_2008_2014.csv", ["code_departement,2008,2014,nom", "62,10,12.5,Nom"])
    (raw,) = load_official(path, tables)
    assert raw.frame.select("nom", "annee", "part_emploi_ess", "_row").rows() == [
        ("Nom", "2008", "0.100000", 2),
        ("Nom", "2014", "0.125000", 2),
    ]


def test_a_panel_without_its_name_could_hold_anything(write_csv: Write) -> None:
    assert recognise(write_csv("autre.csv", ["code_departement,2008,nom", "62,10,Nom"])) is None
