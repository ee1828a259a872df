"""What an example campaign holds: its files, and every fault planted in them with its place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantedFault:
    """One fault planted on purpose.

    Attributes
    ----------
    kind : str
        Kind of fault (``"siret_cle"``, ``"sortie_avant_entree"`` …).
    file : str
        File, relative to the campaign folder.
    table : str
        Id of the table, empty when the fault concerns the whole file.
    row : int or None
        Row as a spreadsheet shows it, 1-based; None for a fault without a row.
    column : str
        Name of the column, empty for a fault without a column.
    """

    kind: str
    file: str
    table: str = ""
    row: int | None = None
    column: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleSummary:
    """What was written.

    Attributes
    ----------
    files : tuple of str
        Files relative to the campaign folder, sorted.
    structures : int
        Establishments the campaign expects.
    workbooks : int
        Individual ``.xlsx`` workbooks.
    silent : tuple of str
        SIRET of the structures that send nothing.
    planted : tuple of PlantedFault
        Every planted fault.
    """

    files: tuple[str, ...]
    structures: int
    workbooks: int
    silent: tuple[str, ...]
    planted: tuple[PlantedFault, ...]

    @property
    def faults(self) -> dict[str, int]:
        """Number of planted faults by kind, sorted by kind."""
        return dict(sorted(Counter(fault.kind for fault in self.planted).items()))
