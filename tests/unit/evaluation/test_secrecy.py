"""Statistical secrecy: what is hidden, and what else so that no subtraction gives it back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ess_impact.engine.cells import CellKey, Cells
from ess_impact.evaluation.secrecy import Relation, confidentiality, protect, relations

PERSON = {"unit": "personne", "min_count": 5}
FIRM = {"unit": "entreprise", "column": "siren"}


def people(active: int, others: int = 0, unknown: int = 0, **more: Any) -> list[dict[str, Any]]:
    return [{"actif": answer, **more} for answer in [True] * active + [False] * others + [None] * unknown]


def firms(*amounts: int, **more: Any) -> list[dict[str, Any]]:
    return [{"siren": f"e{index}", "montant": amount, "heures": 100, **more} for index, amount in enumerate(amounts)]


def by_modality(cells: Cells, status: list[str]) -> dict[str, str]:
    return {"*".join(key.modality) or "_T": one for key, one in zip(cells.keys, status, strict=True)}


@pytest.mark.parametrize(
    ("active", "others", "unknown", "status"),
    [
        (5, 5, 0, "F"),
        (0, 5, 0, "F"),
        (5, 0, 0, "F"),
        (4, 6, 0, "C"),
        (6, 4, 0, "C"),
        (4, 0, 0, "C"),
        (0, 1, 0, "C"),
        (0, 0, 3, "C"),
        (5, 5, 1, "F"),
    ],
)
def test_a_share_of_persons_hides_few_of_them_on_either_side(
    office: Any, active: int, others: int, unknown: int, status: str
) -> None:
    cells = office.cells("proportion", people(active, others, unknown), secrecy=PERSON)
    assert confidentiality(cells) == [status]


@pytest.mark.parametrize(
    ("kind", "size", "status"), [("count", 4, "C"), ("count", 5, "F"), ("mean", 4, "C"), ("mean", 5, "F")]
)
def test_a_figure_about_few_persons_is_hidden(office: Any, kind: str, size: int, status: str) -> None:
    assert confidentiality(office.cells(kind, [{"montant": 1}] * size, secrecy=PERSON)) == [status]


def test_distinct_persons_are_counted_not_their_rows(office: Any) -> None:
    rows = [{"personne": "x"}] * 6 + [{"personne": "y"}] * 6
    assert confidentiality(office.cells("distinct", rows, secrecy=PERSON)) == ["C"]


def test_few_events_among_many_persons_are_hidden(office: Any) -> None:
    # Two accidents in a year: who they happened to is known to all.
    rows = [{"actif": index < 2, "heures": 150_000} for index in range(50)]
    assert confidentiality(office.cells("rate", rows, secrecy=PERSON)) == ["C"]


def test_a_rare_answer_is_hidden_and_so_is_another(office: Any) -> None:
    rows = [{"zone": "a"}] * 9 + [{"zone": "b"}] * 7 + [{"zone": "c"}] * 2
    cells = office.cells("qualitative", rows, secrecy=PERSON)
    assert by_modality(cells, confidentiality(cells)) == {"_T": "F", "a": "F", "b": "D", "c": "C"}


@pytest.mark.parametrize(
    ("own", "campaign", "size", "status"),
    [(5, None, 6, "F"), (5, 10, 6, "C"), (10, 5, 6, "C"), (5, 3, 4, "C"), (1, None, 1, "F")],
)
def test_the_higher_threshold_prevails(office: Any, own: int, campaign: Any, size: int, status: str) -> None:
    cells = office.cells("count", [{}] * size, secrecy={"unit": "personne", "min_count": own})
    assert confidentiality(cells, min_count=campaign) == [status]


@pytest.mark.parametrize(
    ("amounts", "share", "status"),
    [
        ((100, 100), 0.85, "C"),
        ((100, 100, 100), 0.85, "F"),
        ((850, 75, 75), 0.85, "F"),
        ((851, 75, 74), 0.85, "C"),
        ((851, 75, 74), 0.9, "F"),
        ((-851, -75, -74), 0.85, "C"),
        ((500, 500, -950), 0.85, "C"),
        ((0, 0, 0), 0.85, "F"),
    ],
)
def test_three_enterprises_are_needed_and_none_may_dominate(
    office: Any, amounts: tuple[int, ...], share: float, status: str
) -> None:
    cells = office.cells("sum", firms(*amounts), secrecy=FIRM | {"max_share": share})
    assert confidentiality(cells) == [status]


def test_an_enterprise_counts_once_whatever_its_rows(office: Any) -> None:
    assert confidentiality(office.cells("sum", firms(10, 10) * 4, secrecy=FIRM)) == ["C"]


@pytest.mark.parametrize(("kind", "status"), [("ratio", "C"), ("rate", "C"), ("mean", "F"), ("proportion", "F")])
def test_an_enterprise_may_also_dominate_the_denominator(office: Any, kind: str, status: str) -> None:
    rows = [{"siren": f"e{index}", "montant": 10, "actif": True, "heures": 10} for index in range(4)]
    rows[0]["heures"] = 10_000
    assert confidentiality(office.cells(kind, rows, secrecy=FIRM)) == [status]


@pytest.mark.parametrize("kind", ["count", "distinct", "qualitative"])
def test_counts_of_enterprises_have_no_dominant_one(office: Any, kind: str) -> None:
    rows = [{"siren": "grande", "personne": "p", "zone": "a"}] * 97
    rows += [{"siren": f"e{index}", "personne": "q", "zone": "a"} for index in range(3)]
    assert set(confidentiality(office.cells(kind, rows, secrecy=FIRM))) == {"F"}


def test_without_any_row_an_enterprise_cell_is_free(office: Any) -> None:
    cells = office.cells("sum", [*firms(1, 1, 1), {"annee": 2023, "siren": "e1"}], secrecy=FIRM)
    assert confidentiality(cells) == ["F", "F"]


def test_rows_of_unknown_enterprises_are_not_published(office: Any) -> None:
    # Nobody can say there are three of them.
    assert confidentiality(office.cells("sum", [{"montant": 5}, {"montant": 6}], secrecy=FIRM)) == ["C"]


@pytest.mark.parametrize("unit", ["aucun", "deja_public"])
def test_what_is_public_by_law_is_not_hidden(office: Any, unit: str) -> None:
    assert confidentiality(office.cells("sum", firms(9), secrecy={"unit": unit}), min_count=50) == ["F"]


def test_one_hidden_modality_takes_the_next_smallest_along(office: Any) -> None:
    rows = people(6, 6, zone="a") + people(10, 10, zone="b") + people(2, 9, zone="c")
    cells = office.cells("proportion", rows, secrecy=PERSON, breakdowns=["zone"])
    assert by_modality(cells, confidentiality(cells)) == {"_T": "F", "a": "D", "b": "F", "c": "C"}


def test_two_hidden_modalities_protect_each_other(office: Any) -> None:
    rows = people(6, 6, zone="a") + people(1, 9, zone="b") + people(2, 9, zone="c")
    cells = office.cells("proportion", rows, secrecy=PERSON, breakdowns=["zone"])
    # Taken together, b and c hold three of them: a goes too.
    assert by_modality(cells, confidentiality(cells)) == {"_T": "F", "a": "D", "b": "C", "c": "C"}


def test_a_modality_that_is_the_whole_shares_its_fate(office: Any) -> None:
    cells = office.cells("count", [{"zone": "a"}] * 3, secrecy=PERSON, breakdowns=["zone"])
    assert confidentiality(cells) == ["C", "C"]
    assert protect(["F", "C"], relations(cells.keys), [3, 3]) == ["D", "C"]


def test_a_crossing_is_protected_along_both_margins(office: Any) -> None:
    sizes = {("F", "a"): 3, ("F", "b"): 20, ("H", "a"): 30, ("H", "b"): 40}
    rows = [{"sexe": sexe, "zone": zone} for (sexe, zone), size in sizes.items() for _ in range(size)]
    cells = office.cells("count", rows, secrecy=PERSON, breakdowns=["sexe", "zone", ["sexe", "zone"]])
    assert by_modality(cells, confidentiality(cells)) == {
        "_T": "F", "F": "F", "H": "F", "a": "F", "b": "F", "F*a": "C", "F*b": "D", "H*a": "D", "H*b": "D",
    }  # fmt: skip


def test_a_territory_is_protected_against_the_whole(territories: Any) -> None:
    rows = [{"dep": dep} for dep, size in (("62", 3), ("59", 8), ("80", 40)) for _ in range(size)]
    cells = territories.cells("count", rows, secrecy=PERSON)
    status = {key.territory: one for key, one in zip(cells.keys, confidentiality(cells), strict=True)}
    assert status == {"62": "C", "59": "D", "80": "F", "_T": "F"}


def test_each_year_is_protected_apart(office: Any) -> None:
    rows = [{"annee": year, "zone": zone} for year, zone, size in
            [(2023, "a", 9), (2023, "b", 9), (2024, "a", 2), (2024, "b", 9)] for _ in range(size)]  # fmt: skip
    cells = office.cells("count", rows, secrecy=PERSON, breakdowns=["zone"])
    status = confidentiality(cells)
    assert {one for key, one in zip(cells.keys, status, strict=True) if key.year == 2023} == {"F"}
    assert [one for key, one in zip(cells.keys, status, strict=True) if key.year == 2024] == ["F", "C", "D"]


KEYS = [
    CellKey(territory="_T", year=2024),
    CellKey(territory="_T", year=2024, breakdown=("x",), modality=("1",)),
    CellKey(territory="_T", year=2024, breakdown=("x",), modality=("2",)),
    CellKey(territory="_T", year=2024, breakdown=("y", "x"), modality=("a", "1")),
    CellKey(territory="_T", year=2024, breakdown=("y", "x"), modality=("b", "1")),
    CellKey(territory="62", year=2024),
    CellKey(territory="59", year=2024, breakdown=("x",), modality=("1",)),
    CellKey(territory="_T", year=2023, breakdown=("x",), modality=("1",)),
]


def test_relations_link_a_total_to_parts_that_are_published() -> None:
    found = {(one.total, one.parts) for one in relations(KEYS)}
    assert found == {(0, (1, 2)), (0, (3, 4)), (1, (3, 4)), (0, (5,)), (1, (6,))}


@pytest.mark.parametrize(
    ("status", "sizes", "expected"),
    [
        ("FFFF", (9, 3, 3, 3), "FFFF"),
        ("FCFF", (9, 2, 3, 4), "FCDF"),
        ("FCFF", (9, 2, 4, 3), "FCFD"),
        ("FCFF", (9, 2, 3, 3), "FCDF"),
        ("FCCF", (9, 2, 2, 5), "FCCF"),
        # An empty part protects nothing: the next, then the total.
        ("FCFF", (9, 2, 0, 7), "FCFD"),
        ("FCFF", (2, 2, 0, 0), "DCFF"),
        # Nor does an empty part that is hidden too.
        ("FCCF", (9, 2, 0, 7), "FCCD"),
        ("CFFF", (9, 5, 2, 2), "CFDF"),
    ],
)
def test_complements_of_a_single_margin(status: str, sizes: tuple[int, ...], expected: str) -> None:
    assert "".join(protect(list(status), [Relation(total=0, parts=(1, 2, 3))], sizes)) == expected


def test_protecting_one_relation_may_open_another() -> None:
    links = [Relation(total=0, parts=(1, 2)), Relation(total=2, parts=(3, 4))]
    assert protect(["F", "C", "F", "F", "F"], links, [9, 2, 7, 3, 4]) == ["F", "C", "D", "D", "F"]


def test_the_given_statuses_are_left_alone() -> None:
    status = ["F", "C", "F"]
    protect(status, [Relation(total=0, parts=(1, 2))], [9, 2, 7])
    assert status == ["F", "C", "F"]


def test_sizes_beyond_64_bits_are_compared_exactly() -> None:
    sizes = np.asarray([2**70, 1, 2**65 + 1, 2**65], dtype=object)
    assert protect(["F", "C", "F", "F"], [Relation(total=0, parts=(1, 2, 3))], list(sizes)) == ["F", "C", "F", "D"]
