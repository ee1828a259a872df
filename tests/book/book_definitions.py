"""Definitions of the fictitious results: one indicator of each way a figure is shown."""

from __future__ import annotations

from typing import Any


def label(text: str) -> dict[str, str]:
    """Return a French label."""
    return {"fr": text}


def _indicator(name: str, kind: str, fr: str, **more: Any) -> dict[str, Any]:
    base = {
        "id": name,
        "version": "1.0.0",
        "valid_from": "2021-01-01",
        "status": "active",
        "disponibilite": "collecte",
        "niveau": "resultat",
        "name": label(fr),
        "definition": label(f"Définition de {fr}."),
        "rationale": label("Pour voir."),
        "limitations": label(f"Ne dit pas tout de « {fr} »."),
        "unit": "pourcent",
        "kind": kind,
        "source": {"provider": "ASP", "dataset": "export", "url": "https://exemple.invalid/jeu"},
        "examples": [{"expect": {"value": "1"}}],
    }
    if kind != "derived":
        base |= {
            "period": {"column": "annee"},
            "inference": "aucune",
            "secrecy": {"unit": "personne"},
            "table": "sorties",
        }
    return base | more


_FRACTION = {"numerator": {"where": "sexe = 'F'"}, "denominator": {}}

INDICATORS: dict[str, list[dict[str, Any]]] = {
    "o1_talents": [
        _indicator(
            "taux_sorties",
            "proportion",
            "Taux de sorties dynamiques",
            measures=_FRACTION,
            cluster="siret",
            inference="non_reponse",
            breakdowns=["type_siae", "sexe", "epci", ["type_siae", "sexe"]],
            method="intervalle_wilson",
            a_verifier=["Liste des motifs de retrait."],
            direction="up",
            aligned_with=[{"standard": "IRIS+", "code": "PI3527", "relation": "related"}],
        ),
        _indicator(
            "emplois",
            "sum",
            "Emplois de l’ESS",
            version="2.0.0",
            unit="emplois",
            measures={"value": {"expr": "effectif"}},
            breakdowns=["epci"],
            previous=[
                {
                    "version": "1.0.0",
                    "valid_from": "2015-01-01",
                    "valid_until": "2020-12-31",
                    "change": label("Les apprentis sont comptés."),
                    "where": "sexe = 'F'",
                }
            ],
            breaks=[{"date": "2024-01-01", "label": label("Nouveau logiciel de paie"), "source": "essai"}],
        ),
    ],
    "o2_valeur": [
        _indicator("part_femmes", "proportion", "Part des femmes", measures=_FRACTION, breakdowns=["type_siae"]),
        _indicator("part_bio", "proportion", "Part des achats bio", measures=_FRACTION),
        _indicator(
            "appreciation",
            "qualitative",
            "Appréciation des parties prenantes",
            unit="structures",
            measures={"value": {"column": "sexe"}},
            said_by=label("les structures"),
            breakdowns=["type_siae"],
        ),
        _indicator("restreint", "count", "Chiffre réservé à la CDESS", unit="structures", diffusion="cdess"),
        _indicator(
            "en_projet",
            "count",
            "Chiffre en projet",
            unit="structures",
            status="draft",
            disponibilite="a_obtenir",
            a_verifier=["Qui tient la liste."],
            where="type_siae IN codelist('types_siae')",
            measures={"value": {"where": "effectif >= parametre('heures_min')"}},
        ),
        _indicator("jamais_calcule", "count", "Chiffre sans donnée", unit="structures"),
    ],
    "veille": [
        _indicator(
            "part_emploi_ess",
            "ratio",
            "Part de l’ESS dans l’emploi salarié",
            table="departements",
            measures={"numerator": {"expr": "effectif"}, "denominator": {"expr": "population"}},
        ),
        _indicator(
            "quotient",
            "derived",
            "Quotient de localisation",
            unit="indice",
            formula="a / b",
            **{"from": {"a": "part_emploi_ess", "b": "part_femmes"}},
        ),
    ],
    "": [
        _indicator(
            "orphelin",
            "median",
            "Ancienneté médiane",
            unit="jours",
            inference="echantillon",
            measures={"value": {"expr": "effectif"}},
        )
    ],
}

_COLUMNS = [
    ("siret", "siret"),
    ("annee", "annee"),
    ("sexe", "code"),
    ("type_siae", "code"),
    ("epci", "texte"),
    ("effectif", "entier"),
]
_LISTS = {"sexe": "sexes", "type_siae": "types_siae"}
_TITLES = {
    "siret": "SIRET",
    "annee": "Année",
    "sexe": "Sexe",
    "type_siae": "Type de SIAE",
    "epci": "EPCI",
    "effectif": "Effectif",
    "population": "Population",
    "code_departement": "Département",
}


