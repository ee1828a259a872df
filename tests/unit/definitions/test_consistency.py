"""Definitions that contradict one another or the whitelist are refused before any data, with file and line."""

from __future__ import annotations

from typing import Any

import pytest

from ess_impact.errors import DefinitionError

PART, TOTAL, GENS = "o1_essai/part.yaml", "o1_essai/total.yaml", "o1_essai/gens.yaml"
QUOTIENT, STANDARD = "o1_essai/quotient.yaml", "o1_essai/standard.yaml"
DERIVE, INDICE = "o1_essai/derive.yaml", "o1_essai/indice.yaml"
TABLE, PLAN, WEIGHTS = "tables/essai.yaml", "plans/plan.yaml", "codelists/poids.yaml"

# What is refused: file, text replaced, text in its place, text of the line named, words of the message.
INDICATORS = {
    "unknown table": (PART, "table: essai", "table: esai", "table:", "essai"),
    "unknown period": (PART, "column: annee", "column: anne", "period:", "annee"),
    "period that is no date": (PART, "column: annee", "column: montant", "period:", "ni une date ni une année"),
    "period that may be unknown": (PART, "column: annee", "column: fin", "period:", "« fin » peut être vide"),
    "unknown breakdown": (PART, "[sexe, zone,", "[sexe, zonne,", "breakdowns:", "zone"),
    "breakdown on an amount": (PART, "[sexe, zone,", "[sexe, montant,", "breakdowns:", "montant"),
    "breakdown on a person": (PART, "[sexe, zone,", "[sexe, personne,", "breakdowns:", "personne"),
    "breakdown on an establishment": (PART, "[sexe, zone,", "[sexe, siret,", "breakdowns:", "siret"),
    "breakdown twice": (PART, "[sexe, zone,", "[sexe, sexe,", "breakdowns:", "deux fois"),
    "crossing of a column with itself": (PART, "[sexe, actif]", "[sexe, sexe]", "breakdowns:", "deux fois"),
    "crossing twice": (PART, "[sexe, actif]]", "[sexe, actif], [actif, sexe]]", "breakdowns:", "actif × sexe"),
    "crossing on an amount": (PART, "[sexe, actif]", "[sexe, heures]", "breakdowns:", "heures"),
    "unknown cluster": (PART, "cluster: siret", "cluster: sirette", "cluster:", "siret"),
    "unknown enterprise": (PART, "{unit: aucun}", "{unit: entreprise, column: sirn}", "secrecy:", "siren"),
    "interval of another kind": (TOTAL, "inference:", "uncertainty: wilson\ninference:", "uncertainty:", "auto, none"),
    "misspelt interval": (PART, "inference:", "uncertainty: wilsonn\ninference:", "uncertainty:", "« wilson »"),
    "exact interval of clusters": (
        PART, "inference:", "uncertainty: clopper_pearson\ninference:", "uncertainty:", "lignes indépendantes",
    ),
    "clustered interval without cluster": (
        PART, "cluster: siret", "uncertainty: rao_scott", "uncertainty:", "demande « cluster »",
    ),
    "unknown method": (PART, "intervalle_wilson", "intervalle_wilsson", "method:", "intervalle_wilson"),
    "where that is no condition": (PART, 'where: "longue"', 'where: "duree + 1"', 'where: "duree', "vrai ou faux"),
    "unknown column in a where": (PART, 'where: "longue"', 'where: "longe"', 'where: "longe', "longue"),
    "unknown codelist": (PART, "codelist('sexes')", "codelist('sexe')", "measures:", "sexes"),
    "unknown code": (PART, "sexe IN codelist('sexes')", "sexe = 'f'", "measures:", "« f » n'est pas un code"),
    "unknown parameter": (PART, 'where: "longue"', "where: \"duree > parametre('seui')\"", 'where: "duree', "seuil"),
    "proportion of everything": (PART, "{where: actif}", "{}", "measures:", "ce qu'elle compte"),
    "sum of nothing": (TOTAL, "{expr: montant}", "{}", "measures:", "value: {expr"),
    "sum of words": (TOTAL, "{expr: montant}", "{expr: note}", "measures:", "un nombre"),
    "sum where no condition": (TOTAL, "{expr: montant}", "{expr: duree, where: montant}", "measures:", "vrai ou faux"),
    "unknown counted column": (GENS, "column: personne", "column: persone", "measures:", "personne"),
    "counted where no condition": (GENS, "where: actif", "where: montant", "measures:", "vrai ou faux"),
    "division in an expression": (QUOTIENT, "{expr: heures}", '{expr: "heures / 2"}', "measures:", "non admise"),
    "unknown strata": (STANDARD, "strata: sexe", "strata: sex", "strata:", "sexe"),
    "unknown reference": (STANDARD, "reference: poids", "reference: poid", "reference:", "poids"),
    "reference without weights": (STANDARD, "reference: poids", "reference: sexes", "reference:", "poids (weight)"),
    "unknown column in an example": (PART, "{expect:", "{rows: [{sex: F}], expect:", "- {rows", "sexe"),
    "unknown input": (DERIVE, "{a: total,", "{a: totale,", "from: {", "total"),
    "input not broken down so": (INDICE, "breakdown: sexe", "breakdown: zone", "from: {", "n'est pas ventilé"),
    "derived input broken down": (INDICE, "{indicator: lignes,", "{indicator: derive,", "from: {", "n'est pas ventilé"),
    "itself": (DERIVE, "{a: total,", "{a: derive,", "from: {", "par lui-même"),
    "formula outside arithmetic": (DERIVE, "formula: a / b", "formula: a ** b", "formula:", "non admise"),
    "formula with an unknown name": (DERIVE, "formula: a / b", "formula: a / c", "formula:", "nom inconnu"),
    "number too great in a formula": (DERIVE, "formula: a / b", f"formula: a / {'9' * 350}", "formula:", "nombre"),
    "formula over a breakdown": (
        DERIVE, "b: lignes}", "b: {indicator: lignes, breakdown: sexe}}", "from: {", "ventil",
    ),
    "qualitative about a person": (
        GENS, "kind: distinct\nmeasures: {value: {column: personne, where: actif}}",
        "kind: qualitative\nsaid_by: {fr: elle}\nmeasures: {value: {column: personne}}", "measures:", "personne",
    ),
    "qualitative amount": (
        GENS, "kind: distinct\nmeasures: {value: {column: personne, where: actif}}",
        "kind: qualitative\nsaid_by: {fr: elle}\nmeasures: {value: {column: montant}}", "measures:", "montant",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "line", "words"), INDICATORS.values(), ids=INDICATORS)
