"""A ledger exported after its closing entries gives the same figures, or says why it cannot."""

from __future__ import annotations

import pytest

GIFTS = (("OD", "5", "20251231", "864000", 50_00), ("OD", "5", "20251231", "875000", -50_00))
GIFTS_BACK = (("CL", "6", "20251231", "875000", 50_00), ("CL", "6", "20251231", "864000", -50_00))


def _by_account(closing):
    """One closing entry per account, as some software writes them."""
    for number, (journal, _, day, account, cents) in enumerate(closing[:-1], start=5):
        yield (journal, str(number), day, account, cents)
        yield (journal, str(number), day, "120000", -cents)


CLOSINGS = {
    "one entry": lambda closing: closing,
    "one entry per account": lambda closing: list(_by_account(closing)),
    "a loss account": lambda closing: [(*one[:3], one[3].replace("120", "129"), one[4]) for one in closing],
    "in the journal of other entries": lambda closing: [("OD", *one[1:]) for one in closing],
    "against the result brought forward": lambda closing: [
        (*one[:3], one[3].replace("120", "110"), one[4]) for one in closing
    ],
    "per account, brought forward": lambda closing: [
        (*one[:3], one[3].replace("120", "110"), one[4]) for one in _by_account(closing)
    ],
    "under the number of another entry": lambda closing: [("AC", "3", *one[2:]) for one in closing],
    "with the tax in the same entry": lambda closing: [
        *closing,
        ("CL", "5", "20251231", "444000", 0),
        ("CL", "5", "20251231", "444000", 0),
    ],
    "account 88": lambda closing: [(*one[:3], one[3].replace("120", "880"), one[4]) for one in closing],
}


@pytest.mark.parametrize("form", CLOSINGS)
def test_closing_entries_are_set_aside_and_said(form, year, closing, write, read, amounts, faults) -> None:
    before, after = read(write(year)), read(write([*year, *CLOSINGS[form](closing)]))
    assert amounts(after) == amounts(before) != {}
    said = next(one for one in faults(after) if one.rule != "numero_en_double")
    assert (said.rule, said.severity, said.row) == ("ecritures_de_cloture", "alerte", 11)
    assert after.coercions["lignes de clôture neutralisées"] >= 4


def test_volunteer_work_brought_back_is_still_counted(year, closing, write, read, amounts) -> None:
    raw = read(write([*year, *GIFTS, *closing, *GIFTS_BACK]))
    assert (amounts(raw)["864"], amounts(raw)["875"]) == ("50,00", "50,00")


def test_a_correction_of_volunteer_work_is_no_closing(year, write, read, amounts, faults) -> None:
    less = [(*one[:4], one[4] // 5) for one in GIFTS_BACK]
    raw = read(write([*year, *GIFTS, *less]))
    assert (amounts(raw)["864"], faults(raw)) == ("40,00", [])


def _bank(account: str, cents: int, number: str, day: str = "20251231"):
    return [("BQ", number, day, account, cents), ("BQ", number, day, "512000", -cents)]


@pytest.mark.parametrize("counterpart", ["120000", "110000"])
@pytest.mark.parametrize("form", ["one entry", "one entry per account"])
@pytest.mark.parametrize("account", ["627000", "607000"])
def test_a_charge_recorded_after_the_closing(account, form, counterpart, year, closing, write, read, amounts) -> None:
    """Even on an account that was closed: it no longer ends at zero."""
    closed = [(*one[:3], one[3].replace("120000", counterpart), one[4]) for one in CLOSINGS[form](closing)]
    late = _bank(account, 5_00, "20")
    raw = read(write([*year, *closed, *late]))
    assert amounts(raw) == amounts(read(write([*year, *late])))


@pytest.mark.parametrize("form", ["one entry", "one entry per account"])
def test_a_charge_missed_by_the_closing_is_never_read_alone(form, year, closing, write, read, faults) -> None:
    raw = read(write([*year, *_bank("607000", 5_00, "4b"), *CLOSINGS[form](closing)]))
    assert "cloture_non_isolee" in [one.rule for one in faults(raw)]
    assert raw.frame.is_empty()


def test_a_closing_that_ignores_the_tax_of_its_own_entry(year, closing, write, read, amounts) -> None:
    tax = [("CL", "5", "20251231", "695000", 50_00), ("CL", "5", "20251231", "444000", -50_00)]
    raw = read(write([*year, *closing, *tax]))
    assert amounts(raw) == amounts(read(write([*year, *tax])))


def test_a_closing_mixed_with_the_tax_it_closes_is_refused(year, closing, write, read, faults) -> None:
    mixed = [*closing[:-1], ("CL", "5", "20251231", "695000", 50_00), ("CL", "5", "20251231", "695000", -50_00)]
    mixed += [("CL", "5", "20251231", "444000", -50_00), ("CL", "5", "20251231", "120000", -249_90)]
    raw = read(write([*year, *mixed]))
    assert [one.rule for one in faults(raw)] == ["cloture_non_isolee"]


@pytest.mark.parametrize("day", ["20250301", "20251231"])
def test_a_correction_against_the_result_is_no_closing(day, year, closing, write, read, amounts, faults) -> None:
    correction = [("OD", "5", day, "641100", 100_00), ("OD", "5", day, "120000", -100_00)]
    raw = read(write([*year, *correction]))
    assert (amounts(raw)["64"], faults(raw)) == ("500,00", [])
    more = [(*one[:4], one[4] + {"641100": -100_00, "120000": 100_00}.get(one[3], 0)) for one in closing]
    assert amounts(read(write([*year, *correction, *more]))) == amounts(raw)


def test_an_entry_reversed_in_full_is_no_closing(year, write, read, amounts, faults) -> None:
    wrong = [("OD", "5", "20250601", "613000", 9_00), ("OD", "5", "20250601", "625000", 1_00)]
    wrong += [("OD", "5", "20250601", "401000", -10_00)]
    right = [("OD", "6", "20250602", account, -cents) for *_, account, cents in wrong]
    raw = read(write([*year, *wrong, *right]))
    assert (amounts(raw)["61"], amounts(raw)["62"], faults(raw)) == ("0,00", "0,00", [])


@pytest.mark.parametrize("counterpart", ["471000", "455000"])
def test_closing_that_cannot_be_told_is_refused_with_a_remedy(counterpart, year, closing, write, read, faults) -> None:
    hidden = [(*one[:3], one[3].replace("120000", counterpart), one[4]) for one in closing]
    raw = read(write([*year, *hidden]))
    assert raw.frame.is_empty()
    (said,) = faults(raw)
    assert (said.rule, said.severity) == ("cloture_non_isolee", "rejet")
    assert "avant les écritures de clôture" in said.remedy


def test_the_result_of_last_year_set_apart_is_no_closing(year, write, read, amounts, faults) -> None:
    spread = (("OD", "5", "20250630", "120000", 90_00), ("OD", "5", "20250630", "106800", -90_00))
    raw = read(write([*year, *spread]))
    assert (amounts(raw), faults(raw)) == (amounts(read(write(year))), [])


def test_a_ledger_without_charge_nor_product_is_refused(year, write, read, faults) -> None:
    raw = read(write(year[:2]))
    assert [(one.rule, one.severity) for one in faults(raw)] == [("aucun_poste", "rejet")]
