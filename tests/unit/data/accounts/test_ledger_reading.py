"""A FEC in any of its forms gives the same lines of the income statement."""

from __future__ import annotations

import pytest

from ess_impact.data.accounts import recognise
from ess_impact.data.anomalies import FileRefusedError
from ess_impact.data.checking import check

EXPECTED = {"60": "300,10", "607": "300,10", "64": "400,00", "70": "1000,00"}


def _signed(rows, debit="D", credit="C"):
    """The same lines with an amount and a direction."""
    for one in rows:
        cents = {name: int(one[name].replace(",", "")) for name in ("Debit", "Credit")}
        way = debit if cents["Debit"] else credit
        amount = one["Debit" if cents["Debit"] else "Credit"]
        yield {
            {"Debit": "Montant", "Credit": "Sens"}.get(k, k): v
            for k, v in (one | {"Debit": amount, "Credit": way}).items()
        }


def _cash(rows):
    return [one | {"DateRglt": one["EcritureDate"], "ModeRglt": "Chèque", "NatOp": ""} for one in rows]


FORMS = {
    "tab": lambda rows, text: text(rows),
    "pipe": lambda rows, text: text(rows, "|"),
    "semicolon": lambda rows, text: text(rows, ";"),
    "windows line ends": lambda rows, text: text(rows).replace("\n", "\r\n"),
    "blank lines and no final one": lambda rows, text: text(rows).replace("\n", "\n\n").rstrip("\n"),
    "dot for decimals": lambda rows, text: text(rows).replace(",", "."),
    "blank instead of zero": lambda rows, text: text(rows).replace("\t0,00", "\t"),
    "quoted cells": lambda rows, text: text([{k: f'"{v}"' for k, v in one.items()} for one in rows]),
    "D and C": lambda rows, text: text(list(_signed(rows))),
    "+1 and -1": lambda rows, text: text(list(_signed(rows, "+1", "-1"))),
    "cash accounting": lambda rows, text: text(_cash(rows)),
    "byte order mark": lambda rows, text: "\ufeff" + text(rows),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_figures(form, rows, text, year, write, read, amounts, faults) -> None:
    path = write(FORMS[form](rows(year), text))
    raw = read(path)
    assert recognise(path)
    assert (amounts(raw), faults(raw)) == (EXPECTED, [])


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-15", "cp1252"])
def test_accents_in_any_encoding(encoding: str, year, write, read, amounts, faults) -> None:
    raw = read(write(year, encoding=encoding, JournalLib="Opérations d'été", EcritureLib="Fête à Étaples, œuvre, 5 €"))
    assert (amounts(raw), faults(raw)) == (EXPECTED, [])
    assert ("encodage iso-8859-15" in raw.coercions) is (encoding != "utf-8")


def test_rows_are_those_of_the_table(year, write, read, catalogue) -> None:
    raw = read(write(year))
    checked = check(raw, "comptes", catalogue=catalogue)
    assert checked.rows_accepted == raw.rows_read == 4
    assert checked.accepted.filter(poste="60").select(
        "siret", "annee", "montant", "porte", "_row", "_sheet"
    ).rows() == [("12345678200010", 2025, 300_10, "fec", 7, "poste 60")]
    assert raw.coercions == {"lignes d'à-nouveaux": 2}


def test_what_was_taken_without_being_given_is_said(year, write, read) -> None:
    (said,) = read(write(year)).anomalies
    assert (said.rule, said.severity) == ("exercice_deduit", "alerte")
    assert "ouverture déduite" in said.message
    assert read(write(year, name="123456782FEC20251231_ouverture20250101_plan_pcg.txt")).anomalies == ()


def test_texts_that_may_name_persons_are_never_kept(write, read, year, rows, text) -> None:
    """Names stand in every text, on lines with every kind of fault."""
    name = "Zoé Canari"
    made = rows(
        year, CompAuxLib=name, EcritureLib=name, PieceRef=name, CompteLib=name, JournalLib=name, CompAuxNum=name
    )
    made[3] |= {"Debit": name, "EcritureDate": name}
    made[4] |= {"CompteNum": name, "ValidDate": name}
    made[5] |= {"PieceDate": "1850362123456"}
    body = text(made) + f"{name}\t{name}\n"
    raw = read(write(body))
    assert len({one.rule for one in raw.anomalies}) >= 4
    assert not {"Canari", "1850362123456"} & set(
        repr((raw.anomalies, raw.frame, raw.coercions)).replace("'", " ").split()
    )


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("comptes.txt", None, "nom_du_fec"),
        ("123456782FEC20251332.txt", None, "nom_du_fec"),
        ("123456789FEC20251231.txt", None, "siren_cle"),
        ("12345678200019FEC20251231.txt", None, "siret_cle"),
        ("123456782FEC20251231_plan_esms_ouverture20190101.txt", None, None),
        ("123456782FEC20181231_plan_esms.txt", None, "plan_sans_version"),
        ("123456782FEC20251231.txt", "JournalCode\x00", "fichier_binaire"),
        ("123456782FEC20251231.txt", "bonjour\n", "comptes_inconnus"),
        ("123456782FEC20251231.pdf", None, "comptes_inconnus"),
        ("123456782FEC20251231.txt", "header", "fichier_vide"),
        ("123456782FEC20251231.txt", "no credit", "champ_absent"),
        ("123456782FEC20251231.txt", "twice", "champ_en_double"),
    ],
)
def test_refusals(name, content, rule, year, rows, text, write, read) -> None:
    made = text(rows(year))
    header = made.split("\n")[0]
    made = {
        None: made,
        "header": header + "\n\n",
        "no credit": made.replace("\tCredit", "\tAvoir", 1),
        "twice": made.replace("\n", "\tDebit\n", 1),
    }.get(content, content)
    path = write(made, name=name)
    if rule is None:
        assert read(path).anomalies
        return
    with pytest.raises(FileRefusedError) as refused:
        read(path)
    assert (refused.value.rule, bool(refused.value.fix)) == (rule, True)


