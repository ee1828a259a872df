"""Published results of pyMannKendall 1.4.3, read from the shared folder and never copied here."""

import json
import math
from pathlib import Path

import pytest

from ess_impact.stats.trend import mann_kendall, sen_slope

FOLDER = Path(__file__).resolve().parents[2] / ".." / "shared" / "reference" / "indicators"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"reference results absent: {FOLDER}")


def entry(name):
    entries = json.loads((FOLDER / "reference_results.json").read_text(encoding="utf-8"))
    return next(one for one in entries if one["id"] == name)


def series():
    # Empty lines are missing values: kept, they hold their place in time.
    lines = (FOLDER / "data" / "mk_arbitrary_360.csv").read_text(encoding="utf-8").split("\n")[1:361]
    return [float(line.split(",")[-1]) if line.split(",")[-1] else math.nan for line in lines]


@pytest.mark.parametrize(("name", "corrected"), [("mann_kendall", False), ("mann_kendall_hamed_rao", True)])
def test_mann_kendall(name, corrected):
    ref = entry(name)
    found = mann_kendall(series(), corrected=corrected)
    wanted = ref["expected"]
    assert (found.variance, found.z, found.p_value) == pytest.approx(
        (wanted["var_s"], wanted["z"], wanted["p"]), rel=ref["tolerance"]
    )
    assert wanted.get("s", found.statistic) == found.statistic


def test_sen_slope():
    ref = entry("sen_slope")
    slope, intercept = sen_slope(series())
    assert (slope.value, intercept) == pytest.approx(
        (ref["expected"]["slope"], ref["expected"]["intercept"]), rel=ref["tolerance"]
    )
