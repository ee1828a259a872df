"""Any balanced ledger: figures equal a naive sum in Decimal, whatever its form, reduced or not."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from ess_impact.data.accounts import read_accounts, reduce_fec
from ess_impact.data.accounts.ledger import FIELDS
from ess_impact.definitions.catalogue import Catalogue

NAME = "123456782FEC20251231"
SIRETS = {"123456782": "12345678200010"}
ACCOUNTS = ("120000", "401000", "512000", "603700", "607100", "611", "641100", "681120", "706000", "709600", "741000",
            "747000", "756100", "864000", "875000")  # fmt: skip
CHAPTERS = ("60", "607", "6037", "61", "64", "68", "6811", "70", "74", "747", "864", "875")

line = st.tuples(st.sampled_from(ACCOUNTS), st.integers(-(10**11), 10**11))
entry = st.tuples(
    st.sampled_from(["AN", "VE", "AC", "Été"]),
    st.integers(1, 12),
    st.integers(1, 28),
    st.lists(line, min_size=1, max_size=6),
)
ledgers = st.lists(entry, min_size=1, max_size=12)
MANAGEMENT = [one for one in ACCOUNTS if one[0] in "67"]
corrections = st.lists(
    st.tuples(
        st.integers(1, 12),
        st.sampled_from(MANAGEMENT),
        st.integers(-(10**9), 10**9),
        st.integers(-(10**9), 10**9),
    ),
    max_size=4,
)
"""Ordinary entries that look like closing ones: a charge or a product against the result, and a wash on 110000."""
forms = st.tuples(
    st.sampled_from("\t|;"), st.sampled_from(["utf-8", "iso-8859-15"]), st.sampled_from(",."), st.booleans()
)


@cache
def _catalogue() -> Catalogue:
    return Catalogue.load()


def _lines(ledger):
    """Number the entries and balance each on a bank account, after a first one that keeps accounts from being zero."""
    first = ("VE", 1, 1, [(account, 10**13 if account[0] == "6" else -(2 * 10**13)) for account in MANAGEMENT])
    for number, (journal, month, day, lines) in enumerate([first, *ledger], start=1):
        total = sum(cents for _, cents in lines)
        for account, cents in (*lines, ("512000", -total)):
            if not (journal == "AN" and account[0] in "67"):
                yield journal, number, f"2025{month:02d}{day:02d}", account, cents
        if journal == "AN":
            yield journal, number, f"2025{month:02d}{day:02d}", "106800", sum(c for a, c in lines if a[0] in "67")


def _corrected(lines, made):
    """Add corrections against the result to the lines of a ledger."""
    yield from lines
    for number, (month, account, cents, wash) in enumerate(made, start=1):
        sides = ((account, cents), ("120000", -cents), ("110000", wash), ("110000", -wash))
        for other, amount in sides:
            yield "OD", f"C{number}", f"2025{month:02d}28", other, amount


def _closed(lines, against, *, by_account, number, tax):
    """Add the closing entries of a ledger, written from its own balances."""
    made = list(lines)
    yield from made
    nets: dict[str, int] = defaultdict(int)
    for *_, account, cents in made:
        nets[account] += cents if account[0] in "67" else 0
    closing = [[(account, -cents), (against, cents)] for account, cents in sorted(nets.items()) if cents]
    if not by_account:
        closing = [[*(one for one, _ in closing), (against, sum(other for _, (_, other) in closing))]]
    if tax:
        closing[0] += [("444000", tax), ("447000", -tax)]
    for rank, entry_lines in enumerate(closing):
        for account, cents in entry_lines:
            yield "OD", f"{number}{rank}" if by_account else number, "20251231", account, cents


shapes = st.fixed_dictionaries(
    {
        "against": st.sampled_from(["120000", "129000", "110000", "880000"]),
        "by_account": st.booleans(),
        "number": st.sampled_from(["CL", "C1", "1"]),
        "tax": st.sampled_from([0, 50_00]),
    }
)


def _written(lines, form) -> bytes:
    separator, encoding, mark, signed = form
    names = [{"Debit": "Montant", "Credit": "Sens"}.get(one, one) if signed else one for one in FIELDS]
    rows = [names]
    for journal, number, day, account, cents in lines:
        amount = str(Decimal(abs(cents)).scaleb(-2).quantize(Decimal("0.01"))).replace(".", mark)
        debit, credit = (amount, "D" if cents > 0 else "C") if signed else (amount, "0") if cents > 0 else ("", amount)
        cells = {"JournalCode": journal, "JournalLib": "Journal", "EcritureNum": str(number), "EcritureDate": day}
        cells |= {"CompteNum": account, "CompteLib": "Libellé", "EcritureLib": "Été à Liévin", "CompAuxLib": "Canari"}
        rows.append([(cells | {names[11]: debit, names[12]: credit}).get(one, "") for one in names])
    return "\n".join(separator.join(row) for row in rows).encode(encoding)


def _naive(lines) -> dict[str, Decimal]:
    """Sum one line after the other, without any library."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for *_, account, cents in lines:
        for chapter in CHAPTERS:
            if account.startswith(chapter):
                sums[chapter] += Decimal(cents if account[0] == "6" or account[:2] == "86" else -cents) / 100
    return dict(sums)


def _figures(path: Path) -> dict[str, Decimal]:
    raw = read_accounts(path, _catalogue(), root=None, sirets=SIRETS, plan="associations")
    assert [one for one in raw.anomalies if one.severity == "rejet"] == []
    rows = raw.frame.select("poste", "montant").rows()
    return {poste: Decimal(amount.replace(",", ".")) for poste, amount in rows if poste in CHAPTERS}


def _survives_the_reduction(path: Path, expected: dict[str, Decimal]) -> None:
    reduced = reduce_fec(path, path.with_name(f"{NAME}_reduit.txt")).path
    found = _figures(reduced)
    assert found == {poste: amount for poste, amount in expected.items() if amount or poste in found}
    assert b"Canari" not in reduced.read_bytes()


@settings(max_examples=40, deadline=None)
@given(ledgers, corrections, forms)
def test_figures_equal_a_naive_sum_and_survive_the_reduction(ledger, made, form) -> None:
    lines = list(_corrected(_lines(ledger), made))
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{NAME}.txt"
        path.write_bytes(_written(lines, form))
        expected = _naive(lines)
        assert _figures(path) == expected
        _survives_the_reduction(path, expected)


@settings(max_examples=40, deadline=None)
@given(ledgers, corrections, forms, shapes)
def test_closing_entries_of_any_shape_leave_the_figures_unchanged(ledger, made, form, shape) -> None:
    lines = list(_corrected(_lines(ledger), made))
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"{NAME}.txt"
        path.write_bytes(_written(_closed(lines, **shape), form))
        expected = _naive(lines)
        assert _figures(path) == expected
        _survives_the_reduction(path, expected)