def test_missing_fields_are_named_together(year, rows, text, write, read) -> None:
    body = text(rows(year)).replace("EcritureLib", "Libelle", 1).replace("PieceRef", "Ref", 1)
    with pytest.raises(FileRefusedError, match="PieceRef, EcritureLib"):
        read(write(body))


def test_a_siren_without_siret_is_reported_and_gives_no_row(year, write, catalogue) -> None:
    from ess_impact.data.accounts import read_accounts

    raw = read_accounts(write(year), catalogue, root=None, sirets={})
    assert raw.frame.is_empty()
    assert [one.rule for one in raw.anomalies if one.severity == "rejet"] == ["siret_du_siege_inconnu"]


def test_a_siret_in_the_name_needs_no_other(year, write, catalogue) -> None:
    from ess_impact.data.accounts import read_accounts

    raw = read_accounts(write(year, name="12345678200010_FEC20251231.txt"), catalogue, root=None, sirets={})
    assert raw.frame["siret"].unique().to_list() == ["12345678200010"]
    assert {one.siret for one in raw.anomalies} == {"12345678200010"}


def test_a_file_outside_the_campaign_is_refused(year, write, catalogue, tmp_path) -> None:
    from ess_impact.data.accounts import read_accounts

    folder = tmp_path / "campagne"
    folder.mkdir()
    link = folder / "123456782FEC20251231.txt"
    link.symlink_to(write(year))
    with pytest.raises(FileRefusedError, match="hors du dossier"):
        read_accounts(link, catalogue, root=folder, sirets={})


@pytest.mark.parametrize("name", ["absent.txt", "image.png", "classeur.xlsx"])
def test_anything_else_is_not_recognised(name: str, tmp_path) -> None:
    path = tmp_path / name
    if not name.startswith("absent"):
        path.write_bytes(b"PK\x03\x04 nothing")
    assert not recognise(path)