def test_an_indicator_that_cannot_be_computed_is_refused(
    shelf: Any, name: str, old: str, new: str, line: str, words: str
) -> None:
    (fault,) = shelf.faults((name, old, new))
    assert words in str(fault)
    assert fault.where == shelf.line(name, line)
    assert (isinstance(fault, DefinitionError), fault.exit_code) == (True, 3)


TABLES = {
    "unknown codelist": ("codelist: sexes", "codelist: sexe", "name: sexe,", "sexes"),
    "unknown codelist of a derived column": (
        "any_of: [bio]}", "any_of: [bio]}, codelist: theme", "name: bio", "themes",
    ),
    "unknown prefix": ("{column: siret, length", "{column: sirett, length", "name: siren", "siret"),
    "unknown dates": ("[jour, fin]", "[jour, finn]", "name: duree", "fin"),
    "unknown list": ("{column: themes, any", "{column: theme, any", "name: bio", "themes"),
    "code that no list holds": ("any_of: [bio]", "any_of: [bo]", "name: bio", "bio"),
    "codes of what is no list": ("{column: themes, any", "{column: note, any", "name: bio", "pas une liste"),
    "days between what is no date": ("[jour, fin]", "[jour, note]", "name: duree", "pas une date"),
    "unknown date of a year": ("days_between: [jour, fin]", "year_of: jours", "name: duree", "jour"),
    "unknown half of a joined column": (
        "prefix: {column: siret, length: 9}", "joined: [siret, personnne]", "name: siren", "personne",
    ),
    "expression of another type": ("duree > parametre('seuil')", "duree + 1", "name: longue", "vrai ou faux"),
    "unknown column of a derived one": ("duree > parametre('seuil')", "dure > 1", "name: longue", "« duree »"),
    "number that is a text": ("days_between: [jour, fin]", "expr: note", "name: duree", "un nombre"),
    "unknown column of a rule": ("montant >= 0", "montnat >= 0", "id: positif", "montant"),
    "rule that is no condition": ("montant >= 0", "montant + 1", "id: positif", "vrai ou faux"),
    "unknown linked table": ("table: autre", "table: autres", "table: autres", "autre"),
    "unknown brought column": ("brings: [zone]", "brings: [zonne]", "table: autre", "zone"),
    "unknown territory": (
        "owner: siret", "owner: siret\nterritory: {column: depp, level: departement}", "territory:", "dep",
    ),
    "hours for euros": ("type: entier, label: {fr: Durée}, days_between: [jour, fin]",
                        "type: euros, label: {fr: Durée}, expr: heures", "name: duree", "euros"),
    "dated parameter that does not exist": (
        "days_between: [jour, fin]", "parameter: {on: annee, name: seuill}", "name: duree", "seuil"),
    "dated parameter read on no date": (
        "days_between: [jour, fin]", "parameter: {on: sexe, name: seuil}", "name: duree", "ni une date"),
    "dated parameter of no code": (
        "days_between: [jour, fin]", "parameter: {on: annee, by: sexe, names: {X: seuil}}", "name: duree", "« X »"),
    "dated parameter that is a text": (
        "contains: {column: themes, any_of: [bio]}", "parameter: {on: annee, name: seuil}", "name: bio",
        "est un nombre",
    ),
    "quotient of a text": (
        "days_between: [jour, fin]", "quotient: {of: note, by: heures}", "name: duree", "se divise"),
    "derived from itself": ("duree > parametre('seuil')", "longue OR actif", "name: longue", "longue"),
    "derived from a later one": ("duree > parametre('seuil')", "bio OR actif", "name: longue", "bio"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "words"), TABLES.values(), ids=TABLES)
