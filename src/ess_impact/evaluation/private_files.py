"""Files only their owner reads, written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def make_private_folder(folder: Path) -> None:
    """Create a folder nobody else may enter.

    Parameters
    ----------
    folder : pathlib.Path
        The folder; its parents are created likewise.

    Raises
    ------
    OSError
        The place cannot be written to.
    """
    if not folder.parent.is_dir():
        make_private_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)


def write_private(path: Path, content: bytes) -> None:
    """Write a file through a temporary one, so that an interruption leaves the former content or the new one.

    Parameters
    ----------
    path : pathlib.Path
        The file, readable by its owner alone.
    content : bytes
        Its content.

    Raises
    ------
    OSError
        The place cannot be written to.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
