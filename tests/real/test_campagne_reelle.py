"""Official files dropped in ``veille/`` under their own names are known without any configuration."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from ess_impact.data.official.recognition import recognise


def test_every_file_of_the_campaign_is_recognised(real_campaign: Path) -> None:
    known = [recognise(path) for path in sorted((real_campaign / "veille").iterdir())]
    assert Counter(one.table for one in known if one) == {"departements": 4, "cantines": 3}
    assert not (real_campaign / "structures").exists()


def test_neighbouring_files_are_not_mistaken(real_data: Path) -> None:
    names = [
        "drees/MINSOCsl_description.csv",
        "drees/OARSAsl.csv",
        "panel/itdd_departements_long.csv",
        "ma-cantine/ma_cantine_par_departement_2021_2023.csv",
    ]
    assert [recognise(real_data / name) for name in names] == [None] * len(names)
