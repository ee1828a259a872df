"""Write the whole example campaign: same seed, same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from ess_impact.data.synthetic.accounts import draw_accounts
from ess_impact.data.synthetic.circular import draw_chains, draw_reuse
from ess_impact.data.synthetic.contracts import draw_beneficiaries, draw_contracts, with_articles
from ess_impact.data.synthetic.council import draw_sittings
from ess_impact.data.synthetic.draws import YEARS, stream
from ess_impact.data.synthetic.establishments import Establishments, draw_establishments, yearly_answers
from ess_impact.data.synthetic.faults import CONSOLIDATED, plant, with_spaces
from ess_impact.data.synthetic.folder import prepare_folder, write_papers
from ess_impact.data.synthetic.food import draw_purchases, draw_workshops
from ess_impact.data.synthetic.funding import draw_european_files, draw_home_care, draw_requests, draw_solidarity
from ess_impact.data.synthetic.insertion import draw_exits, draw_mobility
from ess_impact.data.synthetic.pathways import add_motives, draw_agreements, draw_workers
from ess_impact.data.synthetic.procurement import SCDL_HEADERS, draw_clauses, draw_grants
from ess_impact.data.synthetic.projects import draw_accounts_of_change, draw_projects
from ess_impact.data.synthetic.senders import draw_senders, write_senders
from ess_impact.data.synthetic.sizes import Sizes
from ess_impact.data.synthetic.staff import add_staff_details
from ess_impact.data.synthetic.steering import draw_label, draw_orientations, with_places, with_signs
from ess_impact.data.synthetic.summary import ExampleSummary, PlantedFault
from ess_impact.data.synthetic.territories import draw_farming, draw_municipalities
from ess_impact.data.synthetic.text_files import (
    FRENCH,
    FRENCH_BOM,
    FRENCH_WINDOWS,
    MA_CANTINE,
    OPEN_DATA,
    Dialect,
    to_text,
    write_text,
)
from ess_impact.data.synthetic.watch import draw_canteens, draw_departements
from ess_impact.data.synthetic.workbooks import Headings, write_consolidated
from ess_impact.definitions.catalogue import Catalogue

_SPACED_SIRETS = 0.04
_REUSE_CENTRES, _GARAGES = 24, 6
_CHAINS_FILE = "services/filieres_innovantes.csv"
_REUSE_FILE, _TOWNS_FILE = "structures/activites_circulaires.csv", "veille/communes_fictives.csv"
_SCDL = Dialect(separator=",", decimal=".", date_format="%Y-%m-%d", yes="oui", no="non")


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A text file to write: its rows and its form."""

    table: str
    path: str
    frame: pl.DataFrame
    dialect: Dialect
    headers: dict[str, str] | None = None


def write_example(
    folder: str | Path, *, seed: int = 62, scale: float = 1.0, catalogue: Catalogue | None = None
) -> ExampleSummary:
    """Write a fictitious campaign with realistic faults.

    Parameters
    ----------
    folder : str or pathlib.Path
        New or empty folder, or a former example, which is replaced.
    seed : int, default 62
        Same seed and scale: same bytes.
    scale : float, default 1.0
        Above 0, at most 1; smaller for tests. Every kind of fault remains.
    catalogue : Catalogue, optional
        Where sheet titles and headers come from; by default the shipped one.

    Returns
    -------
    ExampleSummary
        Files, sizes and planted faults with their place.

    Raises
    ------
    UsageError
        A folder that holds something else, or a scale out of range.
    """
    root, sizes = Path(folder), Sizes.at(scale)
    tables = (catalogue or Catalogue.load()).tables
    prepare_folder(root)
    everyone = draw_establishments(seed, sizes.establishments, sizes.workbooks + 1, sizes.siae)
    answers = with_signs(seed, add_staff_details(seed, yearly_answers(seed, everyone)))
    planted: list[PlantedFault] = []
    for file in (*_structure_files(seed, sizes, everyone, answers), *_service_files(seed, sizes, everyone)):
        planted += _write(root, seed, file)
    people, funding = _people_files(seed, sizes, everyone), _funding_files(seed, sizes, everyone)
    for file in (*_plain_files(seed, scale, everyone), *people, *funding):
        write_text(root / file.path, to_text(file.frame, file.dialect), file.dialect)
    hosts = _consolidated(everyone).filter(pl.col("type_siae").is_null())
    write_consolidated(
        root / "structures/legumeries.xlsx",
        draw_workshops(seed, hosts.tail(sizes.workshops), answers).rows(named=True),
    )
    asked = [tables[name] for name in ("structures", "comptes", "mobilite", "sorties") if name in tables]
    planted += write_senders(root, draw_senders(seed, everyone, answers), Headings.of(asked))
    write_papers(root)
    return _summary(root, everyone, planted)


