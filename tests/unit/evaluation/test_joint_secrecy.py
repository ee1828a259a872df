"""Secrecy over several cells and several indicators: what one publishes, another may not hide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ess_impact.engine.cells import Cells
from ess_impact.evaluation.secrecy import Relation, confidentiality, joint_confidentiality, protect

PERSON = {"unit": "personne", "min_count": 5}
FIRM = {"unit": "entreprise", "column": "siren"}


def answers(active: int, others: int, **more: Any) -> list[dict[str, Any]]:
    return [{"actif": answer, **more} for answer in [True] * active + [False] * others]


def statuses(group: Sequence[Cells], **options: Any) -> dict[str, str]:
    return {name: "".join(found) for name, found in joint_confidentiality(group, **options).items()}


ZONES = answers(6, 6, zone="a") + answers(9, 9, zone="b") + answers(2, 9, zone="c")


def test_indicators_that_share_a_measure_hide_the_same_cells(office: Any) -> None:
    # The count of all rows minus the count of those out of the numerator gives the numerator back.
    part = office.cells("proportion", ZONES, secrecy=PERSON, breakdowns=["zone"])
    whole = office.cells("count", ZONES, secrecy=PERSON, breakdowns=["zone"], id="tous")
    assert confidentiality(whole) == ["F"] * 4
    found = statuses([part, whole])
    assert found["un_proportion"] == found["tous"]
    assert set(found["tous"]) == {"F", "C", "D"}


def test_indicators_linked_through_a_third_hide_the_same_cells(office: Any) -> None:
    rare = {"numerator": {"where": "sexe = 'F'"}, "denominator": {}}
    rows = [row | {"sexe": "F" if index < 2 else "H"} for index, row in enumerate(ZONES)]
    group = [
        office.cells("proportion", rows, secrecy=PERSON, breakdowns=["zone"], id="un", measures=rare),
        office.cells("count", rows, secrecy=PERSON, breakdowns=["zone"], id="deux"),
        office.cells("proportion", rows, secrecy=PERSON, breakdowns=["zone"], id="trois"),
    ]
    assert len(set(statuses(group).values())) == 1
    assert statuses(group) == statuses(group[::-1])


def test_indicators_that_count_among_the_same_persons_hide_the_same_cells(office: Any) -> None:
    # The rows behind a median are the denominator of a share: shown in one, they would be no secret in the other.
    rows = [row | {"montant": 100} for row in ZONES]
    part = office.cells("proportion", rows, secrecy=PERSON, breakdowns=["zone"])
    middle = office.cells("median", rows, secrecy=PERSON, breakdowns=["zone"])
    assert confidentiality(middle) == ["F"] * 4
    found = statuses([part, middle])
    assert found["un_median"] == found["un_proportion"] == "".join(confidentiality(part))


def _share(office: Any, name: str, where: str, rows: list[dict[str, Any]]) -> Cells:
    measures = {"numerator": {"where": where}, "denominator": {}}
    return office.cells("proportion", rows, secrecy=PERSON, breakdowns=["zone"], id=name, measures=measures)


@pytest.mark.parametrize(("between", "hidden"), [(0, False), (2, True), (5, False)])
def test_what_lies_between_two_nested_shares_is_a_number_of_persons(office: Any, between: int, hidden: bool) -> None:
    women = [{"actif": True, "sexe": "F", "zone": "a"}] * 20
    men = [{"actif": True, "sexe": "H", "zone": "a"}] * between
    others = [{"actif": False, "sexe": "H", "zone": "a"}] * 20
    far = [{**row, "zone": zone} for zone in "bcd" for row in women + others + [{"actif": True, "sexe": "H"}] * 30]
    rows = [*women, *men, *others, *far]
    wide, narrow = _share(office, "larges", "actif", rows), _share(office, "femmes", "actif AND sexe = 'F'", rows)
    found = statuses([wide, narrow])
    assert ("C" in found["larges"]) is ("C" in found["femmes"]) is hidden
    assert "C" not in statuses([wide])["larges"] + statuses([narrow])["femmes"]


@pytest.mark.parametrize(
    "other",
    [
        {"where": "n > 0"},
        {"secrecy": {"unit": "entreprise", "column": "siret"}},
        {"secrecy": {"unit": "deja_public"}},
    ],
)
def test_indicators_that_share_no_measure_are_judged_apart(office: Any, other: dict[str, Any]) -> None:
    rows = [row | {"n": 1, "siret": f"s{index % 4}"} for index, row in enumerate(ZONES)]
    part = office.cells("proportion", rows, secrecy=PERSON, breakdowns=["zone"])
    whole = office.cells("count", rows, **{"secrecy": PERSON, "breakdowns": ["zone"], "id": "tous"} | other)
    found = statuses([part, whole])
    assert found["un_proportion"] == "".join(confidentiality(part))
    assert found["tous"] == "".join(confidentiality(whole)) == "FFFF"


def test_indicators_of_different_breakdowns_share_only_their_common_cells(office: Any) -> None:
    rows = [row | {"sexe": "F" if index % 2 else "H"} for index, row in enumerate(ZONES)]
    by_zone = office.cells("count", rows, secrecy=PERSON, breakdowns=["zone"], id="zones", where="actif")
    by_sex = office.cells("count", rows, secrecy=PERSON, breakdowns=["sexe"], id="sexes", where="actif")
    found = statuses([by_zone, by_sex])
    assert found["zones"] == "FDFC"
    assert found["sexes"] == "FFF"


def test_the_threshold_of_the_campaign_holds_for_the_whole_group(office: Any) -> None:
    cells = office.cells("count", ZONES, secrecy=PERSON, breakdowns=["zone"])
    assert statuses([cells], min_count=12)["un_count"] == "FDFC"
    assert statuses([cells])["un_count"] == "FFFF"


def test_hidden_parts_together_must_be_worth_hiding(office: Any) -> None:
    # b and c hold three persons together: the total minus a would tell so.
    rows = [{"zone": zone} for zone, size in (("a", 9), ("b", 2), ("c", 1), ("d", 7)) for _ in range(size)]
    cells = office.cells("count", rows, secrecy=PERSON, breakdowns=["zone"])
    assert confidentiality(cells) == ["F", "F", "C", "C", "D"]


@pytest.mark.parametrize(
    ("rows", "status"),
    [
        ([{"personne": f"p{n}", "actif": n < 5} for n in range(10)], "F"),
        # Ten answers, from four persons.
        ([{"personne": f"p{n % 4}", "actif": n < 5} for n in range(10)], "C"),
        # Ten persons, but one alone gave every positive answer.
        ([{"personne": f"p{max(n, 5)}", "actif": n <= 5} for n in range(16)], "C"),
        # And one alone every negative one.
        ([{"personne": f"p{max(n, 5)}", "actif": n > 5} for n in range(16)], "C"),
        # Persons nobody identified are counted by row.
        ([{"personne": None, "actif": n < 5} for n in range(10)], "F"),
    ],
)
def test_persons_are_counted_and_not_their_answers(office: Any, rows: Any, status: str) -> None:
    assert confidentiality(office.cells("proportion", rows, secrecy=PERSON)) == [status]


def test_three_enterprises_are_needed_behind_the_numerator_too(office: Any) -> None:
    rows = [{"siren": f"e{n}", "montant": 50 if n < 2 else 0, "heures": 10} for n in range(6)]
    assert confidentiality(office.cells("ratio", rows, secrecy=FIRM)) == ["C"]
    nobody = [row | {"montant": 0} for row in rows]
    assert confidentiality(office.cells("ratio", nobody, secrecy=FIRM)) == ["F"]


def test_the_rest_of_an_answer_is_protected_like_the_answer(office: Any) -> None:
    cells = office.cells("qualitative", [{"zone": "a"}] * 6 + [{"zone": "b"}] * 2, secrecy=PERSON)
    assert confidentiality(cells) == ["F", "C", "C"]


def test_an_amount_is_not_a_number_of_persons(office: Any) -> None:
    rows = [{"montant": 1}, *[{"montant": 0}] * 9]
    assert confidentiality(office.cells("sum", rows, secrecy=PERSON)) == ["F"]


def test_the_smallest_cell_is_the_one_of_fewest_rows_unknown_ones_included(office: Any) -> None:
    rows = answers(4, 5, zone="a") + answers(9, 5, zone="b") + answers(6, 5, zone="c") + [{"zone": "c"}] * 6
    cells = office.cells("proportion", rows, secrecy=PERSON, breakdowns=["zone"])
    assert confidentiality(cells) == ["F", "C", "D", "F"]


def test_a_numerator_is_known_by_all_its_conditions(office: Any) -> None:
    rows = [row | {"sexe": "F" if index % 3 else "H"} for index, row in enumerate(ZONES * 2)]
    measures = {"denominator": {"where": "actif"}, "numerator": {"where": "sexe = 'F'"}}
    part = office.cells("proportion", rows, secrecy=PERSON, breakdowns=["zone"], measures=measures)
    same = office.cells(
        "count", rows, secrecy=PERSON, breakdowns=["zone"], where="sexe = 'F'", measures={"value": {"where": "actif"}}
    )
    found = statuses([part, same])
    assert found["un_proportion"] == found["un_count"] != "".join(confidentiality(same))


LINKS = [
    Relation(total=0, parts=(1, 2)),
    Relation(total=3, parts=(4, 5)),
    Relation(total=6, parts=(1, 4)),
    Relation(total=7, parts=(2, 5)),
]


def test_relations_that_together_determine_a_cell_hide_another() -> None:
    # Margins 0, 3, 6, 7 shown: hiding 1, 2, 4 leaves three unknowns and three independent equations.
    assert protect(list("FCCFCFFF"), LINKS, [9] * 8)[5] == "D"


def test_four_corners_of_a_square_protect_one_another() -> None:
    assert protect(list("FCDFDDFF"), LINKS, [9] * 8) == list("FCDFDDFF")


def test_what_cannot_be_protected_further_is_left_there() -> None:
    assert protect(list("C"), [], [9]) == ["C"]
    assert protect(list("CCCCCCCC"), LINKS, [9] * 8) == list("CCCCCCCC")


def test_an_unsafe_remainder_takes_another_part_along_until_it_is_safe() -> None:
    sizes = [20, 1, 1, 4, 9]
    links = [Relation(total=0, parts=(1, 2, 3, 4))]
    found = protect(list("FCCFF"), links, sizes, lambda parts: sum(sizes[one] for one in parts) < 5)
    assert found == list("FCCDF")


def test_the_remainder_of_everything_is_the_total_itself() -> None:
    # A total that may be told tells nothing more when every part is hidden.
    found = protect(list("FCC"), [Relation(total=0, parts=(1, 2))], [9, 2, 2], lambda parts: True)
    assert found == list("FCC")


def test_the_same_enterprises_in_two_hidden_parts_are_not_counted_twice(office: Any) -> None:
    # Without a, the total is that of two enterprises.
    places = {"a": "12345", "b": "xy", "c": "xy"}
    rows = [{"siren": firm, "zone": zone, "montant": 10} for zone, firms in places.items() for firm in firms]
    cells = office.cells("sum", rows, secrecy=FIRM, breakdowns=["zone"])
    assert confidentiality(cells)[1:] == ["D", "C", "C"]


def test_an_enterprise_may_dominate_two_hidden_parts_together(office: Any) -> None:
    places = {
        "a": {"1": 30, "2": 30, "3": 30, "4": 30},
        "b": {"x": 900, "y": 5, "z": 5},
        "c": {"x": 900, "u": 5, "v": 5},
    }
    rows = [
        {"siren": firm, "zone": zone, "montant": amount}
        for zone, firms in places.items()
        for firm, amount in firms.items()
    ]
    cells = office.cells("sum", rows, secrecy=FIRM | {"max_share": 0.95}, breakdowns=["zone"])
    assert confidentiality(cells)[1:] == ["D", "C", "C"]


def test_the_same_persons_in_two_hidden_parts_are_not_counted_twice(office: Any) -> None:
    places = {"a": "123456", "b": "wxyz", "c": "wxyz"}
    rows = [{"personne": who, "zone": zone, "actif": True} for zone, people in places.items() for who in people]
    cells = office.cells("count", rows, secrecy=PERSON, breakdowns=["zone"])
    assert confidentiality(cells)[1:] == ["D", "C", "C"]