def test_a_table_that_cannot_be_checked_is_refused(shelf: Any, old: str, new: str, line: str, words: str) -> None:
    (fault,) = shelf.faults((TABLE, old, new))
    assert words in str(fault)
    assert fault.where == shelf.line(TABLE, line)
    assert fault.exit_code == 3


def test_a_total_by_enterprise_needs_a_number_a_siren_and_a_year(shelf: Any) -> None:
    found = shelf.faults((TABLE, "brings: [zone]", "brings: [zone], sums: [zone]"))
    assert {fault.where for fault in found} == {shelf.line(TABLE, "table: autre")}
    said = " ".join(str(fault) for fault in found)
    assert all(words in said for words in ("« zone »", "« siren » dans « autre »", "« annee » dans « autre »"))


PLANS = {
    "unknown indicator": ("{indicator: derive}", "{indicator: deriver}", "{indicator: deriver}", "derive"),
    "unknown indicator of a baseline": ("indicator: part, objective", "indicator: par, objective", "id: b", "part"),
    "unknown objective of a baseline": ("objective: o1", "objective: o1x", "id: b", "« o1 »"),
    "unknown required table": ("[essai]", "[esai]", "required_tables", "essai"),
}


@pytest.mark.parametrize(("old", "new", "line", "words"), PLANS.values(), ids=PLANS)
def test_a_plan_that_names_nothing_is_refused(shelf: Any, old: str, new: str, line: str, words: str) -> None:
    (fault,) = shelf.faults((PLAN, old, new))
    assert words in str(fault)
    assert fault.where == shelf.line(PLAN, line)