def _consolidated(everyone: Establishments) -> pl.DataFrame:
    return everyone.by_role("consolide").filter((pl.col("first_year") == YEARS[0]) & (pl.col("last_year") == YEARS[1]))


def _structure_files(seed: int, sizes: Sizes, everyone: Establishments, answers: pl.DataFrame) -> tuple[_File, ...]:
    stable = _consolidated(everyone)
    ordinary = stable.filter(pl.col("type_siae").is_null() & ~pl.col("denomination").str.contains(","))
    firms, helpers = ordinary.head(sizes.enterprises), ordinary.slice(sizes.enterprises, sizes.helpers)
    mine = answers.filter(pl.col("siret").is_in(everyone.by_role("consolide")["siret"].to_list()))
    accounts, reviews = draw_accounts(seed, _as_enterprises(firms, stable)), draw_mobility(seed, helpers, sizes.reviews)
    purchases = draw_purchases(seed, sizes.purchases)
    return (
        _File(table="structures", path="structures/structures.csv", frame=mine, dialect=FRENCH_WINDOWS),
        _File(table="comptes", path="structures/comptes.csv", frame=accounts, dialect=FRENCH_BOM),
        _File(table="mobilite", path="structures/mobilite.csv", frame=reviews, dialect=FRENCH),
        _File(table="achats", path="structures/achats.csv", frame=purchases, dialect=MA_CANTINE),
    )


def _as_enterprises(firms: pl.DataFrame, establishments: pl.DataFrame) -> pl.DataFrame:
    """Give each enterprise the staff of all its establishments: accounts are those of the whole."""
    siren = pl.col("siret").str.slice(0, 9)
    staff = establishments.group_by(siren.alias("_siren")).agg(pl.col("headcount").sum().alias("_staff"))
    whole = firms.join(staff, left_on=siren, right_on="_siren", how="left", maintain_order="left")
    return whole.with_columns(pl.col("_staff").alias("headcount"))


def _service_files(seed: int, sizes: Sizes, everyone: Establishments) -> tuple[_File, ...]:
    stable = _consolidated(everyone)
    exits = add_motives(seed, draw_exits(seed, stable.filter(pl.col("type_siae").is_not_null()), sizes.exits))
    clauses, grants = with_articles(seed, draw_clauses(seed, sizes.clauses)), draw_grants(seed, stable, sizes.grants)
    sittings = with_places(seed, draw_sittings(seed))
    return (
        _File(table="sorties", path="services/sorties.csv", frame=exits, dialect=FRENCH),
        _File(table="clauses", path="services/clauses.csv", frame=clauses, dialect=FRENCH),
        _File(
            table="subventions",
            path="services/subventions.csv",
            frame=grants,
            dialect=_SCDL,
            headers=SCDL_HEADERS,
        ),
        _File(table="cdess", path="services/cdess.csv", frame=sittings, dialect=FRENCH),
    )


def _plain_files(seed: int, scale: float, everyone: Establishments) -> tuple[_File, ...]:
    """Return the files without a planted fault: the frame of expected structures and the open data."""
    expected = everyone.frame.filter(pl.col("last_year") == YEARS[1]).select(
        "siret", "denomination", pl.col("headcount").alias("effectif"), pl.lit("attendue").alias("statut")
    )
    departements, canteens = draw_departements(seed), draw_canteens(seed, scale)
    stable = _consolidated(everyone)
    centres, garages = stable.filter(pl.col("code_naf") == "3832Z"), stable.filter(pl.col("type_siae").is_not_null())
    reuse = draw_reuse(seed, centres.head(_REUSE_CENTRES), garages.head(_GARAGES))
    return (
        _File(table="activites_circulaires", path=_REUSE_FILE, frame=reuse, dialect=FRENCH),
        _File(table="filieres_innovantes", path=_CHAINS_FILE, frame=draw_chains(seed), dialect=FRENCH),
        _File(table="communes", path=_TOWNS_FILE, frame=draw_municipalities(seed, everyone), dialect=OPEN_DATA),
        _File(table="agriculture", path="veille/agriculture_fictive.csv", frame=draw_farming(seed), dialect=OPEN_DATA),
        _File(table="attendus", path="services/structures_attendues.csv", frame=expected, dialect=FRENCH),
        _File(table="departements", path="veille/departements_fictifs.csv", frame=departements, dialect=OPEN_DATA),
        _File(table="cantines", path="veille/cantines_fictives.csv", frame=canteens, dialect=OPEN_DATA),
    )


