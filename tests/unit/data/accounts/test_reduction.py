"""A reduced FEC keeps every figure and nobody's name."""

from __future__ import annotations

import pytest

from ess_impact.data.accounts import recognise, reduce_fec
from ess_impact.data.accounts.ledger import FIELDS
from ess_impact.data.anomalies import FileRefusedError
from ess_impact.errors import UsageError

KEY = b"une cle assez longue"
REDUCED = "123456782FEC20251231_reduit.txt"
SUPPLIERS = (
    ("AC", "8", "20250501", "606000", 30_00),
    ("AC", "8", "20250501", "401000", -30_00),
    ("AC", "9", "20250502", "606000", 12_00),
    ("AC", "9", "20250502", "401DUPONT", -12_00),
)


@pytest.mark.parametrize("key", [None, KEY])
def test_same_figures(key, year, closing, write, read, amounts, faults, tmp_path) -> None:
    source = write([*year, *SUPPLIERS, *closing])
    before = source.read_bytes()
    done = reduce_fec(source, tmp_path / REDUCED, key=key)
    after = read(done.path)
    assert recognise(done.path)
    assert (amounts(after), faults(after)) == (amounts(read(source)), [])
    assert source.read_bytes() == before
    assert (done.lines_read, done.third_parties) == (17, 2 if key else 0)
    assert "écritures de clôture : 4 lignes" in done.removed


@pytest.mark.parametrize("key", [None, KEY])
def test_no_name_of_the_source_is_left(key, rows, year, write, tmp_path) -> None:
    """Every field that is free text, and the free end of account numbers, holds a name of its own."""
    free = {name: f"Canari{name}" for name in ("JournalLib", "CompteLib", "CompAuxNum", "CompAuxLib", "PieceRef")}
    free |= {name: f"Canari{name}" for name in ("EcritureLib", "EcritureLet", "Montantdevise", "Idevise")}
    made = rows([*year, *SUPPLIERS], **free)
    for one in made:
        one |= {"JournalCode": "Canari" + one["JournalCode"], "EcritureNum": "Canari" + one["EcritureNum"]}
        one["CompteNum"] += "Canari"
    reduced = reduce_fec(write(made), tmp_path / REDUCED, key=key).path.read_bytes().lower()
    assert b"\nop\t" in reduced
    assert b"canari" not in reduced
    assert b"dupont" not in reduced


def test_suppliers_alone_keep_a_pseudonym(rows, year, write, tmp_path) -> None:
    made = rows([*year, *SUPPLIERS], CompAuxNum="T01")
    source = write(made)
    done = reduce_fec(source, tmp_path / REDUCED, key=KEY)
    again = reduce_fec(source, tmp_path / "123456782FEC20251231_b.txt", key=b"une autre cle secrete")
    lines = [dict(zip(FIELDS, line.split("\t"), strict=True)) for line in done.path.read_text("utf-8").splitlines()[1:]]
    named = {one["CompteNum"] for one in lines if one["CompAuxNum"]}
    assert (named, done.third_parties) == ({"401"}, 1)
    assert done.path.read_text("utf-8") != again.path.read_text("utf-8")


def test_lines_are_summed_by_month_and_account(year, write, tmp_path) -> None:
    sales = [
        (journal, str(number), f"202503{number:02d}", account, cents)
        for number in range(10, 30)
        for journal, account, cents in (("VE", "411000", 10_01), ("VE", "706000", -10_01))
    ]
    done = reduce_fec(write(sales), tmp_path / REDUCED)
    body = done.path.read_text("utf-8").splitlines()[1:]
    assert [line.split("\t")[3:5] + line.split("\t")[11:13] for line in body] == [
        ["20250310", "411", "200,20", "0,00"],
        ["20250310", "7060", "0,00", "200,20"],
    ]


def test_written_in_a_folder_under_a_name_that_can_be_read(year, write, tmp_path) -> None:
    (tmp_path / "sortie").mkdir()
    for folder in ("sortie", "a_envoyer", "a_envoyer"):
        assert reduce_fec(write(year), tmp_path / folder).path == tmp_path / folder / REDUCED
        assert (tmp_path / folder / REDUCED).is_file()


def test_sums_of_ordinary_entries_are_no_closing(year, write, read, amounts, faults, tmp_path) -> None:
    """Lines of 110 that cancel in a month, charges that cancel over the year: nothing here closes the accounts."""
    correction = [("OD", "5", "20250310", "613000", 50_00), ("OD", "5", "20250310", "120000", -50_00)]
    wash = [("OD", "5", "20250310", "110000", 20_00), ("OD", "5", "20250310", "110000", -20_00)]
    back = [("OD", "6", "20250610", "625000", 30_00), ("OD", "6", "20250610", "455000", -30_00)]
    forth = [("OD", "7", "20250710", "625000", -30_00), ("OD", "7", "20250710", "455000", 30_00)]
    rest = [("OD", "8", "20250720", "625100", 1_00), ("OD", "8", "20250720", "455000", -1_00)]
    source = write([*year, *correction, *wash, *back, *forth, *rest])
    assert (amounts(read(source))["61"], amounts(read(source))["62"], faults(read(source))) == ("50,00", "1,00", [])
    reduced = read(reduce_fec(source, tmp_path / REDUCED).path)
    assert (amounts(reduced), faults(reduced)) == (amounts(read(source)), [])


@pytest.mark.parametrize(
    ("out", "key", "said"),
    [
        ("123456782FEC20251231.txt", None, "écrasé"),
        ("lien.txt", None, "écrasé"),
        ("reduit.txt", None, "même entreprise"),
        ("123456782FEC20241231.txt", None, "même entreprise"),
        ("123456782FEC20251231_plan_pcg.txt", None, "même exercice"),
        (REDUCED, b"court", "clé trop courte"),
    ],
)
def test_refused_outputs(out, key, said, year, write, tmp_path) -> None:
    source = write(year)
    before = source.read_bytes()
    if out == "lien.txt":
        (tmp_path / out).hardlink_to(source)
    with pytest.raises(UsageError, match=said):
        reduce_fec(source, tmp_path / out, key=key)
    assert source.read_bytes() == before


def test_a_ledger_with_faults_is_not_reduced(rows, year, write, tmp_path) -> None:
    made = rows(year)
    made[2] |= {"Debit": "1200,01"}
    made[5] |= {"EcritureDate": "20200101"}
    with pytest.raises(FileRefusedError, match=r"et 1.autre faute") as refused:
        reduce_fec(write(made), tmp_path / REDUCED)
    assert refused.value.where == "123456782FEC20251231.txt:7"
    assert not (tmp_path / REDUCED).exists()
