"""An attacker with the published files alone: subtraction, exact or combined, gives no hidden cell back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

from ess_impact import Catalogue, evaluate

Row = Mapping[str, Any]
Cell = tuple[str, frozenset[tuple[str, str]]]
"""Territory, and the modality of each column of the breakdown."""
PRIMARY, SECONDARY = "C", "D"
THRESHOLD = 5
ENTERPRISES = 3
NUMERIC = pl.Float64, pl.Int64


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="module")
def publications(figures: pl.DataFrame) -> list[tuple[str, dict[Cell, Row]]]:
    """Every cell of each indicator and year, as anyone can read them."""
    found = figures.partition_by("indicator", "period_start", as_dict=True)
    return [
        (f"{indicator} {start.year}", {_cell(row): row for row in part.iter_rows(named=True)})
        for (indicator, start), part in sorted(found.items())
    ]


def _cell(row: Row) -> Cell:
    if row["breakdown"] == "_T":
        return row["territory"], frozenset()
    return row["territory"], frozenset(zip(row["breakdown"].split("*"), row["modality"].split("*"), strict=True))


def _sums(cells: Mapping[Cell, Row]) -> Iterator[tuple[Cell, list[Cell]]]:
    """Yield every published total with published cells that add up to it; an absent cell is a known zero."""
    parts: dict[tuple[Cell, frozenset[str]], list[Cell]] = {}
    for place, modalities in cells:
        names = frozenset(name for name, _ in modalities)
        for size in range(len(modalities)):
            for kept in combinations(sorted(modalities), size):
                parts.setdefault(((place, frozenset(kept)), names), []).append((place, modalities))
        if place != "_T":
            parts.setdefault((("_T", modalities), frozenset({"territoire"})), []).append((place, modalities))
    yield from ((total, found) for (total, _), found in parts.items() if total in cells)


def _recovered(cells: Mapping[Cell, Row]) -> list[Cell]:
    """Hidden cells that the published equalities determine: their unknown is orthogonal to what stays free."""
    hidden = [one for one in cells if cells[one]["conf_status"] != "F"]
    place = {one: index for index, one in enumerate(hidden)}
    equations = []
    for total, parts in _sums(cells):
        equation = np.zeros(len(hidden))
        for one, sign in [*((part, 1.0) for part in parts), (total, -1.0)]:
            if one in place:
                equation[place[one]] += sign
        equations.append(equation)
    if not hidden or not equations:
        return []
    _, scale, directions = np.linalg.svd(np.asarray(equations))
    free = directions[int((scale > 1e-9).sum()) :]
    return [one for one in hidden if not np.abs(free[:, place[one]]).max(initial=0.0) > 1e-9]


def _remainders(cells: Mapping[Cell, Row]) -> Iterator[dict[str, float]]:
    """Yield what a shown total minus its shown parts says of the hidden ones, taken together."""
    for total, parts in _sums(cells):
        unseen = [one for one in parts if cells[one]["conf_status"] != "F"]
        if unseen and cells[total]["conf_status"] == "F":
            shown = [one for one in parts if one not in unseen]
            whole = [total, *shown]
            names = [
                name for name in ("numerator", "denominator", "n") if all(cells[one][name] is not None for one in whole)
            ]
            yield {name: cells[total][name] - sum(cells[one][name] for one in shown) for name in names}


def test_the_example_hides_cells_and_complements(figures: pl.DataFrame) -> None:
    hidden = figures.filter(pl.col("conf_status") != "F")
    assert hidden.height > 100
    assert set(hidden["conf_status"]) == {PRIMARY, SECONDARY}


def test_a_hidden_cell_has_no_number_and_no_word(figures: pl.DataFrame) -> None:
    hidden = figures.filter(pl.col("conf_status") != "F")
    numbers = [name for name, kind in figures.schema.items() if kind in NUMERIC]
    assert {name: hidden[name].count() for name in numbers} == dict.fromkeys(numbers, 0)
    assert set(hidden["reason"]) == {"secret_statistique"}
    assert [set(hidden[name]) for name in ("notes", "method", "trend", "comparison")] == [{""}] * 4


def test_no_hidden_cell_is_recovered_by_subtraction(publications) -> None:
    recovered = {name: _recovered(cells) for name, cells in publications}
    assert {name: found for name, found in recovered.items() if found} == {}


def test_a_number_of_persons_hidden_in_one_indicator_is_shown_by_no_other(
    publications: list[tuple[str, dict[Cell, Row]]], catalogue: Catalogue
) -> None:
    """Known and unknown rows together are how many persons there are, whatever is asked of them."""
    hidden: set[tuple[object, ...]] = set()
    shown: set[tuple[object, ...]] = set()
    for name, cells in publications:
        indicator, year = name.rsplit(" ", 1)
        one = catalogue[indicator]
        if one.kind != "derived" and one.secrecy.unit == "personne":
            whole = getattr(one.measures, "denominator", None) or one.measures.value
            for cell, row in cells.items():
                place = (one.table, one.period.column, frozenset({one.where, whole.where, None}), year, cell)
                (shown if row["conf_status"] == "F" else hidden).add(place)
    assert len(hidden) > 10
    assert hidden & shown == set()


def test_exits_between_two_nested_shares_could_themselves_be_shown(
    publications: list[tuple[str, dict[Cell, Row]]],
) -> None:
    cells = dict(publications)
    between = [
        row["numerator"] - narrow[cell]["numerator"]
        for year in (2024, 2025)
        for narrow in [cells[f"taux_sorties_emploi_durable {year}"]]
        for cell, row in cells[f"taux_sorties_dynamiques {year}"].items()
        if row["numerator"] is not None and cell in narrow
    ]
    assert between
    assert not [number for number in between if 0 < number < THRESHOLD]


def test_what_subtraction_leaves_of_persons_could_itself_be_shown(publications, catalogue: Catalogue) -> None:
    """Two hidden cells of one person each, added up, would still be two persons."""
    told = {}
    for name, cells in publications:
        indicator = catalogue[name.split()[0]]
        if _unit(indicator) == "personne":
            rests = [
                {key: one.get(key, one["n"]) for key in ("denominator", "numerator")} for one in _remainders(cells)
            ]
            # Two counts divided are no share: what one lacks of the other is unknown rows, which are told everywhere.
            share = indicator.kind == "proportion"
            told[name] = [one for one in rests if _too_few(one["denominator"], one["numerator"], share=share)]
    assert {name: found for name, found in told.items() if found} == {}


def _unit(indicator: Any) -> str:
    return "" if indicator.kind == "derived" else indicator.secrecy.unit


def _too_few(whole: float, part: float, *, share: bool) -> bool:
    return any(0 < size < THRESHOLD for size in (whole, part, *([whole - part] if share else [])))


def test_what_subtraction_leaves_of_enterprises_is_of_three_at_least(publications, catalogue: Catalogue) -> None:
    """Of two enterprises hidden together, each reads the other's figure by taking its own away."""
    told = {}
    for name, cells in publications:
        if _unit(catalogue[name.split()[0]]) == "entreprise":
            told[name] = [one["n"] for one in _remainders(cells) if 0 < one["n"] < ENTERPRISES]
    assert {name: found for name, found in told.items() if found} == {}


