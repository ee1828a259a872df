"""Method notes: one MyST file per method, whose header names the function that computes it."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from pydantic import Field

from ess_impact.definitions.vocabulary import Identifier, Label, Model
from ess_impact.definitions.yaml_source import parse_yaml, validate
from ess_impact.errors import DefinitionError, did_you_mean


class _Header(Model):
    id: Identifier
    nom: Label
    fonction: str = Field(pattern=r"^ess_impact\.stats\.[a-z_]+\.[a-z_]+$")


class MethodNote(Model):
    """A note: its id, name, function and text."""

    id: Identifier
    name: Label
    function: str
    body: str


def read_note(path: Path) -> MethodNote:
    """Read a method note.

    Parameters
    ----------
    path : pathlib.Path
        A ``.md`` file that starts with a YAML header between two ``---`` lines.

    Returns
    -------
    MethodNote
        Header and text.

    Raises
    ------
    DefinitionError
        Header absent or wrong, or naming a function that does not exist.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DefinitionError("texte non UTF-8", where=path.name, fix="Enregistrez le fichier en UTF-8.") from error
    parts = text.split("---\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise DefinitionError("en-tête absent (--- … ---)", where=f"{path.name}:1")
    # The first line holds the dashes: a blank one in its place keeps the line numbers of the file.
    header = validate(_Header, parse_yaml("\n" + parts[1], path))
    if header.id != path.stem:
        raise DefinitionError(f"le fichier doit s'appeler {header.id}.md", where=f"{path.name}:2")
    _require_function(header.fonction, f"{path.name}:{_line_of('fonction', parts[1])}")
    return MethodNote(id=header.id, name=header.nom, function=header.fonction, body=parts[2].strip() + "\n")


def _require_function(dotted: str, where: str) -> None:
    """Refuse a note whose function is not there, without importing the numerical libraries."""
    module, _, name = dotted.removeprefix("ess_impact.stats.").partition(".")
    known = _functions(module)
    if name not in known:
        fix = did_you_mean(name, known) or (f"Fonctions de {module} : {', '.join(known)}." if known else "")
        raise DefinitionError(f"fonction introuvable : « {dotted} »", where=where, fix=fix)


@cache
def _functions(module: str) -> tuple[str, ...]:
    source = files("ess_impact") / "stats" / f"{module}.py"
    text = source.read_text(encoding="utf-8") if source.is_file() else ""
    return tuple(sorted(re.findall(r"^def ([a-z]\w*)\(", text, flags=re.MULTILINE)))


def _line_of(key: str, header: str) -> int:
    return 2 + next((place for place, line in enumerate(header.splitlines()) if line.startswith(key)), 0)
