"""What a loader changed, left out or doubts: counted, or reported with its place; nothing is silent."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace

from ess_impact.data.anomalies import Anomaly
from ess_impact.data.grids import BadRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """Notes taken while one official file is read.

    Attributes
    ----------
    table : str
        Id of the table the file feeds.
    file : str
        Name of the file, relative to the campaign folder.
    sheet : str
        Sheet read, empty for a CSV.
    counts : Counter
        French label of a coercion or of a reason to leave rows out, to its number.
    anomalies : list of Anomaly
        Values set aside one by one.
    """

    table: str
    file: str
    sheet: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    anomalies: list[Anomaly] = field(default_factory=list)

    def count(self, label: str, number: int) -> None:
        """Add to a count; zero leaves no trace.

        Parameters
        ----------
        label : str
            French sentence fragment, as printed in the report of data quality.
        number : int
            How many cells or rows.
        """
        if number:
            self.counts[label] += number

    def doubt(self, row: int, column: str, value: str, *, rule: str, message: str, remedy: str) -> None:
        """Report one value that was set aside.

        Parameters
        ----------
        row : int
            Row as a spreadsheet shows it.
        column, value : str
            Where and what.
        rule : str
            Id of the rule.
        message, remedy : str
            In French.
        """
        self.anomalies.append(
            Anomaly(
                table=self.table,
                file=self.file,
                sheet=self.sheet,
                row=row,
                column=column,
                value=value,
                rule=rule,
                severity="alerte",
                message=message,
                remedy=remedy,
            )
        )

    def reject(self, bad: BadRow) -> None:
        """Report a row that could not be cut into cells.

        Parameters
        ----------
        bad : BadRow
            The row and its fault.
        """
        fault = Anomaly(rule=bad.rule, message=bad.message, remedy=bad.remedy, row=bad.row)
        self.anomalies.append(replace(fault, table=self.table, file=self.file, sheet=self.sheet))
