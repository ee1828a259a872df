"""A trial balance, as a text file or a workbook, gives the lines of the income statement."""

from __future__ import annotations

import openpyxl
import pytest

from ess_impact.data.accounts import recognise
from ess_impact.data.anomalies import FileRefusedError

NAME = "12345678200010_balance_2025.csv"
ACCOUNTS = (
    ("101000", -1_500.0),
    ("512000", 1_799.9),
    ("607000", 300.1),
    ("641100", 400.0),
    ("706000", -1_000.0),
)
EXPECTED = {"60": "300,10", "607": "300,10", "64": "400,00", "70": "1000,00"}


def _number(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")


def _sides(value: float) -> list[str]:
    return [_number(max(value, 0)), _number(max(-value, 0))]


TABLES = {
    "solde": [["Compte", "Libellé", "Solde"], *([one, "x", _number(v)] for one, v in ACCOUNTS)],
    "débit et crédit": [["N° de compte", "Débit", "Crédit"], *([one, *_sides(v)] for one, v in ACCOUNTS)],
    "solde débiteur et créditeur": [
        ["Numéro de compte", "Mouvement débit", "Mouvement crédit", "Solde débiteur", "Solde créditeur"],
        *([one, "9999,00", "9999,00", *_sides(v)] for one, v in ACCOUNTS),
    ],
    "blanks for zeros": [
        ["compte", "DEBIT", "CREDIT"],
        *([one, *(s if s != "0,00" else "" for s in _sides(v))] for one, v in ACCOUNTS),
    ],
    "totals": [
        ["Compte", "Solde"],
        ["60", "300,10"],
        *([one, _number(v)] for one, v in ACCOUNTS),
        ["Total classe 7", "-1000,00"],
        ["", "0,00"],
    ],
    "sub-accounts under their account": [
        ["Compte", "Solde"],
        *([one, _number(v)] for one, v in ACCOUNTS if one != "607000"),
        ["607", "300,10"],
        ["6071", "100,10"],
        ["6072", "200,00"],
    ],
    "subtotals above one account": [
        ["Compte", "Solde"],
        *(line for one, v in ACCOUNTS for line in ([one[:3], _number(v)], [one, _number(v)])),
    ],
    "balance and side": [
        ["Compte", "Solde", "Sens"],
        *([one, _number(abs(v)), "D" if v > 0 else "c"] for one, v in ACCOUNTS),
        ["467000", "0,00", ""],
    ],
    "signed balance and side": [
        ["Compte", "Solde", "Sens du solde"],
        *([one, _number(v), "Débiteur" if v > 0 else "Créditeur"] for one, v in ACCOUNTS),
    ],
    "a balance without balance sheet": [
        ["Compte", "Solde"],
        *([one, _number(v)] for one, v in ACCOUNTS if one[0] in "67"),
    ],
}


@pytest.fixture
def balance(tmp_path):
    """Write a balance as text or as a workbook, with what stands above it."""

    def written(rows, name=NAME, above=(), identity=None):
        path = tmp_path / name
        every = [*above, *rows]
        if not name.endswith("xlsx"):
            path.write_text("\n".join(";".join(one) for one in every) + "\n", encoding="cp1252")
            return path
        book = openpyxl.Workbook()
        for row in every:
            book.active.append(row)
        if identity:
            for row in [["Champ", "Valeur"], *identity]:
                (book["identite"] if "identite" in book.sheetnames else book.create_sheet("identite")).append(row)
        book.save(path)
        return path

    return written


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize("table", TABLES)
def test_every_layout_gives_the_same_figures(table, suffix, balance, read, amounts, faults) -> None:
    path = balance(TABLES[table], name=f"12345678200010_balance_2025.{suffix}")
    raw = read(path)
    assert recognise(path)
    assert (amounts(raw), faults(raw)) == (EXPECTED, [])
    assert raw.frame["porte"].unique().to_list() == ["balance"]


@pytest.mark.parametrize(
    ("extra", "rule", "lines", "charges"),
    [
        ([["607000", "10,00"], ["512000", "-10,00"]], "compte_en_double", [7], "310,10"),
        ([["607", "10,00"], ["512", "-10,00"]], "compte_et_sous_comptes", [7], "310,10"),
    ],
)
def test_accounts_that_may_be_counted_twice_are_said(extra, rule, lines, charges, balance, read, amounts, faults):
    raw = read(balance([["Compte", "Solde"], *([one, _number(v)] for one, v in ACCOUNTS), *extra]))
    assert [(one.rule, one.row, one.severity) for one in faults(raw)] == [(rule, line, "alerte") for line in lines]
    assert amounts(raw)["60"] == charges


@pytest.mark.parametrize(
    ("header", "lines", "said"),
    [
        (["Compte", "Solde"], [["607000", "5,00"], ["706000", "9,00"]], [("solde_sans_sens", None)]),
        (["Compte", "Solde", "Sens"], [["607000", "5,00", "D"], ["706000", "5,00", "?"]], [("sens_inconnu", 3)]),
        (
            ["Compte", "Solde", "Sens"],
            [["607000", "5,00", "D"], ["706000", "9,00", "C"], ["707000", "-4,00", "C"]],
            [("solde_et_sens_contraires", 4)],
        ),
    ],
)
def test_balances_without_a_clear_side_are_refused(header, lines, said, balance, read, faults) -> None:
    raw = read(balance([header, *lines]))
    assert [(one.rule, one.row) for one in faults(raw) if one.severity == "rejet"] == said
    assert raw.frame.is_empty()


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
@pytest.mark.parametrize(
    "above",
    [
        [["SIRET", "123 456 782 00010"], ["Date de clôture", "31/12/2025"]],
        [["SIREN : 123456782"], ["Exercice clos le : 31/12/2025"], ["Plan comptable : associations"]],
        [["Association fictive"], ["SIREN", "123456782"], [""], ["Année", "2025"]],
    ],
)
def test_owner_and_year_above_the_table(above, suffix, balance, read, amounts) -> None:
    raw = read(balance(TABLES["solde"], name=f"export.{suffix}", above=above))
    assert amounts(raw) == EXPECTED
    assert raw.frame.select("siret", "annee").row(0) == ("12345678200010", "2025")
    assert raw.frame.filter(poste="60")["_row"].item() == 4 + len(above)


def test_owner_and_year_in_the_identity_sheet(balance, read, amounts) -> None:
    identity = [
        ["SIRET", "12345678200010"],
        ["Clôture", "2025-06-30"],
        ["Ouverture", "x"],
        ["Plan comptable", "Plan général"],
    ]
    raw = read(balance(TABLES["solde"], name="export.xlsx", identity=identity))
    assert amounts(raw) == EXPECTED
    assert "30\u00a0juin\u00a02025" in raw.anomalies[0].message
    assert "Plan comptable général" in raw.anomalies[0].message


@pytest.mark.parametrize("name", ["balance.csv", "123456782.csv", "balance_2025.csv", "2025.csv"])
def test_a_balance_of_nobody_is_refused_with_a_remedy(name: str, balance, read) -> None:
    with pytest.raises(FileRefusedError, match="SIRET_balance_ANNÉE") as refused:
        read(balance(TABLES["solde"], name=name))
    assert refused.value.rule == "balance_sans_exercice"


@pytest.mark.parametrize(
    ("rows", "rule", "line"),
    [
        ([*TABLES["solde"], ["708000", "x", "1,00"]], "balance_desequilibree", None),
        ([*TABLES["solde"], ["708000", "x", "douze"]], "montant_illisible", 7),
        ([["Compte", "Solde"], ["60", "5,00"], ["601000", "4,00"], ["706000", "-4,00"]], "total_de_chapitre", 2),
        (
            [["Compte", "Solde"], ["607000", "0,00"], ["706000", "0,00"], ["120000", "0,00"]],
            "balance_apres_cloture",
            None,
        ),
        ([["Compte", "Solde"], ["101000", "-5,00"], ["512000", "5,00"]], "aucun_poste", None),
        ([*TABLES["solde"], ["708000", "x"]], "ligne_irreguliere", 7),
    ],
)
def test_faults_of_a_balance(rows, rule, line, balance, read, faults) -> None:
    raw = read(balance(rows))
    assert [(one.rule, one.row, one.severity) for one in faults(raw)] == [(rule, line, "rejet")]
    assert raw.frame.is_empty()


@pytest.mark.parametrize(
    "header",
    [
        ["Compte", "Libellé"],
        ["Débit", "Crédit"],
        ["Compte", "Débit"],
        ["Compte", "Solde", "Solde"],
        ["SIRET", "Année", "Compte", "Montant"],
    ],
)
def test_a_table_that_is_no_balance(header, balance, read) -> None:
    path = balance([header, ["x"] * len(header)])
    assert not recognise(path)
    with pytest.raises(FileRefusedError, match="ni un FEC, ni une balance"):
        read(path)
