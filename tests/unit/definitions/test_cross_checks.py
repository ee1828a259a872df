"""Rules over several rows: what their definition refuses, with file and line, and what becomes of the hash."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ess_impact.definitions.cross_checks import Evolution, KeyPart, Measure, Plausibility
from ess_impact.definitions.fingerprint import definition_hash

TABLE = "tables/essai.yaml"
RULES = """\
cross_checks:
  - id: sejours
    kind: chevauchement
    person: personne
    start: jour
    end: fin
    message: {fr: deux séjours}
    remedy: {fr: Corrigez.}
  - id: double
    kind: unicite
    columns: [siren, annee]
    severity: rejet
    message: {fr: en double}
    remedy: {fr: Corrigez.}
  - id: somme
    kind: rapprochement
    column: montant
    by: [siret, {column: jour, year: true}]
    measures:
      total: {sum: montant, where: actif, label: {fr: total}}
    other:
      table: tiers
      by: [siret, annee]
      measures:
        cout: {sum: travail, times: seuil, unit: euros}
        lignes: {}
    expr: "lignes = 0 OR total <= cout"
    message: {fr: trop}
    remedy: {fr: Corrigez.}
  - id: saut
    kind: evolution
    columns: [montant, heures]
    by: [siret]
    year: annee
    factor: 2.5
    minimum: 10
    message: {fr: un saut}
    remedy: {fr: Corrigez.}
  - id: loin
    kind: plausibilite
    column: montant
    per: heures
    groups: [[{column: note, length: 2}, annee], [sexe]]
    message: {fr: loin}
    remedy: {fr: Corrigez.}
"""
THIRD = """\
id: tiers
version: 1.0.0
name: {fr: Tiers}
description: {fr: essai}
provider: structure
source: essai
owner: siret
columns:
  - {name: siret, type: siret, label: {fr: SIRET}}
  - {name: annee, type: annee, label: {fr: Année}}
  - {name: nom, type: texte, label: {fr: Nom}}
  - {name: travail, type: quantite, label: {fr: Travail}}
