"""Erasing a person from the whole example: nobody names her any more, and figures count one person less."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ess_impact.evaluation.campaign import Campaign
from ess_impact.evaluation.collecting import Collected, collect
from ess_impact.evaluation.erasure import erase
from ess_impact.evaluation.register import record

TABLE, FILE = "mobilite", "structures/mobilite.csv"


@pytest.fixture
def campaign(campaign_folder: Path, tmp_path: Path) -> Campaign:
    shutil.copytree(campaign_folder, tmp_path / "campagne")
    return Campaign.open(tmp_path / "campagne")


def _remembered(campaign: Campaign) -> Collected:
    found = collect(campaign, keep=True)
    record(campaign, found)
    return found


def test_one_person_less(campaign: Campaign) -> None:
    with (campaign.folder / FILE).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    met = Counter(row["id_personne"] for row in rows if row["id_personne"])
    before = _remembered(campaign)
    accepted = before.checked[TABLE].accepted.filter(pl.col("_file") == FILE)
    person = next(row["id_personne"] for number, row in enumerate(rows, start=2)
                  if met[row["id_personne"]] == 1 and number in set(accepted["_row"]))  # fmt: skip
    certificate = erase(campaign, person, today=date(2026, 6, 1))
    assert [(one.fichier, one.lignes) for one in certificate.done] == [(FILE, 1)]
    # Files nobody could read are told: a person must look at them.
    assert all("illisible" in one for one in certificate.left)
    after = _remembered(campaign)
    counts = [one.checked[TABLE].accepted["id_personne"].n_unique() for one in (before, after)]
    assert counts[1] == counts[0] - 1
    assert after.checked[TABLE].rows_accepted == before.checked[TABLE].rows_accepted - 1
    others = set(before.checked) - {TABLE}
    assert all(after.checked[name].accepted.equals(before.checked[name].accepted) for name in others)
    named = [path for path in campaign.folder.rglob("*") if path.is_file() and person.encode() in path.read_bytes()]
    assert named == []
