"""A campaign: its folder, its settings, the files it holds and what they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.consistency import check_plan
from ess_impact.definitions.mappings import Mapping as TableMapping
from ess_impact.definitions.plans import Plan
from ess_impact.definitions.vocabulary import Diffusion, Model
from ess_impact.definitions.yaml_source import read_yaml, validate
from ess_impact.engine.opening import Engine
from ess_impact.errors import DefinitionError, ReadingError, UsageError, raise_all
from ess_impact.evaluation.keys import read_or_create_key
from ess_impact.evaluation.secrecy.primary import SENSITIVE_MIN_COUNT

SETTINGS = "campagne.yaml"
CONSOLIDATED = (".csv", ".tsv", ".txt", ".xlsx")
FOLDERS = ("structures", "services", "comptes", "veille")
EXPECTED = "structures_attendues"
REGISTER = "registre"


class SecrecySettings(Model):
    """Campaign-wide thresholds: a definition's own prevails when higher."""

    min_count: int = Field(default=5, ge=1)
    arrondi: int | None = Field(default=None, ge=2, le=100)
    """Base to which numbers of persons are rounded at random, besides what is hidden; none by default."""

    @model_validator(mode="after")
    def _rounding_keeps_thresholds(self) -> Self:
        thresholds = (self.min_count, SENSITIVE_MIN_COUNT)
        if self.arrondi and any(self.arrondi < least and least % self.arrondi for least in thresholds):
            raise ValueError(
                f"« arrondi : {self.arrondi} » rendrait un nombre publié plus petit que le seuil : "
                f"prenez un diviseur de {' et de '.join(map(str, thresholds))}, ou {max(thresholds)} et plus"
            )
        return self


class Settings(Model):
    """Content of ``campagne.yaml``."""

    departement: str = Field(pattern=r"^(\d{2,3}|2[AB]|F\d{2})$")
    campagne: int = Field(ge=1990, le=2100)
    plan: str
    date_reference: date
    definitions: tuple[str, ...] = ()
    moteur: Engine = "duckdb"
    secret: SecrecySettings = SecrecySettings()
    diffusion: Diffusion = "public"
    cle_pseudonymes: str = "cle.txt"
    attendus: str | None = None
    correspondance: str | None = None
    """The mapping of a partner whose tables lie in a database of its own."""
    publication_precedente: str | None = None
    """Folder of the results published before: what their difference gives away is audited."""
    synthetique: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted:
    """One file of the campaign and what it is taken for.

    Attributes
    ----------
    folder : str
        Folder of the campaign it lies in.
    form : {"consolide", "classeur", "officiel"}
        A table for many structures, the workbook of one, or an official open file.
    table : str
        Id of the table, empty unless consolidated.
    """

    path: Path
    folder: str
    form: Literal["consolide", "classeur", "officiel"]
    table: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """An opened campaign folder.

    Attributes
    ----------
    mapping : TableMapping or None
        Where the tables of a partner's database lie.
    former_results : pathlib.Path or None
        Folder of the results published before.

    Examples
    --------
    >>> Campaign.open("examples/inexistant")
    Traceback (most recent call last):
    ess_impact.errors.ReadingError: examples/inexistant : dossier de campagne introuvable...
    """

    folder: Path
    settings: Settings
    catalogue: Catalogue
    plan: Plan
    mapping: TableMapping | None = None
    former_results: Path | None = None

    @classmethod
    def open(cls, path: str | Path) -> Campaign:
        """Open a campaign folder: settings, definitions and plan, before any data is read.

        Parameters
        ----------
        path : str or pathlib.Path
            Folder holding ``campagne.yaml``.

        Returns
        -------
        Campaign
            Ready to be evaluated.

        Raises
        ------
        ReadingError
            Folder or settings absent.
        DefinitionError
            Settings, definitions or plan that cannot be accepted.
        """
        folder = Path(path)
        if not folder.is_dir():
            raise ReadingError("dossier de campagne introuvable", where=str(path), fix="Vérifiez le chemin.")
        if not (folder / SETTINGS).is_file():
            raise ReadingError(
                f"« {SETTINGS} » absent",
                where=str(path),
                fix="Créez-le (modèle : ess-impact example DOSSIER).",
            )
        source = read_yaml(folder / SETTINGS)
        settings = validate(Settings, source)
        extra = [_inside(folder, name, source.place(("definitions",))) for name in settings.definitions]
        catalogue = Catalogue.load(*extra)
        plan = _plan(folder, settings.plan, catalogue, source.place(("plan",)))
        named = settings.correspondance
        mapping = TableMapping.load(_inside(folder, named, SETTINGS), catalogue) if named else None
        former = folder / settings.publication_precedente if settings.publication_precedente else None
        return cls(
            folder=folder, settings=settings, catalogue=catalogue, plan=plan, mapping=mapping, former_results=former
        )

    @property
    def mapped(self) -> frozenset[str]:
        """Tables read from the database of a partner."""
        return frozenset(self.mapping.tables if self.mapping else ())

    @property
    def expected_path(self) -> Path | None:
        """File listing the structures from which an answer is expected, if any."""
        if self.settings.attendus is None:
            return None
        return _inside(self.folder, self.settings.attendus, SETTINGS)

    @property
    def register_folder(self) -> Path:
        """Memory of the campaign: what was received, the store of what was read, certificates."""
        return self.folder / REGISTER

    def key(self) -> bytes:
        """Return the key of the pseudonyms, creating it readable by its owner alone on first use.

        Returns
        -------
        bytes
            At least 16 bytes.

        Raises
        ------
        ReadingError
            The file cannot be read or made.
        DefinitionError
            A key that is too short.
        """
        return read_or_create_key(_inside(self.folder, self.settings.cle_pseudonymes, SETTINGS))

    def files(self) -> list[Submitted]:
        """List the files of the campaign, in a fixed order.

        Returns
        -------
        list of Submitted
            Sorted by folder and name; hidden and temporary files are left out.
        """
        expected = self.expected_path
        return [
            classify(path, folder, self.catalogue)
            for folder in FOLDERS
            for path in sorted((self.folder / folder).glob("*"))
            if path.is_file() and not path.name.startswith((".", "~$"))
            if path.stem != EXPECTED and path.resolve() != expected
        ]

    def unread(self) -> list[Path]:
        """List what lies among the files of the campaign and is no file: it is not read, and must be said.

        Returns
        -------
        list of pathlib.Path
            Folders that are not empty, links to nothing, pipes; hidden ones are left out.
        """
        found = [path for folder in FOLDERS for path in sorted((self.folder / folder).glob("*"))]
        return [
            path
            for path in found
            if not path.is_file() and not path.name.startswith(".")
            if not path.is_dir() or any(path.iterdir())
        ]