"""
EXTRA = {"tables/tiers.yaml": THIRD}
SETUP = (
    (TABLE, "owner: siret", "owner: siret\nkey: [siret, annee]"),
    (TABLE, "foreign_keys:", RULES + "foreign_keys:"),
)


def test_the_rules_of_a_table_are_read_by_kind(shelf: Any) -> None:
    rules = shelf.load(*SETUP, extra=EXTRA).table("essai").cross_checks
    assert [one.kind for one in rules] == ["chevauchement", "unicite", "rapprochement", "evolution", "plausibilite"]
    assert [one.severity for one in rules] == ["alerte", "rejet", "alerte", "alerte", "alerte"]
    assert rules[2].by == (KeyPart(column="siret"), KeyPart(column="jour", year=True))
    assert (rules[4].peers, rules[4].threshold) == (20, 5)


# Text replaced, text in its place, words of the line named, words of the message.
FAULTS = {
    "unknown person": ("person: personne", "person: persone", "person:", "personne"),
    "person that is a number": ("person: personne", "person: heures", "person:", "n'est pas un texte"),
    "start that is no date": ("start: jour", "start: montant", "start:", "n'est pas une date"),
    "unknown end": ("end: fin", "end: fim", "end:", "« fim » n'existe pas"),
    "unknown repeated column": ("[siren, annee]", "[siren, anee]", "columns: [siren", "annee"),
    "unknown other table": ("table: tiers", "table: tier", "table: tier", "tiers"),
    "unknown summed column": ("sum: montant", "sum: montan", "total:", "montant"),
    "sum of words": ("sum: travail", "sum: siret", "cout:", "n'est pas un nombre"),
    "sum where no condition": ("where: actif", "where: montant", "total:", "vrai ou faux"),
    "sum where a column is brought": ("where: actif", "where: \"zone = 'A'\"", "total:", "colonne inconnue"),
    "unknown parameter": ("times: seuil", "times: seui", "cout:", "seuil"),
    "year of no date": ("{column: jour, year", "{column: note, year", "by: [siret, {", "n'est pas une date"),
    "unknown key": ("by: [siret, annee]\n      m", "by: [siret, anne]\n      m", "by: [siret, anne]", "annee"),
    "keys of two lengths": ("by: [siret, annee]\n      m", "by: [siret]\n      m", "by: [siret]\n", "autant"),
    "keys of two types": ("by: [siret, annee]\n      m", "by: [annee, siret]\n      m", "by: [annee", "comparent pas"),
    "one name on both sides": ("lignes: {}", "total: {}", "measures:", "des deux côtés"),
    "unknown measure": ("total <= cout", "totale <= cout", "expr: \"lignes", "total"),
    "units that differ": (", times: seuil, unit: euros", "", "expr: \"lignes", "unités incompatibles"),
    "expression that is no condition": ("lignes = 0 OR total <= cout", "total + cout", "expr: \"total", "vrai ou faux"),
    "unknown place": ("column: montant\n    by", "column: montan\n    by", "column: montan", "montant"),
    "figures of others": ("[siret, {column: jour", "[siren, {column: jour", "by: [siren", "autres établissements"),
    "repeated among all": ("[siren, annee]", "[annee, dep]", "columns: [annee", "plusieurs"),
    "sums over all": ("by: [siret, {column: jour", "by: [dep, {column: jour", "by: [dep", "plusieurs"),
    "sums over all there": ("by: [siret, annee]\n      m", "by: [nom, annee]\n      m", "by: [nom", "plusieurs"),
    "jump of words": ("[montant, heures]", "[montant, note]", "columns: [montant", "n'est pas un nombre"),
    "jump over no key": ("year: annee", "year: duree", "year: duree", "n'est pas une année"),
    "unknown denominator": ("per: heures", "per: heure", "per:", "heures"),
    "unknown group": ("[sexe]]", "[sex]]", "groups:", "sexe"),
    "first characters of a number": ("{column: note, length", "{column: montant, length", "groups:", "pas un texte"),
    "twice the same name": ("id: loin", "id: saut", "id: saut", "écrite deux fois"),
    "name of a row rule": ("id: loin", "id: positif", "id: positif\n", "écrite deux fois"),
    "unknown kind": ("kind: unicite", "kind: unique", "id: double", "cross_checks.1"),
    "alerts only": ("per: heures", "per: heures\n    severity: rejet", "severity: rejet", "alerte"),
    "no factor": ("factor: 2.5", "factor: 1", "factor:", "supérieur à 1"),
    "few peers": ("per: heures", "per: heures\n    peers: 19", "peers:", "au moins 20"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "words"), FAULTS.values(), ids=FAULTS)
def test_a_rule_that_names_or_means_nothing_is_refused(shelf: Any, old: str, new: str, line: str, words: str) -> None:
    assert old in RULES
    changed = (*SETUP[:1], (TABLE, "foreign_keys:", RULES.replace(old, new, 1) + "foreign_keys:"))
    faults = shelf.faults(*changed, extra=EXTRA)
    places = [place for place in map(str, (one.where for one in faults)) if place.startswith("essai.yaml")]
    assert any(words in str(fault) for fault in faults), [str(one) for one in faults]
    text = (shelf.root / TABLE).read_text(encoding="utf-8")
    numbers = {f"essai.yaml:{text[:at].count(chr(10)) + 1}" for at in _positions(text, line)}
    assert numbers & set(places), (numbers, places)


def _positions(text: str, words: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(words, at)]


def test_a_jump_is_followed_over_the_whole_key_of_one_structure(shelf: Any) -> None:
    keyed = (TABLE, "owner: siret", "owner: siret\nkey: [siret, annee, dep]")
    (fault,) = shelf.faults(keyed, SETUP[1], extra=EXTRA)
    assert "la clé de la table" in str(fault)
    territory = (TABLE, "owner: siret", "owner: siret\nkey: [dep, annee]")
    (fault,) = shelf.faults(territory, SETUP[1], (TABLE, "by: [siret]\n    year", "by: [dep]\n    year"), extra=EXTRA)
    assert "plusieurs entreprises" in str(fault)


def test_a_comparison_between_enterprises_demands_an_owner(shelf: Any) -> None:
    lines = RULES[RULES.index("  - id: loin") :]
    nobody = ((TABLE, "owner: siret\n", ""), (TABLE, "foreign_keys:", f"cross_checks:\n{lines}foreign_keys:"))
    (fault,) = shelf.faults(*nobody)
    assert "owner est un SIRET" in str(fault)


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (KeyPart, {"column": "a", "length": 2, "year": True}),
        (KeyPart, {"column": "a", "length": 0}),
        (Measure, {"sum": "a", "times": "p"}),
        (Measure, {"sum": "a", "unit": "euros"}),
        (Measure, {"sum": "a", "times": "p", "unit": "texte"}),
        (Plausibility, {"kind": "plausibilite", "column": "a", "groups": [[]]}),
        (Evolution, {"kind": "evolution", "columns": ["a"], "by": ["b"], "year": "c", "factor": 2, "minimum": 0}),
    ],
)
def test_a_contradiction_is_refused(model: Any, fields: dict[str, Any]) -> None:
    words = {"id": "r", "message": {"fr": "m"}, "remedy": {"fr": "r"}} if "kind" in fields else {}
    with pytest.raises(ValidationError) as caught:
        model.model_validate(fields | words)
    assert len(caught.value.errors()) == 1


def _hash(shelf: Any, *changes: tuple[str, str, str]) -> str:
    catalogue = shelf.load(*SETUP, *changes, extra=EXTRA)
    return definition_hash(catalogue, catalogue["part"])


def test_only_rules_that_set_rows_aside_change_the_hash(shelf: Any) -> None:
    own = _hash(shelf)
    assert _hash(shelf, (TABLE, "factor: 2.5", "factor: 3")) == own
    assert _hash(shelf, (TABLE, "message: {fr: en double}", "message: {fr: deux fois}")) == own
    assert _hash(shelf, (TABLE, "columns: [siren, annee]", "columns: [siren, dep]")) != own
    warned = _hash(shelf, (TABLE, "severity: rejet\n    message: {fr: en d", "message: {fr: en d"))
    catalogue = shelf.load(SETUP[0], extra=EXTRA)
    assert warned == definition_hash(catalogue, catalogue["part"]) != own
