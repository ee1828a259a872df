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
    "account 88": lambda closing: [(*one[:3], one[3].replace("120", "880"), one[4]) for one in closing],
}


@pytest.mark.parametrize("form", CLOSINGS)
def test_closing_entries_are_set_aside_and_said(form, year, closing, write, read, amounts, faults) -> None:
    before, after = read(write(year)), read(write([*year, *CLOSINGS[form](closing)]))
    assert amounts(after) == amounts(before) != {}
    (said,) = faults(after)
    assert (said.rule, said.severity, said.row) == ("ecritures_de_cloture", "alerte", 11)
    assert after.coercions["lignes de clôture neutralisées"] >= 4


def test_volunteer_work_brought_back_is_still_counted(year, closing, write, read, amounts) -> None:
    raw = read(write([*year, *GIFTS, *closing, *GIFTS_BACK]))
    assert (amounts(raw)["864"], amounts(raw)["875"]) == ("50,00", "50,00")


def test_a_correction_of_volunteer_work_is_no_closing(year, write, read, amounts, faults) -> None:
    less = [(*one[:4], one[4] // 5) for one in GIFTS_BACK]
    raw = read(write([*year, *GIFTS, *less]))
    assert (amounts(raw)["864"], faults(raw)) == ("40,00", [])


@pytest.mark.parametrize("counterpart", ["471000", "101000"])
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
