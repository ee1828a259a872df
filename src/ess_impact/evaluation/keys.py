"""Secret keys: made once, readable by their owner alone, never printed."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ess_impact.errors import DefinitionError, ReadingError

_SHORTEST = 16


def read_or_create_key(path: Path) -> bytes:
    """Return the key of a file, written at random on first use.

    Parameters
    ----------
    path : pathlib.Path
        The file: its last line that is no comment (``#``) is the key.

    Returns
    -------
    bytes
        At least 16 bytes.

    Raises
    ------
    ReadingError
        The file cannot be read or made.
    DefinitionError
        A key that is too short.
    """
    try:
        if not path.exists():
            _create(path)
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReadingError("clé illisible", where=path.name, fix="Vérifiez le fichier et ses droits.") from error
    lines = [line.strip() for line in text.splitlines()]
    words = [line for line in lines if line and not line.startswith("#")]
    key = words[-1].encode() if words else b""
    if len(key) < _SHORTEST:
        raise DefinitionError(
            f"clé de moins de {_SHORTEST} caractères",
            where=path.name,
            fix="Supprimez le fichier : une clé sera créée.",
        )
    return key


def _create(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secrets.token_hex(32) + "\n")
