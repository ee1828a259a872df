"""Files about the same départements are joined by key; contradictions are reported, duplicates stay visible."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ess_impact.data.official.merging import merge_departements
from ess_impact.data.official.recognition import load_official
from ess_impact.data.reading import RawTable
from ess_impact.definitions.tables import Table
from ess_impact.errors import UsageError

Raw = Callable[..., RawTable]


@pytest.fixture
def panel(write_csv: Callable[..., Path], tables: dict[str, Table]) -> Raw:
    """One file of ESS shares."""

    def load(name: str, *rows: str) -> RawTable:
        path = write_csv(f"ess_share_departements_{name}.csv", ["code_departement,2014,nom", *rows])
        return load_official(path, tables)[0]

    return load


@pytest.fixture
def recipients(write_csv: Callable[..., Path], tables: dict[str, Table]) -> Raw:
    """One file of RSA recipients."""

    def load(*rows: str) -> RawTable:
        header = "Code.departement,Territoire,TypeTerritoire,Annee,RSAalloc"
        return load_official(write_csv("minsoc.csv", [header, *rows]), tables)[0]

    return load


def test_columns_meet_on_the_key(panel: Raw, recipients: Raw) -> None:
    merged = merge_departements(
        [panel("a", "62,10,Nom"), recipients("62,NOM,Département,2014,7", "62,NOM,Département,2015,8")]
    )
    assert merged.frame.select("annee", "part_emploi_ess", "allocataires_rsa", "nom", "_file").rows() == [
        ("2014", "0.100000", "7", "Nom", "ess_share_departements_a.csv"),
        ("2015", None, "8", "NOM", "minsoc.csv"),
    ]
    assert merged.anomalies == ()
    assert merged.rows_read == 3
    assert merged.coercions == {"pourcentage converti en part (0 à 1)": 1}
    assert merged.conversions == {("ess_share_departements_a.csv", "pourcentage converti en part (0 à 1)"): 1}


def test_a_contradiction_is_reported_and_the_first_file_wins(panel: Raw) -> None:
    merged = merge_departements([panel("a", "62,10,Nom"), panel("b", "62,11,Nom"), panel("c", "62,10.00,Nom")])
    assert merged.frame["part_emploi_ess"].to_list() == ["0.100000"]
    (conflict,) = merged.anomalies
    assert (conflict.file, conflict.row, conflict.value) == ("ess_share_departements_b.csv", 2, "0.110000")
    assert "ess_share_departements_a.csv" in conflict.message


def test_a_gap_is_filled_by_the_next_file(panel: Raw) -> None:
    merged = merge_departements([panel("a", "62,nd,Nom"), panel("b", "62,11,Nom")])
    assert merged.frame["part_emploi_ess"].to_list() == ["0.110000"]
    assert merged.anomalies == ()


def test_a_row_repeated_in_one_file_stays_repeated(panel: Raw, recipients: Raw) -> None:
    merged = merge_departements([panel("a", "62,10,Nom", "62,12,Nom"), recipients("62,N,Département,2014,7")])
    assert merged.frame["part_emploi_ess"].to_list() == ["0.100000", "0.120000"]


def test_rows_without_key_are_never_joined(recipients: Raw, panel: Raw) -> None:
    merged = merge_departements([recipients("62,A,Département,,5", "62,A,Département,,6"), panel("a", "62,10,Nom")])
    assert merged.frame["allocataires_rsa"].to_list() == ["5", "6", None]


def test_one_file_is_left_as_it_is(panel: Raw) -> None:
    only = panel("a", "62,10,Nom")
    assert merge_departements([only]) is only


def test_nothing_to_merge_is_an_error() -> None:
    with pytest.raises(UsageError, match="impossibles à réunir"):
        merge_departements([])