def classify(path: Path, folder: str, catalogue: Catalogue) -> Submitted:
    """Tell what a file is taken for, from its name and folder.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    folder : str
        Folder of the campaign it lies in.
    catalogue : Catalogue
        Tables it may hold.

    Returns
    -------
    Submitted
        ``<table>.csv`` and ``<table>_*.csv`` are consolidated; other files are official in ``veille``, else workbooks.
    """
    # The longest id first: "clauses_heures_2025" is not a file of "clauses" where both tables exist.
    named = [name for name in catalogue.tables if path.stem == name or path.stem.startswith(f"{name}_")]
    table = max(named, key=len, default="")
    if table and path.suffix.lower() in CONSOLIDATED:
        return Submitted(path=path, folder=folder, form="consolide", table=table)
    return Submitted(path=path, folder=folder, form="officiel" if folder == "veille" else "classeur")


def _inside(folder: Path, name: str, where: str) -> Path:
    """Resolve a name written in the settings, refusing what leaves the campaign folder."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise UsageError(
            f"« {name} » sort du dossier de campagne", where=where, fix="Placez le fichier dans le dossier."
        )
    return path


def _plan(folder: Path, name: str, catalogue: Catalogue, where: str) -> Plan:
    if name in catalogue.plans:
        return catalogue.plans[name]
    path = _inside(folder, name, where)
    if path.suffix == ".yaml" and path.is_file():
        source = read_yaml(path)
        plan = validate(Plan, source)
        raise_all("plan à corriger", check_plan(catalogue, plan, source))
        return plan
    if path.suffix == ".yaml":
        raise DefinitionError(
            f"plan introuvable : « {name} »", where=where, fix="Indiquez un id ou un fichier du dossier."
        )
    try:
        return catalogue.plan(name)
    except KeyError as error:
        raise DefinitionError(f"plan introuvable : « {name} »", where=where, fix=getattr(error, "fix", "")) from error
