"""ASP export: contracts become exits, persons are protected, a truncated file is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ess_impact.data.checking import check
from ess_impact.data.official.recognition import load_official, recognise
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.errors import ReadingError

A, B = "00000001800010", "00000002600013"
KEY = b"cle d'essai, jamais utile"
NIR = "255081416802538"
JOINED = (
    "structure_siret_actualise|contrat_mesure_disp_code|contrat_id_pph|salarie_nir|salarie_nom_usage|"
    "salarie_date_naissance|salarie_rci_libelle|contrat_date_embauche|contrat_date_sortie_definitive|contrat_nb_heures|"
    "rcs_libelle"
)
ROW = f"{A}|ACI_DC|1001|{NIR}|DUPONT|01/03/1999|MME|04/03/2024|28/02/2025|812.50|Emploi durable"
CONTRACTS = (
    "contrat_id_ctr|contrat_id_pph|contrat_id_structure|contrat_mesure_disp_code|contrat_type_contrat|"
    "contrat_date_embauche|contrat_date_sortie_definitive|contrat_motif_sortie_id"
)
PERSONS = "salarie_id|salarie_nir|salarie_prenom|salarie_rci_libelle|salarie_date_naissance"
MONTHS = "emi_ctr_id|emi_pph_id|emi_sme_annee|emi_sme_mois|emi_nb_heures_travail"

Export = Callable[..., Path]


@pytest.fixture
def export(tmp_path: Path) -> Export:
    """Write one file of the export between its first and last lines, and return its path."""

    def write(
        name: str, rows: Sequence[str], *, first: str = "DEB|ASP", last: str = "FIN|ASP", bom: bool = True
    ) -> Path:
        path = tmp_path / f"fluxIAE_{name}.csv"
        lines = [*([first] if first else []), *rows, *([last] if last else [])]
        path.write_bytes((b"\xef\xbb\xbf" if bom else b"") + ("\r\n".join(lines) + "\r\n").encode())
        return path

    return write


def _folder(export: Export, contracts: Sequence[str], months: Sequence[str] = ()) -> Path:
    export("Structure", ["structure_id_siae|structure_denomination|structure_siret_actualise", f"7|Chantier|{A}"])
    export("Salarie", [PERSONS, f"1001|{NIR}|Jeanne|MME|01/03/1999", f"1002|{NIR}|Paul|M.|15/06/1970"])
    export("RefMotifSort", ["rms_id|rms_code|rms_libelle|rcs_id", "12|3|CDI|1", "13|9|Rupture|5"])
    export(
        "RefCategorieSort", ["rcs_id|rcs_code|rcs_libelle", "1|1|Emploi durable", "5|5|Retrait des sorties constatées"]
    )
    if months:
        export("EtatMensuelIndiv", [MONTHS, *months])
    return export("ContratMission", [CONTRACTS, *contracts])


def test_a_joined_export_is_read_and_accepted(export: Export, shipped: Catalogue) -> None:
    path = export("sorties", [JOINED, ROW, ROW.replace("1001", "1002").replace("28/02/2025", "")])
    known = recognise(path)
    assert known is not None
    assert (known.id, known.table) == ("asp_flux_iae", "sorties")
    (raw,) = load_official(path, shipped.tables, key=KEY)
    checked = check(raw, "sorties", catalogue=shipped)
    assert (checked.anomalies.height, checked.rows_accepted, raw.rows_read) == (0, 1, 2)
    row = checked.accepted.row(0, named=True)
    assert (row["type_siae"], row["categorie_sortie"], row["sexe"], row["tranche_age"]) == (
        "ACI",
        "durable",
        "F",
        "moins_26",
    )
    assert (row["heures_travaillees"], row["est_sortant"], row["_row"]) == (81_250, True, 3)
    assert [number for label, number in raw.coercions.items() if "sans sortie" in label] == [1]


def test_nothing_that_names_a_person_is_kept(export: Export, shipped: Catalogue) -> None:
    (raw,) = load_official(_folder(export, ["51|1001|7|ACI_DC|0|04/03/2024|28/02/2025|12"]), shipped.tables, key=KEY)
    kept = str(raw.frame.rows()) + str(raw.anomalies) + str(raw.coercions)
    assert not any(word in kept for word in (NIR, "DUPONT", "Jeanne", "1999", "'1001'"))
    assert raw.frame["id_salarie"].str.starts_with("p-").all()
    assert set(raw.frame.columns) <= {*shipped.tables["sorties"].column_names, "_file", "_sheet", "_row", "_sender"}


@pytest.mark.parametrize(
    ("born", "left", "group"),
    [
        ("01/03/1999", "28/02/2025", "moins_26"),
        ("28/02/1999", "28/02/2025", "26_49"),
        ("01/03/1975", "28/02/2025", "26_49"),
        ("28/02/1975", "28/02/2025", "50_plus"),
        ("31/02/1975", "28/02/2025", None),
        ("01/01/2030", "28/02/2025", None),
    ],
)
def test_the_age_group_is_that_of_the_day_of_exit(
    export: Export, shipped: Catalogue, born: str, left: str, group: str | None
) -> None:
    row = ROW.replace("01/03/1999", born).replace("28/02/2025", left)
    (raw,) = load_official(export("sorties", [JOINED, row]), shipped.tables)
    assert raw.frame["tranche_age"].to_list() == [group]


def test_the_year_of_birth_serves_where_there_is_no_date(export: Export, shipped: Catalogue) -> None:
    header = JOINED.replace("salarie_date_naissance", "salarie_annee_naissance")
    rows = [ROW.replace("01/03/1999", year) for year in ("1999", "2000", "1975.0")]
    (raw,) = load_official(export("sorties", [header, *rows]), shipped.tables)
    assert raw.frame["tranche_age"].to_list() == ["26_49", "moins_26", "50_plus"]


def test_the_folder_of_an_export_is_joined(export: Export, shipped: Catalogue) -> None:
    contracts = [
        "51|1001|7|ACI_DC|0|04/03/2024||",
        "52|1001|7|ACI_DC|1|04/09/2024|28/02/2025|12",
        "53|1002|7|AI_DC|0|01/02/2025|30/06/2025|13",
        "54|1002|7|FDI_DC|0|01/02/2025|30/06/2025|13",
        "55|1002|7|EI_DC|0|01/02/2023|30/06/2023|13",
        "56|1002|7|EI_DC|0|01/07/2023|31/12/2023|13",
    ]
    months = ["52|1001|2024|12|150", "52|1001|2025|1|140,5", "52|1001|2025|2|60", "53|1002|2025|3|20"]
    path = _folder(export, contracts, months)
    (raw,) = load_official(path, shipped.tables, key=KEY)
    rows = raw.frame.select("date_recrutement", "heures_travaillees", "categorie_sortie", "sexe", "_row").rows()
    assert rows == [
        ("04/03/2024", "200.50", "Emploi durable", "F", 4),
        ("01/02/2025", "20.00", "Retrait des sorties constatées", "H", 5),
        ("01/02/2023", None, "Retrait des sorties constatées", "H", 7),
        ("01/07/2023", None, "Retrait des sorties constatées", "H", 8),
    ]
    checked = check(raw, "sorties", catalogue=shipped)
    assert (checked.rows_accepted, raw.rows_read) == (4, 6)
    assert {label for label, _ in raw.coercions.items() if "FDI" in label or "renouvellements" in label}


def test_the_digest_covers_the_neighbours(export: Export, shipped: Catalogue) -> None:
    path = _folder(export, ["51|1001|7|ACI_DC|0|04/03/2024|28/02/2025|12"])
    (before,) = load_official(path, shipped.tables)
    export("Structure", ["structure_id_siae|structure_siret_actualise", f"7|{B}"])
    (after,) = load_official(path, shipped.tables)
    assert (before.sha256 != after.sha256, after.frame["siret"].to_list()) == (True, [B])


def test_neighbours_alone_feed_nothing(export: Export, shipped: Catalogue) -> None:
    path = export("Salarie", [PERSONS, f"1001|{NIR}|Jeanne|MME|01/03/1999"])
    known = recognise(path)
    assert known is not None
    assert (known.id, load_official(path, shipped.tables)) == ("asp_flux_iae_annexe", [])


def test_a_row_without_person_stays_alone(export: Export, shipped: Catalogue) -> None:
    contracts = ["51||7|ACI_DC|0|04/03/2024|28/02/2025|12", "52||7|ACI_DC|0|04/03/2024|28/02/2025|12"]
    months = ["51||2025|1|10", "51||2025|2|10", "52||2025|1|5"]
    (raw,) = load_official(_folder(export, contracts, months), shipped.tables)
    assert raw.frame.select("heures_travaillees", "_row").rows() == [("20.00", 3), ("5.00", 4)]


def test_hours_of_a_month_that_cannot_be_read_are_reported(export: Export, shipped: Catalogue) -> None:
    months = ["51|1001|2025|1|140", "51|1001|2025|2|beaucoup"]
    (raw,) = load_official(_folder(export, ["51|1001|7|ACI_DC|0|04/03/2024|28/02/2025|12"], months), shipped.tables)
    (fault,) = raw.anomalies
    assert (fault.row, fault.column, fault.severity) == (3, "heures_travaillees", "alerte")
    assert raw.frame["heures_travaillees"].to_list() == [None]


@pytest.mark.parametrize("last", ["", "suite|1", "  "])
def test_a_truncated_file_is_refused(export: Export, shipped: Catalogue, last: str) -> None:
    with pytest.raises(ReadingError, match="tronqué"):
        load_official(export("sorties", [JOINED, ROW], last=last), shipped.tables)


@pytest.mark.parametrize(("last", "doubted"), [("FIN|2", 0), ("FIN|3", 1), ("FIN|29032025_090124", 0), ("FIN", 0)])
def test_the_count_announced_is_compared(export: Export, shipped: Catalogue, last: str, doubted: int) -> None:
    (raw,) = load_official(export("sorties", [JOINED, ROW, ROW], last=last), shipped.tables)
    assert [one.rule for one in raw.anomalies] == ["compte_annonce"] * doubted


def test_bad_lines_have_the_line_of_the_file_and_quotes_are_letters(export: Export, shipped: Catalogue) -> None:
    rows = [JOINED, ROW, "trop|court", ROW.replace("DUPONT", '"DU').replace("1001", "1003")]
    (raw,) = load_official(export("sorties", rows), shipped.tables)
    assert [(one.row, one.rule, one.severity) for one in raw.anomalies] == [(4, "ligne_irreguliere", "rejet")]
    assert (raw.frame["_row"].to_list(), raw.rows_read) == ([3, 5], 3)


def test_a_file_without_first_line_is_read(export: Export, shipped: Catalogue) -> None:
    (raw,) = load_official(export("sorties", [JOINED, ROW], first="", bom=False), shipped.tables)
    assert raw.frame["_row"].to_list() == [2]


def test_every_missing_column_is_named(export: Export, shipped: Catalogue) -> None:
    with pytest.raises(ReadingError, match=r"structure_siret_actualise, contrat_id_pph"):
        load_official(
            export("x", ["contrat_mesure_disp_code|contrat_date_sortie_definitive", "EI_DC|"]), shipped.tables
        )


def test_two_exports_in_one_folder_are_refused(export: Export, shipped: Catalogue) -> None:
    path = _folder(export, ["51|1001|7|ACI_DC|0|04/03/2024|28/02/2025|12"])
    export("Salarie_2", [PERSONS])
    with pytest.raises(ReadingError, match="deux fichiers"):
        load_official(path, shipped.tables)


def test_an_unknown_category_code_is_left_for_the_checks(export: Export, shipped: Catalogue) -> None:
    header = JOINED.replace("rcs_libelle", "rcs_code")
    rows = [ROW.replace("Emploi durable", code).replace("1001", code) for code in ("5", "2")]
    (raw,) = load_official(export("x", [header, *rows]), shipped.tables)
    assert raw.frame["categorie_sortie"].to_list() == ["retrait", "2"]


def test_columns_that_are_not_required_may_lack(export: Export, shipped: Catalogue) -> None:
    header = "structure_siret_actualise|contrat_mesure_disp_code|contrat_id_pph|contrat_date_sortie_definitive"
    (raw,) = load_official(export("x", [header, f"{A}|EITI_DC|1001|2025-02-28"]), shipped.tables)
    checked = check(raw, "sorties", catalogue=shipped, key=KEY)
    assert checked.rows_accepted == 1
    assert checked.accepted.select("date_recrutement", "tranche_age", "sexe").rows() == [(None, None, None)]