def test_answers_do_not_show_the_number_of_a_hidden_whole(figures: pl.DataFrame, catalogue: Catalogue) -> None:
    """The denominator of a modality of a qualitative indicator is its whole: hidden above, hidden here."""
    scales = [one for one in catalogue.values() if one.kind == "qualitative"]
    leaks = []
    for indicator in scales:
        rows = figures.filter(indicator=indicator.id).to_dicts()
        column = indicator.measures.value.column
        hidden = {(row["period_start"], _cell(row)) for row in rows if row["conf_status"] != "F"}
        for row in rows:
            place, modalities = _cell(row)
            whole = frozenset(pair for pair in modalities if pair[0] != column)
            if row["denominator"] is not None and (row["period_start"], (place, whole)) in hidden:
                leaks.append((indicator.id, row["period_start"].year, row["modality"], row["denominator"]))
    assert scales
    assert leaks == []


def _quantities(indicator: Any) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the published columns of an indicator that hold a sum, and what exactly is summed."""
    if indicator.kind in ("sum", "count"):
        yield "numerator", (indicator.table, indicator.where, indicator.measures.value)
    elif indicator.kind in ("ratio", "rate"):
        yield "numerator", (indicator.table, indicator.where, indicator.measures.numerator)
        yield "denominator", (indicator.table, indicator.where, indicator.measures.denominator)


def test_another_indicator_does_not_give_a_hidden_sum_back(publications, catalogue: Catalogue) -> None:
    """The jobs of a place are also the denominator of the share of women there."""
    published = dict(publications)
    told = []
    for name, cells in publications:
        target = catalogue[name.split()[0]]
        if target.kind not in ("sum", "count"):
            continue
        ((_, wanted),) = _quantities(target)
        known = {one: dict(row) for one, row in cells.items()}
        for other in (one for one in catalogue.values() if one.id != target.id):
            for column, quantity in _quantities(other):
                seen = published.get(f"{other.id} {name.split()[1]}", {}) if quantity == wanted else {}
                for one, row in seen.items():
                    if row[column] is not None and row["n_missing"] == 0:
                        known[one] = dict(row) | {"conf_status": "F"}
        found = {one for one in cells if cells[one]["conf_status"] == PRIMARY and known[one]["conf_status"] == "F"}
        found |= {one for one in _recovered(known) if known[one]["conf_status"] == PRIMARY}
        told += [(name, *one) for one in found]
    assert told == []


def test_shown_cells_about_persons_are_large_enough(figures: pl.DataFrame, catalogue: Catalogue) -> None:
    persons = [one.id for one in catalogue.values() if _unit(one) == "personne"]
    shown = figures.filter(pl.col("indicator").is_in(persons) & (pl.col("conf_status") == "F"))
    assert len(persons) >= 5
    assert shown.height > 15
    # The denominator of a ratio is an amount: hours, full-time equivalents.
    counted = pl.col("kind").is_in(["count", "proportion", "qualitative"])
    whole = pl.when(counted).then(pl.coalesce("denominator", "n")).otherwise("n")
    assert shown.filter(whole.is_between(1, THRESHOLD - 1)).is_empty()
    for size in (pl.col("numerator"), whole - pl.col("numerator")):
        assert shown.filter(counted & size.is_between(1, THRESHOLD - 1)).is_empty()


def test_shown_cells_about_enterprises_rest_on_three_rows_at_least(figures: pl.DataFrame, catalogue: Catalogue) -> None:
    firms = [one.id for one in catalogue.values() if _unit(one) == "entreprise"]
    shown = figures.filter(pl.col("indicator").is_in(firms) & (pl.col("conf_status") == "F"))
    assert shown.height > 100
    assert shown.filter(pl.col("n").is_between(1, ENTERPRISES - 1)).is_empty()


def test_what_is_public_by_law_is_never_hidden(figures: pl.DataFrame, catalogue: Catalogue) -> None:
    public = [one.id for one in catalogue.values() if _unit(one) == "deja_public"]
    rows = figures.filter(pl.col("indicator").is_in(public))
    assert rows["indicator"].n_unique() >= 5
    assert set(rows["conf_status"]) == {"F"}


def test_derived_figures_hide_with_their_inputs(figures: pl.DataFrame, catalogue: Catalogue) -> None:
    met = set()
    for row in figures.filter(pl.col("kind") == "derived").iter_rows(named=True):
        inputs = catalogue[row["indicator"]].inputs.values()
        used = [_inputs_of(figures, row, one.indicator, one.breakdown) for one in inputs]
        concealed = any((one["conf_status"] != "F").any() for one in used)
        assert (row["conf_status"] != "F") == concealed, (row["indicator"], row["period_start"], row["modality"])
        met.add(concealed)
    assert met == {True, False}


def _inputs_of(figures: pl.DataFrame, row: Row, indicator: str, breakdown: str | None) -> pl.DataFrame:
    same = pl.lit(True)
    for name in ("territory", "period_start"):
        same &= pl.col(name) == row[name]
    if breakdown is None:
        same &= (pl.col("breakdown") == row["breakdown"]) & (pl.col("modality") == row["modality"])
    else:
        same &= pl.col("breakdown") == breakdown
    return figures.filter((pl.col("indicator") == indicator) & same)


def test_change_on_the_panel_does_not_give_the_only_newcomer_away(
    ess_impact: Callable[..., Any], small_campaign, row, sirets, tmp_path: Path
) -> None:
    """Change of the total minus change on the panel is what newcomers bring: of one enterprise alone, a secret."""
    both = [row(siret, annee=year, effectif=10 + year - 2024) for siret in sirets[:6] for year in (2024, 2025)]
    folder = small_campaign(structures=[*both, row(sirets[6], effectif=37)])
    assert ess_impact("evaluate", folder, "--out", tmp_path / "out", "--no-book").returncode == 0
    results = pl.read_parquet(tmp_path / "out/results/indicateurs.parquet")
    jobs = results.filter((pl.col("indicator") == "emplois_ess") & (pl.col("breakdown") == "_T"))
    (_, before), (change, after) = jobs.select("panel_constant", "value").rows()
    assert (before, after) == (60.0, 103.0)
    assert change is None or after - before - change != 37.0


def test_the_threshold_of_the_campaign_prevails_when_higher(
    ess_impact: Callable[..., Any], campaign_folder: Path, tmp_path: Path, figures: pl.DataFrame
) -> None:
    """With 20 in place of 5, no cell about fewer than 20 persons is left."""
    folder = _part_of_the_example(campaign_folder, tmp_path / "seuil", ("min_count: 5", "min_count: 20"))
    assert ess_impact("evaluate", folder, "--out", tmp_path / "out", "--no-book").returncode == 0
    results = pl.read_parquet(tmp_path / "out/results/indicateurs.parquet")
    people = pl.col("indicator") == "personnes_accompagnees_mobilite"
    assert results.filter(people).height > 10
    assert results.filter(people & (pl.col("n") < 20)).is_empty()
    assert results.filter(people)["n"].count() < figures.filter(people)["n"].count()


def _range(cells: Mapping[Cell, Row], target: Cell) -> float:
    """Width of what the shown numbers of rows leave possible for one hidden cell: a programme per cell and per end."""
    hidden = [one for one in cells if cells[one]["conf_status"] != "F"]
    place = {one: index for index, one in enumerate(hidden)}
    equations, right = [], []
    for total, parts in _sums(cells):
        equation, known = np.zeros(len(hidden)), 0.0
        for one, sign in [*((part, 1.0) for part in parts), (total, -1.0)]:
            if one in place:
                equation[place[one]] = sign
            else:
                known += sign * (cells[one]["n"] + cells[one]["n_missing"])
        if equation.any():
            equations.append(equation)
            right.append(-known)
    ends = []
    for sign in (1.0, -1.0):
        cost = np.zeros(len(hidden))
        cost[place[target]] = sign
        found = linprog(cost, A_eq=np.asarray(equations) if equations else None, b_eq=right or None, method="highs-ds")
        # 3: nothing bounds it.
        ends.append(np.inf if found.status == 3 else sign * found.fun)
    return float(abs(ends[1] - ends[0]))


def test_no_programme_encloses_a_small_cell(publications, catalogue: Catalogue) -> None:
    """The tightest interval of the rows of a small cell is at least as wide as the threshold that hides it."""
    widths = {}
    for name, cells in publications:
        least = {"personne": THRESHOLD, "entreprise": ENTERPRISES}.get(_unit(catalogue[name.split()[0]]), 0)
        for one in [one for one in cells if cells[one]["conf_status"] == PRIMARY and least]:
            widths[name, one] = _range(cells, one) / least
    assert len(widths) > 50
    assert {key: width for key, width in widths.items() if width < 1 - 1e-6} == {}


def test_no_other_file_gives_a_hidden_figure(figures: pl.DataFrame, published: Path) -> None:
    concealed = figures.filter(pl.col("conf_status") != "F").select(
        "indicator", "territory", "breakdown", "modality", pl.col("period_start").alias("day")
    )
    totals = concealed.filter(pl.col("breakdown") == "_T").drop("breakdown", "modality")
    evolutions = pl.read_parquet(published / "results/evolutions.parquet")
    for day, value in (("from", "value_from"), ("to", "value_to")):
        keys = ["indicator", "territory", "breakdown", "modality"]
        found = evolutions.filter(pl.col(value).is_not_null()).join(
            concealed, left_on=[*keys, day], right_on=[*keys, "day"], how="semi"
        )
        assert found.is_empty()
    for name, value in (("versions", "previous_value"), ("redressement", "value")):
        frame = pl.read_parquet(published / f"results/{name}.parquet").filter(pl.col(value).is_not_null())
        keys = ["indicator", "territory"]
        assert frame.join(totals, left_on=[*keys, "period_start"], right_on=[*keys, "day"], how="semi").is_empty()


def _part_of_the_example(campaign_folder: Path, folder: Path, *changes: tuple[str, str]) -> Path:
    for name in ("structures/mobilite.csv", "structures/structures.csv", "cle.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((campaign_folder / name).read_bytes())
    settings = (campaign_folder / "campagne.yaml").read_text(encoding="utf-8")
    for former, new in changes:
        settings = settings.replace(former, new)
    lines = [line for line in settings.splitlines() if "attendus" not in line]
    (folder / "campagne.yaml").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_a_leaky_publication_is_refused(
    ess_impact: Callable[..., Any], campaign_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without complements a subtraction gives cells back: nothing is written, and the message names them."""
    folder = _part_of_the_example(campaign_folder, tmp_path / "fuite")
    monkeypatch.setattr("ess_impact.evaluation.secrecy.statuses.protect", lambda status, *_, **__: status)
    run = ess_impact("evaluate", folder, "--out", tmp_path / "out", "--no-book")
    assert run.returncode == 5
    assert "publication refusée" in run.stderr
    assert "zone = " in run.stderr or "sexe = " in run.stderr
    assert not (tmp_path / "out/results").exists()