def _people_files(seed: int, sizes: Sizes, everyone: Establishments) -> tuple[_File, ...]:
    """Return the files on persons at work, project holders and accounts of change, without a planted fault."""
    stable = _consolidated(everyone)
    workers = draw_workers(seed, stable.filter(pl.col("type_siae").is_not_null()))
    ordinary = stable.filter(pl.col("type_siae").is_null()).tail(sizes.supporters + sizes.tellers)
    projects = draw_projects(seed, ordinary.head(sizes.supporters), sizes.projects)
    told, agreed = draw_accounts_of_change(seed, ordinary.tail(sizes.tellers)), draw_agreements(seed, workers)
    return (
        _File(table="etp_iae", path="services/etp_iae.csv", frame=workers, dialect=FRENCH),
        _File(table="conventions_iae", path="services/conventions_iae.csv", frame=agreed, dialect=FRENCH),
        _File(table="porteurs_projet", path="structures/porteurs_projet.csv", frame=projects, dialect=FRENCH),
        _File(table="recits", path="structures/recits.csv", frame=told, dialect=FRENCH),
    )


def _funding_files(seed: int, sizes: Sizes, everyone: Establishments) -> tuple[_File, ...]:
    """Return the registers of the services of the Département, without a planted fault, and the public contracts."""
    offices = _consolidated(everyone).filter(~pl.col("denomination").str.contains(","))
    care = offices.filter(pl.col("code_naf") == "8810A")
    frames = {
        "beneficiaires_clauses": draw_beneficiaries(seed, sizes.clauses),
        "orientations": draw_orientations(seed),
        "label": draw_label(seed, offices.tail(sizes.labelled)),
        "demarches": draw_requests(seed, offices, sizes.grants),
        "depenses_solidarites": draw_solidarity(seed, offices, sizes.grants // 4),
        "credits_europeens": draw_european_files(seed, offices, sizes.grants // 4),
        "aide_domicile": draw_home_care(seed, care.head(sizes.labelled // 2)),
    }
    contracts = draw_contracts(seed, sizes.clauses)
    services = [
        _File(table=name, path=f"services/{name}.csv", frame=frame, dialect=FRENCH) for name, frame in frames.items()
    ]
    return (*services, _File(table="marches", path="veille/marches_fictifs.csv", frame=contracts, dialect=OPEN_DATA))


def _write(root: Path, seed: int, file: _File) -> list[PlantedFault]:
    rng: np.random.Generator = stream(seed, f"fautes de {file.table}")
    text, planted = plant(
        to_text(file.frame, file.dialect), rng, CONSOLIDATED[file.table], table=file.table, file=file.path
    )
    if file.dialect.separator == ";" and "siret" in text.columns:
        text = with_spaces(text, rng, "siret", _SPACED_SIRETS)
    write_text(root / file.path, text, file.dialect, headers=file.headers)
    return planted


def _summary(root: Path, everyone: Establishments, planted: list[PlantedFault]) -> ExampleSummary:
    silent = tuple(everyone.by_role("silencieuse")["siret"].to_list())
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    workbooks = [name for name in names if name.startswith("structures/0000") and name.endswith(".xlsx")]
    faults = [*planted, *(PlantedFault(kind="structure_silencieuse", file="") for _ in silent)]
    return ExampleSummary(
        files=tuple(names),
        structures=everyone.frame.filter(pl.col("last_year") == YEARS[1]).height,
        workbooks=len(workbooks),
        silent=silent,
        planted=tuple(faults),
    )