def _column(name: str, kind: str) -> dict[str, Any]:
    listed = {"codelist": _LISTS[name]} if name in _LISTS else {}
    required = {"required": "true"} if name == "annee" else {}
    return {"name": name, "type": kind, "label": label(_TITLES[name]), **required, **listed}


def _table(name: str, fr: str, columns: list[tuple[str, str]], **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "version": "1.0.0",
        "name": label(fr),
        "description": label(f"{fr}, une ligne par cas."),
        "provider": "service",
        "source": "ASP",
        "columns": [_column(*one) for one in columns],
        "rules": [
            {
                "id": "effectif_positif",
                "expr": "effectif >= 0",
                "message": label("effectif négatif"),
                "remedy": label("Corrigez."),
            }
        ],
        **more,
    }


DOCUMENTS: dict[str, list[dict[str, Any]]] = {
    "tables": [
        _table("sorties", "Sorties", _COLUMNS, a_verifier=["Licence."], retention_months=18),
        _table(
            "departements",
            "Départements",
            [("code_departement", "departement"), ("annee", "annee"), ("effectif", "entier"), ("population", "entier")],
            territory={"column": "code_departement", "level": "departement"},
        ),
    ],
    "codelists": [
        {
            "id": "sexes",
            "name": label("Sexes"),
            "source": "Insee",
            "codes": [{"code": "F", "label": label("Femmes")}, {"code": "H", "label": label("Hommes")}],
        },
        {
            "id": "types_siae",
            "name": label("Types de SIAE"),
            "source": "Code du travail",
            "a_verifier": "true",
            "codes": [
                {"code": "ACI", "label": label("Atelier et chantier d’insertion")},
                {"code": "EI", "label": label("Entreprise d’insertion")},
                {"code": "AI", "label": label("AI")},
            ],
        },
    ],
    "parametres": [
        {
            "id": "heures_min",
            "name": label("Heures minimales"),
            "unit": "heures",
            "values": [{"valid_from": "2021-01-01", "value": "150", "source": "arrêté", "a_verifier": "true"}],
        },
    ],
    "plans": [
        {
            "id": "essai",
            "name": label("Plan d’essai"),
            "territory": label("Département d’essai"),
            "departement": "62",
            "source": "essai",
            "required_tables": ["sorties"],
            "objectives": [
                {
                    "id": "o1_talents",
                    "name": label("Révéler les talents"),
                    "short": label("Talents"),
                    "question": label("Qui trouve sa place ?"),
                    "indicators": [
                        {
                            "indicator": "taux_sorties",
                            "headline": "true",
                            "references": [
                                {
                                    "tag": "national",
                                    "value": "0.55",
                                    "label": label("Moyenne nationale"),
                                    "source": "DGEFP",
                                    "a_verifier": "true",
                                }
                            ],
                        },
                        {
                            "indicator": "emplois",
                            "headline": "true",
                            "direction": "up",
                            "target": {"value": "45000", "date": "2028-12-31", "source": "vote fictif d’essai"},
                        },
                    ],
                },
                {
                    "id": "o2_valeur",
                    "name": label("Créer de la valeur"),
                    "short": label("Valeur"),
                    "indicators": [
                        {"indicator": name}
                        for name in (
                            "part_femmes",
                            "part_bio",
                            "appreciation",
                            "emplois",
                            "restreint",
                            "jamais_calcule",
                            "en_projet",
                        )
                    ],
                },
                {
                    "id": "veille",
                    "name": label("Veille stratégique"),
                    "short": label("Veille"),
                    "kind": "theme",
                    "indicators": [{"indicator": "part_emploi_ess", "headline": "true"}, {"indicator": "quotient"}],
                },
            ],
            "baselines": [
                {
                    "id": "emplois_ess",
                    "value": "48390",
                    "unit": "emplois",
                    "quote": "48 390 emplois",
                    "source": "document de politique",
                    "indicator": "emplois",
                },
                {
                    "id": "part_ess",
                    "value": "0.13",
                    "unit": "pourcent",
                    "quote": "plus de 13% de l’emploi salarié",
                    "qualifier": "plus de",
                    "source": "document de politique",
                    "indicator": "part_emploi_ess",
                },
                {
                    "id": "heures",
                    "value": "100000",
                    "unit": "heures",
                    "quote": "près de 100 000 heures de travail",
                    "qualifier": "près de",
                    "source": "document de politique",
                    "objective": "o2_valeur",
                },
            ],
        }
    ],
}
