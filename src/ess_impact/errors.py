"""Errors of ess-impact: one base with a stable code, the problem, its place and its remedy.

Messages are French: they reach evaluators, structures and partners through the command line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class EssImpactError(Exception):
    """Base of every error raised on purpose by ess-impact.

    Parameters
    ----------
    problem : str
        What is wrong, in French, with the offending value.
    where : str, optional
        The place: ``file:line``, or file, sheet, row and column.
    fix : str, optional
        What the reader can do about it.

    Attributes
    ----------
    code : str
        Stable identifier of the kind of error.
    exit_code : int
        Exit code of the command line when this error stops it.

    Examples
    --------
    >>> str(EssImpactError("fichier illisible", where="a.csv:3", fix="Réenregistrez-le."))
    'a.csv:3 : fichier illisible. Réenregistrez-le.'
    """

    code = "erreur"
    exit_code = 70

    def __init__(self, problem: str, *, where: str = "", fix: str = "") -> None:
        self.problem = problem
        self.where = where
        self.fix = fix
        place = f"{where} : " if where else ""
        remedy = f". {fix}" if fix else ""
        super().__init__(f"{place}{problem.rstrip('.')}{remedy}")

    def __str__(self) -> str:
        return str(self.args[0])

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuilt, (type(self), self.problem, self.where, self.fix)


def _rebuilt(kind: type[EssImpactError], problem: str, where: str, fix: str) -> EssImpactError:
    """Rebuild an error on the other side of a process boundary."""
    return kind(problem, where=where, fix=fix)


class UsageError(EssImpactError, ValueError):
    """An argument or an option that cannot be used as given."""

    code = "usage"
    exit_code = 2


class UnknownNameError(UsageError, KeyError):
    """A name that exists nowhere; the message offers the nearest ones."""

    code = "nom_inconnu"


class DefinitionError(EssImpactError, ValueError):
    """A definition (indicator, table, codelist, plan, campaign) that cannot be accepted."""

    code = "definition"
    exit_code = 3


class ExpressionError(DefinitionError):
    """An expression outside the whitelist, or that does not type."""

    code = "expression"


class ReadingError(EssImpactError, OSError):
    """A file or a folder that cannot be read."""

    code = "lecture"
    exit_code = 4


class NoAcceptedRowsError(EssImpactError, ValueError):
    """A table the plan needs has no accepted row."""

    code = "aucune_ligne"
    exit_code = 1


class SecrecyError(EssImpactError, PermissionError):
    """A publication refused to protect persons or enterprises."""

    code = "secret"
    exit_code = 5


class MissingExtraError(EssImpactError, ImportError):
    """An optional library that the asked work needs is not installed."""

    code = "extra_absent"
    exit_code = 2


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return a French hint naming the nearest known names, or an empty string.

    Parameters
    ----------
    name : str
        The unknown name.
    known : iterable of str
        The names that exist.

    Returns
    -------
    str
        ``"Vouliez-vous dire « a » ?"`` or ``""`` when nothing is near.

    Examples
    --------
    >>> did_you_mean("sortie", ["sorties", "clauses"])
    'Vouliez-vous dire « sorties » ?'
    """
    near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.6)
    if not near:
        return ""
    return "Vouliez-vous dire " + " ou ".join(f"« {one} »" for one in near) + " ?"


def unknown_name(kind: str, name: str, known: Iterable[str], *, where: str = "") -> UnknownNameError:
    """Build the error for a name that does not exist, with its nearest neighbours.

    Parameters
    ----------
    kind : str
        What was looked for, in French (``"indicateur"``).
    name : str
        The name asked for.
    known : iterable of str
        The names that exist.
    where : str, optional
        Place of the name.

    Returns
    -------
    UnknownNameError
        To be raised by the caller.

    Examples
    --------
    >>> unknown_name("table", "sortie", ["sorties"]).fix
    'Vouliez-vous dire « sorties » ?'
    """
    return UnknownNameError(f"{kind} inconnu(e) : « {name} »", where=where, fix=did_you_mean(name, known))


def raise_all(message: str, faults: list[EssImpactError]) -> None:
    """Raise every fault at once: alone if single, else as an ``ExceptionGroup``.

    Parameters
    ----------
    message : str
        Summary of the group.
    faults : list of EssImpactError
        May be empty: then nothing is raised.

    Raises
    ------
    EssImpactError
        The single fault.
    ExceptionGroup
        All faults, when there are several.

    Examples
    --------
    >>> raise_all("rien", [])
    """
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise ExceptionGroup(message, faults)
