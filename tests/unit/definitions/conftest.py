"""A folder of definitions that holds, for tests to break one line at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.errors import EssImpactError

TABLE = """\
id: essai
version: 1.0.0
name: {fr: Essai}
description: {fr: essai}
provider: service
source: essai
owner: siret
columns:
  - {name: siret, type: siret, label: {fr: SIRET}}
  - {name: annee, type: annee, required: true, label: {fr: Année}}
  - {name: jour, type: date, required: true, label: {fr: Jour}}
  - {name: fin, type: date, label: {fr: Fin}}
  - {name: dep, type: departement, label: {fr: Département}}
  - {name: sexe, type: code, codelist: sexes, label: {fr: Sexe}}
  - {name: themes, type: liste, codelist: themes, label: {fr: Thèmes}}
  - {name: actif, type: booleen, label: {fr: Actif}}
  - {name: montant, type: euros, label: {fr: Montant}}
  - {name: heures, type: heures, label: {fr: Heures}}
  - {name: personne, type: personne, label: {fr: Personne}}
  - {name: note, type: texte, label: {fr: Note}}
derived:
  - {name: siren, type: siren, label: {fr: SIREN}, prefix: {column: siret, length: 9}}
  - {name: duree, type: entier, label: {fr: Durée}, days_between: [jour, fin]}
  - {name: longue, type: booleen, label: {fr: Longue}, expr: "duree > parametre('seuil')"}
  - {name: bio, type: booleen, label: {fr: Bio}, contains: {column: themes, any_of: [bio]}}
rules:
  - {id: positif, expr: "montant >= 0", message: {fr: négatif}, remedy: {fr: Corrigez.}}
foreign_keys:
  - {column: siret, table: autre, brings: [zone]}
"""
OTHER = """\
id: autre
version: 1.0.0
name: {fr: Autre}
description: {fr: essai}
provider: structure
source: essai
key: [siret]
columns:
  - {name: siret, type: siret, label: {fr: SIRET}, required: true}
  - {name: zone, type: texte, label: {fr: Zone}}
"""
INDICATOR = """\
id: {name}
version: 1.0.0
valid_from: 2024-01-01
status: active
disponibilite: collecte
niveau: resultat
name: {{fr: Un}}
definition: {{fr: Un}}
rationale: {{fr: Un}}
limitations: {{fr: Un}}
unit: nombre
source: {{provider: essai, dataset: essai}}
examples:
  - {{expect: {{value: 1}}}}
"""
COLLECTED = """\
table: essai
period: {column: annee}
inference: non_reponse
secrecy: {unit: aucun}
"""
KINDS = {
    "part": "kind: proportion\n"
    "measures: {numerator: {where: actif}, denominator: {where: \"sexe IN codelist('sexes')\"}}\n"
    'breakdowns: [sexe, zone, [sexe, actif]]\ncluster: siret\nwhere: "longue"\nmethod: intervalle_wilson\n',
    "lignes": "kind: count\nbreakdowns: [sexe]\n",
    "total": "kind: sum\nmeasures: {value: {expr: montant}}\n",
    "gens": "kind: distinct\nmeasures: {value: {column: personne, where: actif}}\n",
    "quotient": "kind: ratio\nmeasures: {numerator: {expr: montant}, denominator: {expr: heures}}\n",
    "standard": "kind: standardised_rate\nstrata: sexe\nreference: poids\n"
    "measures: {numerator: {where: actif}, denominator: {expr: heures}}\n",
    "derive": "kind: derived\nfrom: {a: total, b: lignes}\nformula: a / b\n",
    "indice": "kind: derived\nfrom: {parts: {indicator: lignes, breakdown: sexe}}\nmethod: diversification\n",
}
LIST = "id: {name}\nname: {{fr: Liste}}\nsource: essai\ncodes:\n"
PLAN = """\
id: plan
name: {fr: Plan}
territory: {fr: Ici}
departement: "62"
source: essai
required_tables: [essai]
objectives:
  - id: o1
    name: {fr: Un}
    short: {fr: Un}
    indicators:
      - {indicator: part}
      - {indicator: derive}
baselines:
  - {id: b, value: 3, unit: nombre, quote: "plus de 3", source: essai, indicator: part, objective: o1}
"""


def _files() -> dict[str, str]:
    files = {
        "tables/essai.yaml": TABLE,
        "tables/autre.yaml": OTHER,
        "codelists/sexes.yaml": LIST.format(name="sexes")
        + "  - {code: F, label: {fr: Femme}}\n  - {code: H, label: {fr: Homme}}\n",
        "codelists/themes.yaml": LIST.format(name="themes") + "  - {code: bio, label: {fr: Bio}}\n",
        "codelists/poids.yaml": LIST.format(name="poids")
        + "  - {code: F, label: {fr: F}, weight: 2}\n  - {code: H, label: {fr: H}, weight: 1}\n",
        "parametres/seuil.yaml": "id: seuil\nname: {fr: Seuil}\nunit: jours\nvalues:\n"
        "  - {valid_from: 2020-01-01, value: 80, source: essai}\n",
        "plans/plan.yaml": PLAN,
    }
    for name, text in KINDS.items():
        shared = "" if "kind: derived" in text else COLLECTED
        files[f"o1_essai/{name}.yaml"] = INDICATOR.format(name=name) + shared + text
    return files


class Shelf:
    """Write the folder, with some lines replaced, and load it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def load(self, *changes: tuple[str, str, str], extra: Mapping[str, str] | None = None) -> Catalogue:
        """Load with each (file, old text, new text) replaced."""
        files = _files()
        for name, old, new in changes:
            assert old in files[name], f"{old!r} is not in {name}"
            files[name] = files[name].replace(old, new, 1)
        self.write({**files, **(extra or {})})
        return Catalogue.load(self.root, shipped_catalogue=False)

    def faults(self, *changes: tuple[str, str, str], extra: Mapping[str, str] | None = None) -> list[EssImpactError]:
        """Return the faults of a load that must fail."""
        try:
            self.load(*changes, extra=extra)
        except EssImpactError as error:
            return [error]
        except ExceptionGroup as group:
            return [error for error in group.exceptions if isinstance(error, EssImpactError)]
        return []

    def line(self, name: str, words: str) -> str:
        """Return ``file:line`` of the first line that holds some words."""
        lines = (self.root / name).read_text(encoding="utf-8").splitlines()
        return f"{Path(name).name}:{next(number for number, line in enumerate(lines, 1) if words in line)}"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


Load = Callable[..., Catalogue]