def test_what_the_former_publication_showed_is_no_secret(
    ess_impact: Callable[..., Any], campaign_folder: Path, tmp_path: Path
) -> None:
    """A higher threshold hides cells that the publication before showed: the two together would tell them."""
    before = _part_of_the_example(campaign_folder, tmp_path / "avant")
    assert ess_impact("evaluate", before, "--out", tmp_path / "publie", "--no-book").returncode == 0
    named = ("diffusion: public", "diffusion: public\npublication_precedente: ../publie")
    higher = _part_of_the_example(campaign_folder, tmp_path / "apres", named, ("min_count: 5", "min_count: 20"))
    run = ess_impact("evaluate", higher, "--out", tmp_path / "out", "--no-book")
    assert run.returncode == 5
    assert "la publication précédente la montrait" in run.stderr


@pytest.mark.parametrize(("holder", "shown"), [("00000001800010", False), (None, True)])
def test_the_enterprise_of_a_clause_is_its_holder_where_it_is_known(holder: str | None, shown: bool) -> None:
    contracts = pl.DataFrame(
        {
            "acheteur_siret": ["00000002600013"] * 6,
            "id_marche": [f"M{rank}" for rank in range(6)],
            "annee": [2025] * 6,
            "modalite": ["condition_execution"] * 6,
            "secteur": ["travaux"] * 6,
            "heures_prevues": [100] * 6,
            "heures_realisees": [100] * 6,
            "marche_acheve": ["oui"] * 6,
            "titulaire_siret": [holder] * 6,
        }
    )
    found = evaluate({"clauses": contracts}, indicators=["heures_clause_sociale_realisees"]).to_frame()
    total = found.row(by_predicate=pl.col("breakdown") == "_T", named=True)
    assert (total["value"] is not None) is shown
