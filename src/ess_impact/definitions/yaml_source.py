"""YAML read strictly: scalars stay text, duplicates and aliases are refused, every value knows its line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ess_impact.errors import DefinitionError, EssImpactError, did_you_mean

M = TypeVar("M", bound=BaseModel)

MAX_BYTES = 1_000_000
MAX_DEPTH = 30
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C parser where PyYAML has it: ten times faster, same nodes, same lines."""
_NULLS = {"", "~", "null", "Null", "NULL"}

_MESSAGES = {
    "missing": "champ obligatoire absent",
    "string_type": "texte attendu",
    "int_parsing": "nombre entier attendu",
    "float_parsing": "nombre attendu",
    "bool_parsing": "true ou false attendu",
    "date_from_datetime_parsing": "date attendue (AAAA-MM-JJ)",
    "date_parsing": "date attendue (AAAA-MM-JJ)",
    "list_type": "liste attendue (- …)",
    "tuple_type": "liste attendue (- …)",
    "model_type": "bloc « clé : valeur » attendu",
    "dict_type": "bloc « clé : valeur » attendu",
    "string_pattern_mismatch": "forme incorrecte (attendu : {pattern})",
    "string_too_short": "texte vide",
    "too_short": "au moins {min_length} élément est attendu",
    "too_long": "au plus {max_length} éléments sont attendus",
    "greater_than": "nombre supérieur à {gt} attendu",
    "greater_than_equal": "nombre d'au moins {ge} attendu",
    "less_than": "nombre inférieur à {lt} attendu",
    "less_than_equal": "nombre d'au plus {le} attendu",
    "int_type": "nombre entier attendu",
    "float_type": "nombre attendu",
    "bool_type": "true ou false attendu",
    "date_type": "date attendue (AAAA-MM-JJ)",
    "decimal_parsing": "nombre attendu",
    "decimal_type": "nombre attendu",
    "finite_number": "nombre fini attendu",
    "union_tag_invalid": "sorte inconnue « {tag} » (attendu : {expected_tags})",
    "union_tag_not_found": "sorte non précisée ({discriminator})",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlSource:
    """One YAML document: its data (scalars as text) and the tree of nodes, ``root``, that knows the lines."""

    path: Path
    data: dict[str, Any]
    root: yaml.Node

    def line(self, location: tuple[int | str, ...]) -> int:
        """Return the 1-based line of a location, or of its nearest existing ancestor.

        Parameters
        ----------
        location : tuple of int or str
            Keys and positions from the root.

        Returns
        -------
        int
            Line number in the file.
        """
        node = self.root
        line = node.start_mark.line
        for part in location:
            child = _child(node, part)
            if child is None:
                continue
            line, node = child
        return line + 1

    def place(self, location: tuple[int | str, ...] = ()) -> str:
        """Return ``file:line`` for a location.

        Parameters
        ----------
        location : tuple of int or str
            Keys and positions from the root.

        Returns
        -------
        str
            Place to print before a message.
        """
        return f"{self.path.name}:{self.line(location)}"


def _child(node: yaml.Node, part: int | str) -> tuple[int, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return key.start_mark.line, value
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        child = node.value[part]
        return child.start_mark.line, child
    return None


def read_yaml(path: Path) -> YamlSource:
    """Read one YAML file strictly.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    YamlSource
        Data and lines.

    Raises
    ------
    DefinitionError
        File absent, too large, not UTF-8, not YAML, not a mapping, with an alias, a tag or a duplicate key.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DefinitionError("fichier illisible", where=str(path), fix=str(error.strerror or "")) from error
    if len(raw) > MAX_BYTES:
        raise DefinitionError(f"fichier de plus de {MAX_BYTES} octets", where=path.name)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DefinitionError(
            f"texte non UTF-8 (octet {error.start})", where=path.name, fix="Enregistrez le fichier en UTF-8."
        ) from error
    return parse_yaml(text, path)


def parse_yaml(text: str, path: Path) -> YamlSource:
    """Parse YAML text strictly; see :func:`read_yaml`.

    Parameters
    ----------
    text : str
        The document.
    path : pathlib.Path
        Name to quote in messages.

    Returns
    -------
    YamlSource
        Data and lines.

    Raises
    ------
    DefinitionError
        As :func:`read_yaml`.
    """
    try:
        _refuse_aliases_and_depth(text, path)
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path.name}:{mark.line + 1}" if mark else path.name
        raise DefinitionError(
            f"YAML incorrect : {getattr(error, 'problem', None) or 'caractère interdit'}",
            where=where,
            fix="Vérifiez l'indentation et les deux-points.",
        ) from error
    if not isinstance(root, yaml.MappingNode):
        raise DefinitionError("un bloc « clé : valeur » est attendu", where=f"{path.name}:1")
    return YamlSource(path=path, data=_mapping(root, path), root=root)


def _refuse_aliases_and_depth(text: str, path: Path) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        where = f"{path.name}:{event.start_mark.line + 1}" if event.start_mark else path.name
        if isinstance(event, yaml.AliasEvent):
            raise DefinitionError("les alias YAML (*nom) sont refusés", where=where, fix="Recopiez la valeur.")
        if isinstance(event, yaml.NodeEvent) and getattr(event, "tag", None) is not None:
            raise DefinitionError("les étiquettes YAML (!nom) sont refusées", where=where, fix="Retirez-la.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise DefinitionError(f"plus de {MAX_DEPTH} niveaux d'imbrication", where=where)


def _mapping(node: yaml.MappingNode, path: Path) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in node.value:
        where = f"{path.name}:{key.start_mark.line + 1}"
        if not isinstance(key, yaml.ScalarNode):
            raise DefinitionError("une clé doit être un mot", where=where)
        if key.value in result:
            raise DefinitionError(f"clé « {key.value} » écrite deux fois", where=where, fix="Gardez-en une seule.")
        result[key.value] = _value(value, path)
    return result


def _value(node: yaml.Node, path: Path) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path)
    if isinstance(node, yaml.SequenceNode):
        return [_value(child, path) for child in node.value]
    if isinstance(node, yaml.ScalarNode) and not node.style and node.value in _NULLS:
        return None
    return node.value


def validate(model: type[M], source: YamlSource) -> M:
    """Turn a document into a model, or raise all its faults at once.

    Parameters
    ----------
    model : type
        The pydantic model.
    source : YamlSource
        The document.

    Returns
    -------
    pydantic.BaseModel
        The validated model.

    Raises
    ------
    DefinitionError
        One fault, with ``file:line``.
    ExceptionGroup
        Several faults.
    """
    try:
        return model.model_validate(source.data)
    except ValidationError as error:
        faults: list[EssImpactError] = [_fault(detail, model, source) for detail in error.errors()]
        if len(faults) == 1:
            raise faults[0] from error
        raise ExceptionGroup(f"{source.path.name} : {len(faults)} fautes", faults) from error


def _fault(detail: ErrorDetails, model: type[BaseModel], source: YamlSource) -> DefinitionError:
    location, kind = detail["loc"], detail["type"]
    field = ".".join(str(part) for part in location)
    fix = ""
    if kind == "extra_forbidden":
        message = f"clé inconnue « {location[-1]} »"
        fix = did_you_mean(str(location[-1]), _known_keys(model, location[:-1]))
    elif kind in ("literal_error", "enum"):
        message = f"« {field} » : valeur non admise « {detail['input']} »"
        fix = f"Valeurs admises : {str(detail.get('ctx', {}).get('expected', '')).replace(' or ', ' ou ')}"
    elif kind == "value_error":
        message = f"« {field} » : {detail['ctx']['error']}" if field else str(detail["ctx"]["error"])
    else:
        words = _MESSAGES.get(kind, "valeur non admise")
        message = f"« {field} » : {words.format(**detail.get('ctx', {}))}"
    return DefinitionError(message, where=source.place(location), fix=fix)


def _known_keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    current: Any = model
    for part in location:
        if isinstance(part, int):
            continue
        field = _field(current, str(part))
        if field is None:
            return []
        current = field
    return _field_names(current)


def _field_names(model: Any) -> list[str]:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _field(model: Any, name: str) -> Any:
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        return None
    for key, field in model.model_fields.items():
        if name in (key, field.alias):
            return _inner_model(field.annotation)
    return None


def _inner_model(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        inner = _inner_model(argument)
        if inner is not None:
            return inner
    return None
