"""Every method note is complete, names a function that exists, and its example is what the function returns."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from ess_impact import stats
from ess_impact.definitions.uncertainty import METHODS as ASKED
from ess_impact.report.labels import METHOD_NOTES
from ess_impact.report.labels import METHODS as NAMED
from ess_impact.stats.attainment import probability_above, project_line
from ess_impact.stats.change import mover, paired_ratio_change
from ess_impact.stats.clusters import sum_clusters
from ess_impact.stats.trend import mann_kendall

METHODS = Path(__file__).resolve().parents[2] / "methods"
NOTES = sorted(METHODS.glob("*.md"))
SECTIONS = ["Question à laquelle la méthode répond", "Formule", "Hypothèses", "Quand ne pas l'utiliser", "Exemple"]
STATS = [
    importlib.import_module(f"ess_impact.stats.{path.stem}") for path in Path(stats.__file__).parent.glob("[a-z]*.py")
]


def read(path):
    """Return the header and the sections of a note."""
    _, header, body = path.read_text(encoding="utf-8").split("---\n", 2)
    parts = re.split(r"^## (.+)\n", body, flags=re.MULTILINE)
    return yaml.safe_load(header), body, dict(zip(parts[1::2], parts[2::2], strict=True))


def resolve(dotted):
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


def french(value, decimals):
    return f"{value:.{decimals}f}".replace(".", ",")


def limits(found, decimals, scale=1.0, i=0):
    return [french(scale * one[i], decimals) for one in (found.value, found.low, found.high)]


def wilson():
    return [*limits(stats.wilson([65], [100]), 1, 100), french(100 * stats.wilson([0], [10]).high[0], 1)]


def byar():
    found = stats.byar([65, 5], [10_000, 10_000], per=1000)
    return limits(found, 2) + limits(found, 2, i=1)


def student():
    return [*limits(stats.student([4], [20], [120]), 2), french(np.std([2, 4, 6, 8], ddof=1), 2), "3,18"]


def ratio():
    return limits(stats.ratio_linearised(sum_clusters([2, 4, 6], [1, 2, 5]), clustered=False), 3)


def bootstrap():
    found = stats.bootstrap_quantile(range(1, 100), 0.5)
    return [french(one, 0) for one in (found.value, found.low, found.high)]


def clusters():
    sums = sum_clusters([10] * 12, [2, 8] * 6)
    effect = stats.design_effect(sums)[0]
    forgotten = limits(stats.wilson([60], [120]), 1, 100)
    return [*limits(stats.wilson_cluster(sums), 1, 100), french(effect, 2), french(120 / effect, 1), *forgotten]


def standardised():
    direct = stats.direct([[30, 60]], [[1000, 1000]], [1, 1], per=1000)
    ratio_of_events = stats.indirect([[3, 9]], [[100, 100]], [0.05, 0.05], per=100)
    return limits(direct, 1) + limits(ratio_of_events, 1)[1:] + [french(ratio_of_events.value[0], 0)]


def diversification():
    return [french(stats.diversification([50_000, 30_000, 20_000]), 2), french(stats.diversification_maximum(3), 3)]


def largest_share():
    return [french(stats.top_share([500, 500, *[100] * 10]), 1), f"vaut {stats.top_share([1] * 9):.0f}"]


def bounds():
    return [french(100 * one[0], 0) + " %" for one in stats.missing_bounds([3], [4], [1])] + ["75 %"]


def ranks():
    found = stats.rank_bounds([8, 7, 1], [10, 9, 2], [9, 8, 1.5])
    first, last = (f"{found.low[i]:.0f} à {found.high[i]:.0f}" for i in (0, 2))
    assert last == "3 à 3"
    return [f"places {first}", "rangs sont " + "{:.0f}, {:.0f} et {:.0f}".format(*found.rank)]


def comparison():
    return [french(stats.location_quotient(0.12, 0.10), 2), french(100 * stats.difference(0.12, 0.10), 1) + " points"]


def exact():
    found = stats.clopper_pearson([65, 0], [100, 10])
    return [*limits(found, 1, 100), french(100 * found.high[1], 1)]


def robust():
    sums = sum_clusters([10] * 12, [2, 8] * 6)
    return [one for method in (stats.rao_scott, stats.logit_robust) for one in limits(method(sums), 1, 100)]


def bounds_and_chance():
    found = stats.imbens_manski([60, 60], [100, 100], [20, 0])
    low, high = stats.missing_bounds([60], [100], [20])
    return (
        limits(found, 1, 100)[1:] + limits(found, 1, 100, i=1)[1:] + [french(100 * low[0], 1), french(100 * high[0], 1)]
    )


def fieller():
    four, three = sum_clusters([2, 4, 6, 5], [1, 2, 5, 3]), sum_clusters([2, 4, 6], [1, 2, 5])
    assert np.isnan(stats.fieller(three, clustered=False).low[0])
    return limits(stats.fieller(four, clustered=False), 3) + limits(stats.ratio_linearised(four, clustered=False), 3)


def quantiles():
    median, ninth = (stats.quantile_order(stats.histograms([range(1, 100)]), q) for q in (0.5, 0.9))
    return [*limits(median, 0), french(ninth.value[0], 1), *limits(ninth, 0)[1:]]


def bca():
    median, mean = stats.bca_quantile(range(1, 100), 0.5), stats.bootstrap_ratio(1, [1, 1, 2, 2, 3, 3, 4, 5, 8, 21])
    return [french(one, 0) for one in (median.value, median.low, median.high)] + [
        french(one, 1) for one in (mean.value, mean.low, mean.high)
    ]


def finite():
    plain = stats.wilson([30], [75])
    return limits(plain, 1, 100) + limits(stats.finite_population(plain, 75, 100), 1, 100)


def calibration():
    answers = np.repeat([1, 0, 1, 0], [6, 24, 8, 2])
    small = np.arange(40) < 30
    found = stats.calibrate(np.stack([small, ~small], axis=1), [60, 40])
    one = stats.calibrated_share(found, answers, np.ones(40))
    return [french(100 * part, 1) for part in (answers.mean(), one.value, one.low, one.high)] + [
        french(found.effective_n, 1)
    ]


def change():
    before, after = stats.wilson([48], [80]), stats.wilson([56], [70])
    found = mover((before.value, before.low, before.high), (after.value, after.low, after.high))
    return limits(found, 1, 100)


def paired_change():
    found = paired_ratio_change(([10] * 12, [3, 5] * 6), ([10] * 12, [4, 7] * 6))
    return [french(100 * one, 1) for one in (found.value, found.low, found.high)]


def trend():
    found = mann_kendall([12, 15, 14, 18, 21, 25])
    return [f"S vaut {found.statistic:.0f}", french(found.z, 2), french(found.p_value, 3)]


def target():
    share = stats.Estimate(value=0.5, low=0.4, high=0.6, confidence=0.95, method="")
    seen = project_line([0, 1, 2, 3], [0.30, 0.32, 0.33, 0.36], [0.01] * 4, 5)
    sure = [100 * probability_above(share, level) for level in (0.4, 0.55)]
    return [french(one, 1) for one in (*sure, *(100 * one for one in (seen.value, seen.low, seen.high)))]


EXAMPLES = {
    "variation": change,
    "variation_appariee": paired_change,
    "tendance": trend,
    "cible": target,
    "intervalle_wilson": wilson,
    "intervalle_byar": byar,
    "intervalle_student": student,
    "ratio_linearise": ratio,
    "bootstrap": bootstrap,
    "grappes": clusters,
    "standardisation": standardised,
    "diversification": diversification,
    "part_des_premiers": largest_share,
    "bornes_manquants": bounds,
    "rangs": ranks,
    "comparaison": comparison,
    "intervalle_clopper_pearson": exact,
    "proportions_grappes": robust,
    "bornes_et_alea": bounds_and_chance,
    "fieller": fieller,
    "quantiles": quantiles,
    "bootstrap_bca": bca,
    "population_finie": finite,
    "calage": calibration,
}


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.stem)
def test_the_header_names_a_function_that_exists(path):
    header, body, _ = read(path)
    assert header["id"] == path.stem
    assert set(header) == {"id", "nom", "fonction"}
    assert set(header["nom"]) == {"fr", "en"}
    assert callable(resolve(header["fonction"]))
    assert body.lstrip().startswith("# ")


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.stem)
def test_the_sections_are_there_and_filled(path):
    _, body, sections = read(path)
    assert list(sections) == [*SECTIONS, "Références"]
    assert all(len(text.strip()) > 40 for text in sections.values())
    assert not re.search(r"<[a-zA-Z/]", body), "raw HTML"


@pytest.mark.parametrize("path", NOTES, ids=lambda path: path.stem)
def test_formulas_render(path):
    convert = pytest.importorskip("latex2mathml.converter").convert
    _, body, sections = read(path)
    assert "$$" in sections["Formule"]
    for formula in re.findall(r"\$\$(.+?)\$\$", body, flags=re.DOTALL) + re.findall(r"(?<!\$)\$([^$]+)\$(?!\$)", body):
        assert convert(formula.strip()).startswith("<math")


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_worked_example_is_what_the_function_returns(name):
    _, _, sections = read(METHODS / f"{name}.md")
    assert [one for one in EXAMPLES[name]() if one not in sections["Exemple"]] == []


@pytest.mark.parametrize("module", STATS, ids=lambda module: module.__name__)
def test_every_reference_of_a_docstring_is_in_the_bibliography(module):
    known = set(
        re.findall(r"^@\w+\{(\w+),", (METHODS / "references.bib").read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    source = Path(module.__file__).read_text(encoding="utf-8")
    for cited in re.findall(r"References\n    -{10}\n    (.+)\n", source):
        assert set(cited.split(", ")) <= known


def test_every_method_of_interval_has_its_note_and_its_french_name():
    notes = {path.stem for path in NOTES}
    assert {one.note for one in ASKED.values()} | set(METHOD_NOTES.values()) <= notes
    assert {name: one.note for name, one in ASKED.items() if METHOD_NOTES.get(name) != one.note} == {}
    assert set(METHOD_NOTES) <= set(NAMED)
