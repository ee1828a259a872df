"""Each kind refuses what it must, at the line where it is written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ess_impact.definitions.indicators import KINDS
from ess_impact.definitions.yaml_source import parse_yaml, validate
from ess_impact.errors import DefinitionError

BASE = """\
id: x
version: 1.0.0
valid_from: 2024-01-01
status: active
disponibilite: collecte
niveau: resultat
name: {fr: Un, en: One}
definition: {fr: Un}
rationale: {fr: Un}
limitations: {fr: Un}
unit: nombre
source: {provider: essai, dataset: essai}
examples: [{expect: {}}]
"""
TABLE = "table: t\nperiod: {column: annee}\ninference: non_reponse\nsecrecy: {unit: personne}\n"
MEASURES = {
    "count": "",
    "sum": "measures: {value: {expr: n}}\n",
    "mean": "measures: {value: {expr: n}}\n",
    "median": "measures: {value: {expr: n}}\n",
    "quantile": "measures: {value: {expr: n}}\nquantile: 0.9\n",
    "proportion": "measures: {numerator: {where: a}, denominator: {}}\n",
    "ratio": "measures: {numerator: {expr: n}, denominator: {expr: m}}\n",
    "rate": "measures: {numerator: {where: a}, denominator: {expr: m}}\n",
    "distinct": "measures: {value: {column: c}}\n",
    "qualitative": "measures: {value: {column: c}}\nsaid_by: {fr: la structure}\n",
    "standardised_rate": "measures: {numerator: {where: a}, denominator: {expr: m}}\nstrata: s\nreference: r\n",
    "derived": "from: {a: u}\nformula: a + 1\n",
}


def text_of(kind: str) -> str:
    return BASE + ("" if kind == "derived" else TABLE) + f"kind: {kind}\n" + MEASURES[kind]


def built(kind: str, text: str) -> Any:
    return validate(KINDS[kind], parse_yaml(text, Path("x.yaml")))


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_written(kind: str) -> None:
    assert built(kind, text_of(kind)).kind == kind


def test_defaults_are_the_cautious_ones() -> None:
    found = built("proportion", text_of("proportion"))
    assert (found.missing.policy, found.missing.max_share) == ("bounds", 0.2)
    assert (found.secrecy.min_count, found.secrecy.max_share, found.secrecy.column) == (5, 0.85, "siren")
    assert (found.diffusion, found.direction, found.uncertainty, found.period.grain) == (
        "public",
        "none",
        "auto",
        "year",
    )
    assert found.a_causal_design is False


def test_a_breakdown_is_one_column_or_several() -> None:
    text = text_of("count") + "breakdowns: [sexe, [sexe, zone]]\n"
    assert built("count", text).breakdowns == (("sexe",), ("sexe", "zone"))


@pytest.mark.parametrize("given", ["a", "{indicator: u, breakdown: sexe}"])
def test_an_input_is_an_indicator_or_one_of_its_breakdowns(given: str) -> None:
    found = built("derived", text_of("derived").replace("{a: u}", f"{{a: {given}}}"))
    assert found.inputs["a"].breakdown == (None if given == "a" else "sexe")


# Kind, text replaced, text in its place, text of the line named (or its number), words of the message.
REFUSED = {
    "active without a source": ("count", "disponibilite: collecte", "disponibilite: non_disponible", 1, "active"),
    "active and still to be obtained": ("count", "disponibilite: collecte", "disponibilite: a_obtenir", 1, "active"),
    "impact": ("proportion", "niveau: resultat", "niveau: impact", 1, "causaux"),
    "no interval without reason": ("mean", "kind: mean", "kind: mean\nuncertainty: none", 1, "uncertainty_reason"),
    "amount in a proportion": ("proportion", "{where: a}", "{where: a, expr: n}", 1, "kind: ratio"),
    "amount under a proportion": ("proportion", "denominator: {}", "denominator: {expr: n}", 1, "kind: ratio"),
    "neither formula nor method": ("derived", "formula: a + 1\n", "", 1, "formula"),
    "formula and method": ("derived", "formula: a + 1", "formula: a + 1\nmethod: m", 1, "formula"),
    "derived from nothing": ("derived", "from: {a: u}", "from: {}", "from: {}", "from"),
    "inputs that are no names": ("derived", "from: {a: u}", "from: u", "from: u", "bloc"),
    "derived with a table": ("derived", "kind: derived", "kind: derived\ntable: t", "table:", "clé inconnue « table »"),
    "no measure": ("sum", "measures: {value: {expr: n}}\n", "", 1, "measures"),
    "wrong measure": ("ratio", "numerator:", "numerateur:", "measures:", "numerator"),
    "column of a sum": ("sum", "{expr: n}", "{column: n}", "measures:", "clé inconnue « column »"),
    "quantile of everything": ("quantile", "quantile: 0.9", "quantile: 1", "quantile: 1", "quantile"),
    "quantile without order": ("quantile", "quantile: 0.9\n", "", 1, "quantile"),
    "rate per nothing": ("rate", "kind: rate", "kind: rate\nper: 0", "per:", "per"),
    "answer of nobody": ("qualitative", "said_by: {fr: la structure}\n", "", 1, "said_by"),
    "no strata": ("standardised_rate", "strata: s\n", "", 1, "strata"),
    "third standardisation": ("standardised_rate", "strata: s", "strata: s\nstandardisation: x", "isation:", "direct"),
    "indirect without its crude rate": (
        "standardised_rate", "strata: s", "strata: s\nstandardisation: indirect", 1, "reference_rate",
    ),
    "no example": ("count", "examples: [{expect: {}}]", "examples: []", "examples:", "examples"),
    "no expectation": ("count", "[{expect: {}}]", "[{rows: []}]", "examples:", "expect"),
    "id in capitals": ("count", "id: x", "id: X", "id:", "id"),
    "version of two numbers": ("count", "version: 1.0.0", "version: 1.0", "version:", "version"),
    "date that is none": ("count", "2024-01-01", "2024-13-01", "valid_from:", "AAAA-MM-JJ"),
    "status": ("count", "status: active", "status: actif", "status:", "active"),
    "level": ("count", "niveau: resultat", "niveau: effet", "niveau:", "realisation"),
    "label without French": ("count", "{fr: Un, en: One}", "{en: One}", "name:", "name.fr"),
    "empty label": ("count", "name: {fr: Un, en: One}", "name: {fr: ''}", "name:", "name.fr"),
    "unknown unit of secrecy": ("count", "{unit: personne}", "{unit: menage}", "secrecy:", "entreprise"),
    "no unit of secrecy": ("count", "{unit: personne}", "{min_count: 3}", "secrecy:", "secrecy.unit"),
    "threshold of none": ("count", "{unit: personne}", "{unit: personne, min_count: 0}", "secrecy:", "min_count"),
    "share above one": ("count", "{unit: personne}", "{unit: personne, max_share: 2}", "secrecy:", "max_share"),
    "missing policy": ("count", "kind: count", "kind: count\nmissing: {policy: zero}", "missing:", "bounds"),
    "missing share": ("count", "kind: count", "kind: count\nmissing: {max_share: 1.5}", "missing:", "max_share"),
    "inference": ("count", "inference: non_reponse", "inference: sondage", "inference:", "echantillon"),
    "grain": ("count", "{column: annee}", "{column: annee, grain: month}", "period:", "year"),
    "breakdown that is no name": ("count", "kind: count", "kind: count\nbreakdowns: [[a, B]]", "breakdowns:", "s.0.1"),
    "breakdowns that are no list": ("count", "kind: count", "kind: count\nbreakdowns: sexe", "breakdowns:", "liste"),
    "unknown key": ("count", "unit: nombre", "unit: nombre\nunits: x", "units:", "« unit »"),
    "alignment": (
        "count", "kind: count", "kind: count\naligned_with: [{standard: a, code: b, relation: x}]", "aligned", "close",
    ),
}  # fmt: skip


def faults_of(kind: str, text: str) -> list[Any]:
    with pytest.raises((DefinitionError, ExceptionGroup)) as caught:
        built(kind, text)
    return list(getattr(caught.value, "exceptions", [caught.value]))


@pytest.mark.parametrize(("kind", "old", "new", "line", "words"), REFUSED.values(), ids=REFUSED)
def test_what_a_kind_may_not_say_is_refused_with_its_line(kind: str, old: str, new: str, line: Any, words: str) -> None:
    text = text_of(kind)
    assert old in text
    text = text.replace(old, new, 1)
    number = line if isinstance(line, int) else 1 + [line in one for one in text.splitlines()].index(True)
    faults = faults_of(kind, text)
    assert any(words in str(fault) and fault.where == f"x.yaml:{number}" for fault in faults), [
        str(one) for one in faults
    ]


@pytest.mark.parametrize(("kind", "old", "new", "line", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_said_in_french(kind: str, old: str, new: str, line: Any, words: str) -> None:
    said = " ".join(str(fault) for fault in faults_of(kind, text_of(kind).replace(old, new, 1)))
    assert not re.search(
        r"\b(should|must|input|least|greater|valid|item|items|string|characters?)\b", said, re.IGNORECASE
    ), said


@pytest.mark.parametrize("changes", ["uncertainty: none\nuncertainty_reason: {fr: raison}\n", "uncertainty: none\n"])
def test_no_interval_is_admitted_with_a_reason_or_without_inference(changes: str) -> None:
    text = text_of("mean") + changes
    if "reason" not in changes:
        text = text.replace("non_reponse", "aucune")
    assert built("mean", text).uncertainty == "none"


@pytest.mark.parametrize(
    ("status", "disponibilite"), [("draft", "non_disponible"), ("retired", "a_obtenir"), ("active", "convention")]
)
def test_only_an_active_indicator_must_be_computable(status: str, disponibilite: str) -> None:
    text = text_of("count").replace("status: active", f"status: {status}").replace("collecte", disponibilite)
    assert built("count", text).status == status


def test_an_indicator_does_not_change_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        built("count", text_of("count")).unit = "euros"
