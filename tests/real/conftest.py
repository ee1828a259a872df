"""Real open data, read where it lies beside the repository; every test here is skipped where it is absent."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from ess_impact.data.official.merging import merge_departements
from ess_impact.data.official.recognition import load_official
from ess_impact.data.reading import RawTable
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table

DEPARTEMENT_FILES = (
    "itdd/ITDD-DonneesDetaillees.xls",
    "drees/MINSOCsl.csv",
    "drees/ASDEPsldepenses.csv",
    "drees/PopDepartementales.csv",
)
CANTEEN_FILES = tuple(f"ma-cantine/campagne_td_{year}.csv" for year in (2021, 2022, 2023))

CAMPAIGN = """\
departement: "62"
campagne: 2023
plan: pas_de_calais
date_reference: 2024-12-31
diffusion: public
"""


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of the official files, never copied into the repository."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "data"
    absent = [name for name in (*DEPARTEMENT_FILES, *CANTEEN_FILES) if not (folder / name).is_file()]
    if absent:
        pytest.skip(f"données ouvertes absentes de ../shared/data : {', '.join(absent)}")
    return folder


@pytest.fixture(scope="session")
def tables() -> Mapping[str, Table]:
    """Tables of the shipped catalogue."""
    return Catalogue.load().tables


@pytest.fixture(scope="session")
def departements(real_data: Path, tables: Mapping[str, Table]) -> RawTable:
    """The four official files about départements, as the product reads and joins them."""
    return merge_departements([load_official(real_data / name, tables)[0] for name in DEPARTEMENT_FILES])


@pytest.fixture(scope="session")
def loaded_departements(departements: RawTable) -> pd.DataFrame:
    """What the product read, as numbers."""
    frame = departements.frame.to_pandas()
    numbers = ["annee", "part_emploi_ess", "allocataires_rsa", "depenses_insertion_rsa", "population"]
    return frame.assign(**{name: pd.to_numeric(frame[name]) for name in numbers})


@pytest.fixture(scope="session")
def loaded_canteens(real_data: Path, tables: Mapping[str, Table]) -> pd.DataFrame:
    """The three campaigns of declarations, as the product reads them."""
    years = [load_official(real_data / name, tables)[0].frame.to_pandas() for name in CANTEEN_FILES]
    frame = pd.concat(years, ignore_index=True)
    numbers = ["annee", "part_bio", "part_egalim_hors_bio"]
    return frame.assign(**{name: pd.to_numeric(frame[name]) for name in numbers})


@pytest.fixture
def real_campaign(real_data: Path, tmp_path: Path) -> Path:
    """A campaign of 2023 for Pas-de-Calais made of official files alone, under their own names, in ``veille/``."""
    folder = tmp_path / "campagne réelle"
    (folder / "veille").mkdir(parents=True)
    (folder / "campagne.yaml").write_text(CAMPAIGN, encoding="utf-8")
    for name in (*DEPARTEMENT_FILES, *CANTEEN_FILES):
        shutil.copyfile(real_data / name, folder / "veille" / Path(name).name)
    return folder