@pytest.mark.parametrize(
    ("kind", "expr"),
    [
        ("entier", "duree - 1"),
        ("annee", "annee - 1"),
        ("ratio", "0"),
        ("euros", "montant * 2"),
        ("date", "COALESCE(fin, jour)"),
        ("texte", "note"),
    ],
)
def test_a_derived_column_may_have_any_type(shelf: Any, kind: str, expr: str) -> None:
    line = f'  - {{name: autre_chose, type: {kind}, label: {{fr: X}}, expr: "{expr}"}}\nrules:'
    assert shelf.load((TABLE, "rules:", line)).table("essai").column("autre_chose").type == kind


def test_the_folder_itself_holds(shelf: Any) -> None:
    catalogue = shelf.load()
    assert set(catalogue) == {"part", "lignes", "total", "gens", "quotient", "standard", "derive", "indice"}


def test_a_cycle_of_derived_indicators_is_refused_at_each_of_them(shelf: Any) -> None:
    found = shelf.faults(
        (DERIVE, "{a: total,", "{a: indice,"),
        (INDICE, "from: {parts: {indicator: lignes, breakdown: sexe}}", "from: {parts: derive}"),
    )
    assert {fault.where for fault in found} == {shelf.line(DERIVE, "from: {"), shelf.line(INDICE, "from: {")}
    assert all("par lui-même" in str(fault) for fault in found)


def test_a_diamond_of_derived_indicators_is_no_cycle(shelf: Any) -> None:
    inputs = {"gauche": "derive", "droite": "derive", "haut": "gauche, b: droite"}
    extra = {f"o1_essai/{name}.yaml": _derived(name, given) for name, given in inputs.items()}
    assert "haut" in shelf.load(extra=extra)


def _derived(name: str, inputs: str) -> str:
    words = "".join(f"{one}: {{fr: Un}}\n" for one in ("name", "definition", "rationale", "limitations"))
    return (
        f"id: {name}\nversion: 1.0.0\nvalid_from: 2024-01-01\nstatus: draft\ndisponibilite: collecte\n{words}"
        f"niveau: resultat\nunit: nombre\nsource: {{provider: x, dataset: x}}\nexamples: [{{expect: {{}}}}]\n"
        f"kind: derived\nfrom: {{a: {inputs}}}\nformula: a + 1\n"
    )


def test_all_faults_come_at_once(shelf: Any) -> None:
    found = shelf.faults(
        (PART, "table: essai", "table: esai"), (TOTAL, "{expr: montant}", "{}"), (PLAN, "[essai]", "[esai]")
    )
    assert len(found) == 3
    assert len({fault.where for fault in found}) == 3


def test_indicators_are_judged_only_on_tables_that_hold(shelf: Any) -> None:
    found = shelf.faults((TABLE, "codelist: sexes", "codelist: sexe"), (TOTAL, "{expr: montant}", "{}"))
    assert [fault.where for fault in found] == [shelf.line(TABLE, "name: sexe")]


def test_what_rests_on_nothing_faulty_is_judged_at_once(shelf: Any) -> None:
    # A table that cannot be read, another document that cannot, and an indicator of a table that holds.
    unread = (WEIGHTS, "weight: 2", "weight: deux")
    found = shelf.faults(unread, (TOTAL, "{expr: montant}", "{}"), (STANDARD, "strata: sexe", "strata: sex"))
    assert {fault.where for fault in found} == {shelf.line(WEIGHTS, "weight: deux"), shelf.line(TOTAL, "measures:")}
    found = shelf.faults(
        ("tables/autre.yaml", "key: [siret]", "key: [siren]"), (PLAN, "{indicator: derive}", "{indicator: x}")
    )
    assert len(found) == 2


def test_an_indicator_of_a_table_that_holds_does_not_wait_for_another_table(shelf: Any) -> None:
    other = (
        "tables/autre.yaml",
        "columns:",
        "derived: [{name: un, type: entier, label: {fr: Un}, expr: deux}]\ncolumns:",
    )
    found = shelf.faults(other, (TOTAL, "{expr: montant}", "{}"))
    assert {str(fault.where).split(":")[0] for fault in found} == {"autre.yaml", "total.yaml"}
