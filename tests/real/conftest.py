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
from ess_impact.evaluation.campaign import Campaign
from ess_impact.evaluation.indicators import evaluate
from ess_impact.evaluation.results import Results

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
plan: plan_veille.yaml
date_reference: 2024-12-31
diffusion: public
"""
PLAN = """\
id: plan_veille
name: {fr: "Veille du Pas-de-Calais sur données ouvertes"}
territory: {fr: "Pas-de-Calais"}
departement: "62"
source: "Données publiques ; aucune structure interrogée"
required_tables: [departements]
peers: ["02", "59", "60", "80"]
objectives:
  - id: veille
    kind: theme
    name: {fr: "« Assurer une veille stratégique » : les autres départements"}
    short: {fr: "Veille"}
    question: {fr: "Où se situe le département, et avec quelle certitude ?"}
    indicators:
      - {indicator: part_emploi_ess_departements, direction: context, headline: true}
      - {indicator: depense_insertion_par_allocataire_rsa, direction: context}
      - {indicator: allocataires_rsa_pour_1000_habitants, direction: context}
      - {indicator: part_bio_cantines, direction: context}
      - {indicator: part_cantines_objectif_bio, direction: context}
      - {indicator: part_cantines_objectifs_egalim, direction: context}
"""
"""Only the watch: the shipped plan needs the answers of structures, and there are none here."""


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


@pytest.fixture(scope="session")
def real_campaign(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign of 2023 for Pas-de-Calais made of official files alone, under their own names, in ``veille/``."""
    folder = tmp_path_factory.mktemp("réel") / "campagne réelle"
    (folder / "veille").mkdir(parents=True)
    (folder / "campagne.yaml").write_text(CAMPAIGN, encoding="utf-8")
    (folder / "plan_veille.yaml").write_text(PLAN, encoding="utf-8")
    for name in (*DEPARTEMENT_FILES, *CANTEEN_FILES):
        shutil.copyfile(real_data / name, folder / "veille" / Path(name).name)
    return folder


@pytest.fixture(scope="session")
def evaluated(real_campaign: Path) -> Results:
    """The main job by the library."""
    return evaluate(Campaign.open(real_campaign))


@pytest.fixture(scope="session")
def figures(evaluated: Results) -> pd.DataFrame:
    """Totals of every territory and year, with the year of the figure."""
    frame = evaluated.to_pandas()
    frame = frame[frame["breakdown"] == "_T"]
    return frame.assign(annee=pd.to_datetime(frame["period_start"]).dt.year)
