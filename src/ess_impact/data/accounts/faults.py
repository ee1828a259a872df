"""Faults of a file of accounts: all at once, a few thousand lines shown at most, no text of a person quoted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from ess_impact.data.anomalies import MASK, Anomaly, sentence
from ess_impact.definitions.vocabulary import Severity
from ess_impact.text import format_number

MAX_LISTED = 1_000
"""Lines listed for one rule; the others are counted on one line."""

_TABLE = "comptes"
_LONGEST = 12
"""A longer number is no amount: it may be that of a person."""


class Faults:
    """Collect the faults of one file.

    Parameters
    ----------
    file : str
        Its name, relative to the campaign folder.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        self._siret = ""
        self.anomalies: list[Anomaly] = []

    def belong_to(self, siret: str) -> None:
        """Name the owner of the file, once it is known.

        Parameters
        ----------
        siret : str
            SIRET of its head office.
        """
        self._siret = siret
        self.anomalies = [replace(one, siret=siret) for one in self.anomalies]

    @property
    def fatal(self) -> bool:
        """Whether no figure can be drawn from the file."""
        return any(one.severity == "rejet" for one in self.anomalies)

    def add(
        self, rule: str, message: str, remedy: str, *, severity: Severity = "rejet", row: int | None = None
    ) -> None:
        """Report one fault.

        Parameters
        ----------
        rule : str
            Id of the rule broken.
        message, remedy : str
            French.
        severity : {"rejet", "alerte"}
            Whether the file can still be used.
        row : int, optional
            Line of the file.
        """
        self.anomalies.append(
            Anomaly(
                rule=rule,
                message=sentence(message),
                remedy=remedy,
                severity=severity,
                table=_TABLE,
                siret=self._siret,
                file=self._file,
                row=row,
            )
        )

    def add_lines(
        self,
        found: pl.DataFrame,
        rule: str,
        message: str,
        remedy: str,
        *,
        severity: Severity = "rejet",
        detail: Callable[[Mapping[str, Any]], str] | None = None,
    ) -> None:
        """Report the same fault on many lines; those past the first thousand make one line.

        Parameters
        ----------
        found : polars.DataFrame
            Column ``line``; optionally ``column`` and ``value``, quoted when it is a short number.
        rule : str
            Id of the rule broken.
        message, remedy : str
            French.
        severity : {"rejet", "alerte"}
            Whether the file can still be used.
        detail : callable, optional
            What to put after the message, from a row of ``found``.
        """
        for one in found.sort("line").head(MAX_LISTED).iter_rows(named=True):
            self.add(
                rule, message + (f" : {detail(one)}" if detail else ""), remedy, severity=severity, row=one["line"]
            )
            value = str(one.get("value") or "")
            shown = MASK if len(value) > _LONGEST or any(map(str.isalpha, value)) else value
            self.anomalies[-1] = replace(self.anomalies[-1], column=str(one.get("column") or ""), value=shown)
        more = found.height - MAX_LISTED
        if more > 0:
            self.add(rule, f"{message} : {format_number(more)} autres lignes", remedy, severity=severity)
