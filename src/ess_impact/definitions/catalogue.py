"""The catalogue: every definition of one or several folders, loaded and checked together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path

from ess_impact._resources import shipped
from ess_impact.definitions.codelists import Codelist, Parameter
from ess_impact.definitions.consistency import check_catalogue
from ess_impact.definitions.expression import Scope
from ess_impact.definitions.indicators import KINDS, Indicator
from ess_impact.definitions.methods import MethodNote, read_note
from ess_impact.definitions.plans import Plan
from ess_impact.definitions.tables import AnyColumn, Table
from ess_impact.definitions.vocabulary import ColumnType, Model
from ess_impact.definitions.yaml_source import YamlSource, read_yaml, validate
from ess_impact.errors import DefinitionError, EssImpactError, did_you_mean, raise_all, unknown_name

_RESERVED: dict[str, type[Model]] = {"tables": Table, "codelists": Codelist, "parametres": Parameter, "plans": Plan}


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue(Mapping[str, Indicator]):
    """Mapping from indicator id to indicator, with the tables, codelists, parameters, plans and notes around.

    Attributes
    ----------
    indicators, tables, codelists, parameters, plans, methods : mapping
        Definitions by id.

    Examples
    --------
    >>> catalogue = Catalogue.load()
    >>> catalogue["taux_sorties_dynamiques"].kind
    'proportion'
    """

    indicators: Mapping[str, Indicator]
    tables: Mapping[str, Table]
    codelists: Mapping[str, Codelist]
    parameters: Mapping[str, Parameter]
    plans: Mapping[str, Plan]
    methods: Mapping[str, MethodNote]
    folders: Mapping[str, str] = field(default_factory=dict)
    """Folder of each indicator (``o1_talents`` …): the objective it belongs to when no plan says otherwise."""
    paths: Mapping[str, Path] = field(default_factory=dict)
    """File of each indicator."""

    def __getitem__(self, name: str) -> Indicator:
        if name not in self.indicators:
            raise unknown_name("indicateur", name, self.indicators)
        return self.indicators[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.indicators)

    def __len__(self) -> int:
        return len(self.indicators)

    @classmethod
    def load(cls, *folders: str | Path, shipped_catalogue: bool = True) -> Catalogue:
        """Load the shipped catalogue and extra folders.

        Parameters
        ----------
        *folders : str or pathlib.Path
            Extra folders: indicators anywhere below, ``tables/``, ``codelists/``, ``parametres/`` and ``plans/``
            apart, ``methodes/`` for notes.
        shipped_catalogue : bool, default True
            False to load the given folders alone.

        Returns
        -------
        Catalogue
            Everything, cross-checked.

        Raises
        ------
        DefinitionError
            One fault; its message starts with ``file:line``.
        ExceptionGroup
            Every fault of every file, at once.
        """
        roots = ([shipped("indicators")] if shipped_catalogue else []) + [Path(folder) for folder in folders]
        reader = _Reader()
        reader.read_notes(shipped("methods"))
        for root in roots:
            reader.read_folder(root)
        catalogue = cls(
            indicators=dict(sorted(reader.indicators.items())),
            tables=dict(sorted(reader.tables.items())),
            codelists=reader.codelists,
            parameters=reader.parameters,
            plans=reader.plans,
            methods=reader.methods,
            folders=reader.folders,
            paths=reader.paths,
        )
        faults = reader.faults + check_catalogue(catalogue, reader.sources, reader.unread)
        raise_all(f"{len(faults)} fautes dans les définitions", faults)
        return catalogue

    def table(self, name: str) -> Table:
        """Return a table by id.

        Parameters
        ----------
        name : str
            Id of the table.

        Returns
        -------
        Table
            The table.

        Raises
        ------
        UnknownNameError
            With the nearest names.
        """
        if name not in self.tables:
            raise unknown_name("table", name, self.tables)
        return self.tables[name]

    def plan(self, name: str) -> Plan:
        """Return a plan by id.

        Parameters
        ----------
        name : str
            Id of the plan.

        Returns
        -------
        Plan
            The plan.

        Raises
        ------
        UnknownNameError
            With the nearest names.
        """
        if name not in self.plans:
            raise unknown_name("plan", name, self.plans)
        return self.plans[name]

    def columns_of(self, table: Table) -> dict[str, AnyColumn]:
        """Return every column an indicator of the table may name, those brought by foreign keys included.

        Parameters
        ----------
        table : Table
            The table.

        Returns
        -------
        dict
            Name to column.
        """
        columns: dict[str, AnyColumn] = {one.name: one for one in table.all_columns}
        for link in table.foreign_keys:
            other = self.tables.get(link.table)
            for name in (*link.brings, *link.sums):
                brought = other.column(name) if other else None
                if brought is not None:
                    columns.setdefault(name, brought)
        return columns

    def scope(self, table: Table, as_of: date | None = None) -> Scope:
        """Return what an expression on a table may name.

        Parameters
        ----------
        table : Table
            The table.
        as_of : datetime.date, optional
            Day on which dated parameters are read; by default their latest value.

        Returns
        -------
        Scope
            Columns, codelists and parameters.
        """
        columns = self.columns_of(table)
        types: dict[str, ColumnType] = {name: column.type for name, column in columns.items()}
        codes_of = {
            name: self.codelists[column.codelist].values
            for name, column in columns.items()
            if column.codelist is not None and column.codelist in self.codelists
        }
        day = as_of or date.max
        return Scope(
            columns=types,
            codelists={name: codelist.values for name, codelist in self.codelists.items()},
            parameters={name: parameter.on(day).value for name, parameter in self.parameters.items()},
            codes_of=codes_of,
        )


class _Reader:
    """Collect every document and every fault of several folders."""

    def __init__(self) -> None:
        self.indicators: dict[str, Indicator] = {}
        self.tables: dict[str, Table] = {}
        self.codelists: dict[str, Codelist] = {}
        self.parameters: dict[str, Parameter] = {}
        self.plans: dict[str, Plan] = {}
        self.methods: dict[str, MethodNote] = {}
        self.folders: dict[str, str] = {}
        self.paths: dict[str, Path] = {}
        self.homes: dict[tuple[str, str], Path] = {}
        self.sources: dict[tuple[str, str], YamlSource] = {}
        self.faults: list[EssImpactError] = []
        self.unread: set[str] = set()

    def read_notes(self, root: Path) -> None:
        for path in sorted(root.glob("*.md")):
            if path.name != "README.md":
                self._collect(path, partial(self._read_note, path))

    def read_folder(self, root: Path) -> None:
        if not root.is_dir():
            raise DefinitionError("dossier de définitions introuvable", where=str(root))
        notes = root / "methodes"
        if notes.is_dir():
            self.read_notes(notes)
        for path in sorted(root.rglob("*.yaml")):
            self._collect(path, partial(self._read, path, root))

    def _read_note(self, path: Path) -> None:
        self._add("methods", read_note(path), path)

    def _collect(self, path: Path, work: Callable[[], None]) -> None:
        known = len(self.faults)
        try:
            work()
        except EssImpactError as error:
            self.faults.append(error)
        except ExceptionGroup as group:
            self.faults.extend(error for error in group.exceptions if isinstance(error, EssImpactError))
        if len(self.faults) > known:
            self.unread.add(path.stem)

    def _read(self, path: Path, root: Path) -> None:
        source = read_yaml(path)
        folder = path.relative_to(root).parts[0] if path.parent != root else ""
        model = _RESERVED.get(folder)
        if model is not None:
            self._add(folder, validate(model, source), source)
            return
        kind = source.data.get("kind")
        if kind not in KINDS:
            raise DefinitionError(
                f"« kind » inconnu ou absent : « {kind or ''} »",
                where=source.place(("kind",)),
                fix=did_you_mean(str(kind), KINDS) or f"Sortes admises : {', '.join(KINDS)}.",
            )
        indicator = validate(KINDS[kind], source)
        self._add("indicators", indicator, source)
        self.folders[indicator.id] = folder
        self.paths[indicator.id] = path

    def _add(self, family: str, document: Model, source: YamlSource | Path) -> None:
        store = getattr(self, {"parametres": "parameters"}.get(family, family))
        name = str(getattr(document, "id", ""))
        path, where = (source, name) if isinstance(source, Path) else (source.path, source.place(("id",)))
        if name in store:
            raise DefinitionError(
                f"identifiant « {name} » déjà défini : {_shown(self.homes[family, name])} et {_shown(path)}",
                where=where,
                fix="Retirez l'un des deux fichiers, ou donnez-lui un autre identifiant.",
            )
        if isinstance(source, YamlSource) and path.stem != name:
            self.unread.add(name)
            raise DefinitionError(f"le fichier doit s'appeler {name}.yaml", where=where)
        store[name] = document
        self.homes[family, name] = path
        if isinstance(source, YamlSource):
            self.sources[(family, name)] = source


def _shown(path: Path) -> str:
    """Write where a definition lies; where the software is installed says nothing to its reader."""
    for name in ("indicators", "methods"):
        if path.is_relative_to(shipped(name)):
            return f"catalogue livré ({path.relative_to(shipped(name)).as_posix()})"
    return str(path)
