"""The README of a published schema: fields, lists, how to validate, and what a Table Schema cannot say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ess_impact.data.table_schema.descriptors import comparison
from ess_impact.definitions.codelists import Codelist
from ess_impact.definitions.tables import Table
from ess_impact.report.schema_differences import STRICTER, TOLERATED, concerning

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>|#~$])")
_TYPES = {
    "string": "texte",
    "boolean": "oui ou non",
    "date": "date AAAA-MM-JJ",
    "year": "année",
    "integer": "nombre entier",
    "number": "nombre, point décimal",
}
_SEVERITIES = {"rejet": "rejet", "alerte": "alerte, la ligne est gardée"}


def schema_readme(table: Table, descriptor: Mapping[str, Any], codelists: Mapping[str, Codelist]) -> str:
    """Write the README of a schema.

    Parameters
    ----------
    table : Table
        The table.
    descriptor : mapping
        Its Table Schema.
    codelists : mapping of str to Codelist
        Lists its columns name.

    Returns
    -------
    str
        Markdown; texts of definitions are escaped.
    """
    parts = (
        _head(table, descriptor),
        _fields(descriptor),
        _lists(table, codelists),
        _how_to_validate(table),
        _differences(table),
        _further_checks(table),
    )
    return "\n".join(line for part in parts for line in part) + "\n"


def escaped(text: str) -> str:
    """Return a text Markdown shows as it is, on one line.

    Parameters
    ----------
    text : str
        Text of a definition.

    Returns
    -------
    str
        The text, its marks escaped.

    Examples
    --------
    >>> escaped("a|b  <i>")
    'a\\\\|b \\\\<i\\\\>'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _head(table: Table, descriptor: Mapping[str, Any]) -> Iterator[str]:
    licence = descriptor["licenses"][0]
    yield f"# {escaped(table.name.fr)}"
    yield ""
    yield escaped(table.description.fr)
    yield ""
    yield f"- Nom : `{table.id}`, version {table.version}"
    yield f"- Source : {escaped(table.source)}"
    yield f"- Licence du schéma : [{licence['title']}]({licence['path']})"
    if table.key:
        yield f"- Clé d'une ligne : {', '.join(f'`{name}`' for name in table.key)}"


def _fields(descriptor: Mapping[str, Any]) -> Iterator[str]:
    yield from ("", "## Champs", "", "| Champ | Libellé | Type | Obligatoire | Règles | Exemple |")
    yield "|---|---|---|---|---|---|"
    for one in descriptor["fields"]:
        constraints = one.get("constraints", {})
        cells = (
            f"`{one['name']}`",
            escaped(f"{one['title']}. {one['description']}" if "description" in one else one["title"]),
            _TYPES[one["type"]],
            "oui" if constraints.get("required") else "non",
            "<br>".join(_rules(constraints)),
            escaped(one.get("example", "")),
        )
        yield f"| {' | '.join(cells)} |"


def _rules(constraints: Mapping[str, Any]) -> Iterator[str]:
    words = {"minimum": "au moins", "maximum": "au plus"}
    for name, word in words.items():
        if name in constraints:
            yield f"{word} {constraints[name]}"
    if "enum" in constraints:
        yield "un code de la liste"
    if "pattern" in constraints:
        yield f"motif {escaped(constraints['pattern'])}"


def _lists(table: Table, codelists: Mapping[str, Codelist]) -> Iterator[str]:
    named = list(dict.fromkeys(column.codelist for column in table.columns if column.codelist is not None))
    if named:
        yield from ("", "## Listes de codes")
    for name in named:
        yield from ("", f"### {escaped(codelists[name].name.fr)} (`{name}`)", "")
        yield f"Source : {escaped(codelists[name].source)}"
        yield ""
        yield from (f"- {escaped(row.code)} : {escaped(row.label.fr)}" for row in codelists[name].codes)


def _how_to_validate(table: Table) -> Iterator[str]:
    yield from ("", "## Valider un fichier", "")
    yield "- Avec le service public Validata : donner l'adresse de `schema.json`."
    yield "- Avec frictionless 4 ou 5 : `frictionless validate --schema schema.json exemple-valide.csv`"
    yield f"- Avec ess-impact : `ess-impact check mon_fichier.csv --table {table.id}`"
    yield ""
    yield (
        "`exemple-valide.csv` est accepté partout, `exemple-invalide.csv` refusé partout. Leurs lignes sont des "
        "données fictives."
    )


def _differences(table: Table) -> Iterator[str]:
    yield from ("", "## Un même verdict", "")
    yield (
        "Un fichier canonique (dates AAAA-MM-JJ, point décimal, codes de la liste, oui ou non, colonnes sous leur nom) "
        "reçoit le même verdict des trois. Le fichier reste valide quand il lui manque une colonne facultative ou "
        "qu'il a une colonne en trop, comme dans Validata."
    )
    yield from ("", "Acceptés par ess-impact seul, qui note chaque conversion :", "")
    yield from (f"- {one.text}" for one in concerning(table, TOLERATED))
    yield from ("", "Refusés par ess-impact, sans qu'un Table Schema puisse le dire :", "")
    yield from (f"- {one.text}" for one in concerning(table, STRICTER))


def _further_checks(table: Table) -> Iterator[str]:
    yield from ("", "## Contrôles complémentaires", "")
    yield "Faits par ess-impact seul, ou par Validata aussi quand c'est écrit :"
    yield ""
    for rule in table.rules:
        known = " Validata le vérifie aussi." if comparison(rule, table) is not None else ""
        message = f"{escaped(rule.message.fr)} ({_SEVERITIES[rule.severity]}). {escaped(rule.remedy.fr)}"
        yield f"- `{rule.id}` : {message}{known}"
    for link in table.foreign_keys:
        yield f"- `{link.column}` doit se trouver dans la table `{link.table}` ({_SEVERITIES[link.severity]})."
    yield "- Une date postérieure à la date de référence de la campagne est signalée (alerte)."
    yield "- Les identifiants de personnes sont remplacés par un pseudonyme dès la lecture."
