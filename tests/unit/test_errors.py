"""Errors say the problem, the place and the remedy, and come all at once."""

from __future__ import annotations

import copy
import pickle

import pytest

from ess_impact.errors import (
    DefinitionError,
    EssImpactError,
    ReadingError,
    UnknownNameError,
    UsageError,
    did_you_mean,
    raise_all,
    unknown_name,
)


@pytest.mark.parametrize(
    ("where", "fix", "text"),
    [
        ("", "", "fichier illisible"),
        ("a.csv:3", "", "a.csv:3 : fichier illisible"),
        ("", "Réenregistrez-le.", "fichier illisible. Réenregistrez-le."),
        ("a.csv:3", "Réenregistrez-le.", "a.csv:3 : fichier illisible. Réenregistrez-le."),
    ],
)
def test_a_message_holds_place_problem_and_remedy(where: str, fix: str, text: str) -> None:
    error = EssImpactError("fichier illisible.", where=where, fix=fix)
    assert str(error) == text
    assert (error.problem, error.where, error.fix) == ("fichier illisible.", where, fix)


@pytest.mark.parametrize("kind", [UsageError, UnknownNameError, DefinitionError, ReadingError])
def test_every_kind_prints_its_message_whatever_its_standard_parent(kind: type[EssImpactError]) -> None:
    # KeyError prints the repr of its argument, OSError its number.
    assert str(kind("problème", where="ici")) == "ici : problème"


@pytest.mark.parametrize("kind", [EssImpactError, UnknownNameError, ReadingError])
def test_an_error_crosses_processes_with_all_it_says(kind: type[EssImpactError]) -> None:
    error = kind("problème", where="ici", fix="Corrigez.")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert (type(twin), str(twin), twin.where, twin.fix) == (kind, str(error), "ici", "Corrigez.")


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("sortie", ["sorties", "clauses"], "Vouliez-vous dire « sorties » ?"),
        ("part", ["parts", "par", "partie", "parti"], "Vouliez-vous dire « parts » ou « parti » ou « par » ?"),
        ("xyz", ["sorties"], ""),
        ("x", [], ""),
    ],
)
def test_near_names_are_offered(name: str, known: list[str], hint: str) -> None:
    assert did_you_mean(name, known) == hint


def test_an_unknown_name_says_kind_place_and_neighbours() -> None:
    error = unknown_name("table", "sortie", {"sorties": 1}, where="x.yaml:3")
    assert str(error) == "x.yaml:3 : table inconnu(e) : « sortie ». Vouliez-vous dire « sorties » ?"
    assert isinstance(error, KeyError)


def test_no_fault_raises_nothing() -> None:
    raise_all("rien", [])


def test_one_fault_is_raised_alone_and_several_together() -> None:
    one, two = DefinitionError("un"), ReadingError("deux")
    with pytest.raises(DefinitionError, match="un"):
        raise_all("deux fautes", [one])
    with pytest.raises(ExceptionGroup, match="deux fautes") as caught:
        raise_all("deux fautes", [one, two])
    assert caught.value.exceptions == (one, two)
