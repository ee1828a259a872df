"""Each fault of a FEC is found on its line, all of them at once."""

from __future__ import annotations

from collections import Counter

import pytest

from ess_impact.data.accounts.faults import MAX_LISTED


def _set(line: int, **cells: str):
    """Change cells of a line of the file (2 is the first after the header)."""

    def change(rows):
        rows[line - 2] |= cells
        return rows

    return change


FAULTS = {
    "unreadable day": (_set(4, EcritureDate="2025-03-31"), "date_du_fec", 4, "rejet"),
    "day that does not exist": (_set(4, EcritureDate="20250230"), "date_du_fec", 4, "rejet"),
    "unreadable piece day": (_set(5, PieceDate="31032025"), "date_du_fec", 5, "alerte"),
    "no day": (_set(4, EcritureDate=""), "champ_vide", 4, "rejet"),
    "no account": (_set(6, CompteNum=""), "champ_vide", 6, "rejet"),
    "no label": (_set(6, EcritureLib=""), "champ_vide", 6, "alerte"),
    "day before the year": (_set(5, EcritureDate="20241231"), "date_hors_exercice", 5, "rejet"),
    "day after the year": (_set(10, EcritureDate="20260101"), "date_hors_exercice", 10, "rejet"),
    "unbalanced by a cent": (_set(8, Credit="300,11"), "ecriture_desequilibree", 7, "rejet"),
    "too many decimals": (_set(8, Credit="300,101"), "montant_illisible", 8, "rejet"),
    "thousands": (_set(4, Debit="1 200,00"), "montant_illisible", 4, "rejet"),
    "no amount": (_set(4, Debit="", Credit=""), "montant_absent", 4, "rejet"),
    "account with letters": (_set(9, CompteNum="64A100"), "compte_illisible", 9, "rejet"),
    "analytic account": (_set(9, CompteNum="941100"), "compte_hors_classe", 9, "alerte"),
    "opening balance of a charge": (_set(3, CompteNum="606000"), "a_nouveaux_de_gestion", 3, "rejet"),
    "account removed in 2025": (_set(5, CompteNum="791000"), "compte_hors_plan", 5, "alerte"),
    "number used on two days": (_set(9, EcritureNum="3", JournalCode="AC"), "numero_en_double", 7, "alerte"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_on_its_line(fault, rows, year, write, read, faults) -> None:
    change, rule, line, severity = FAULTS[fault]
    raw = read(write(change(rows(year))))
    found = [(one.rule, one.row, one.severity) for one in faults(raw) if one.rule == rule]
    assert found == [(rule, line, severity)]
    assert raw.frame.is_empty() is any(one.severity == "rejet" for one in raw.anomalies)
    assert all(one.message.endswith(".") and one.remedy.endswith(".") for one in raw.anomalies)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (_set(4, Sens="débit"), ("sens_inconnu", 4)),
        (_set(4, Montant=""), ("montant_absent", 4)),
        (_set(4, Montant="12,3,4"), ("montant_illisible", 4)),
    ],
)
def test_faults_of_amount_and_direction(change, fault, rows, year, write, read, faults) -> None:
    names = {"Debit": "Montant", "Credit": "Sens"}
    made = [
        {names.get(k, k): v for k, v in one.items()}
        | {"Montant": max(one["Debit"], one["Credit"], key=len), "Sens": "C" if one["Debit"] == "0,00" else "D"}
        for one in rows(year)
    ]
    assert fault in [(one.rule, one.row) for one in faults(read(write(change(made))))]


def test_all_faults_are_told_at_once(rows, year, write, read) -> None:
    made = rows(year)
    for change, *_ in (FAULTS["unreadable piece day"], FAULTS["day after the year"], FAULTS["unbalanced by a cent"]):
        made = change(made)
    assert Counter(one.rule for one in read(write(made)).anomalies) == Counter(
        ["date_du_fec", "date_hors_exercice", "ecriture_desequilibree", "numero_en_double", "exercice_deduit"]
    )


def test_line_cut_by_a_separator_in_a_label(rows, text, year, write, read, faults) -> None:
    body = text(rows(year)).split("\n")
    body[3] = body[3].replace("Journal", "Jour\tnal")
    body[5] = "une suite de libellé"
    found = faults(read(write("\n".join(body))))
    assert [(one.rule, one.row) for one in found if one.rule == "ligne_irreguliere"] == [
        ("ligne_irreguliere", 4),
        ("ligne_irreguliere", 6),
    ]


def test_the_whole_ledger_must_balance(rows, year, write, read, faults) -> None:
    """Lines without number belong to no entry: only the total shows that one is missing."""
    made = [one | {"EcritureNum": ""} for one in rows(year)][:-1]
    assert (
        "de trop au débit" in next(one for one in faults(read(write(made))) if one.rule == "fec_desequilibre").message
    )


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        (("1", "2", "3", "4"), []),
        (("1", "2", "4", "5"), [(7, "il manque le numéro 3")]),
        (("1", "2", "6", "7"), [(7, "il manque les numéros 3 à 5")]),
        (("AN1", "VE7", "AC9", "OD1"), []),
        (("a", "b", "c", "d"), []),
    ],
)
def test_numbers_skipped(numbers, said, year, write, read, faults) -> None:
    lines = [(journal, numbers[int(number) - 1], *rest) for journal, number, *rest in year]
    found = [(one.row, one.message.split(" : ")[1].rstrip(".")) for one in faults(read(write(lines)))]
    assert found == said


def test_fields_in_another_order_are_read_by_name(rows, year, write, read, faults, amounts) -> None:
    made = [{"Idevise": "", **{k: v for k, v in one.items() if k != "Idevise"}, "Budget": "x"} for one in rows(year)]
    raw = read(write(made))
    assert {one.rule: one.severity for one in faults(raw)} == {"ordre_des_champs": "alerte", "champ_inconnu": "alerte"}
    assert amounts(raw)["70"] == "1000,00"


def test_many_faults_of_one_kind_are_listed_then_counted(rows, year, write, read) -> None:
    made = rows(year) + rows([("VE", "9", "20241231", "512000", 0)] * 50_000)
    found = [one for one in read(write(made)).anomalies if one.rule == "date_hors_exercice"]
    assert len(found) == MAX_LISTED + 1
    assert (found[-1].row, "49\u202f000 autres lignes" in found[-1].message) == (None, True)


@pytest.mark.parametrize(
    ("opening", "name", "wrong"),
    [
        ("20240701", "123456782FEC20251231.txt", 0),
        ("20230101", "123456782FEC20251231.txt", 2),
        ("20240701", "123456782FEC20251231_ouverture20240901.txt", 2),
        ("20240701", "123456782FEC20251231_ouverture20240701.txt", 0),
        ("20241231", "123456782FEC20251231.txt", 0),
        ("20241230", "123456782FEC20251231.txt", 2),
        ("20250501", "123456782FEC20251231.txt", 0),
    ],
)
def test_first_day_of_a_long_year(opening, name, wrong, year, write, read, faults) -> None:
    """Opening balances give the first day away, unless the name says it; no year lasts more than two."""
    lines = [(j, n, opening if j == "AN" else day, *rest) for j, n, day, *rest in year]
    assert [one.rule for one in faults(read(write(lines, name=name)))] == ["date_hors_exercice"] * wrong
