"""Find the folders shipped with the package, in a wheel as in a checkout."""

from __future__ import annotations

from pathlib import Path

from ess_impact.errors import ReadingError


def shipped(name: str) -> Path:
    """Return a folder shipped with ess-impact (``indicators``, ``methods``, ``book``).

    Parameters
    ----------
    name : str
        Name of the folder at the root of the repository.

    Returns
    -------
    pathlib.Path
        The folder, readable as ordinary files.

    Raises
    ------
    ReadingError
        When the installation is incomplete.

    Examples
    --------
    >>> shipped("indicators").is_dir()
    True
    """
    package = Path(__file__).resolve().parent
    packed = package / f"_{name}"
    if packed.is_dir():
        return packed
    checkout = package.parents[1]
    if (checkout / "pyproject.toml").is_file() and (checkout / name).is_dir():
        return checkout / name
    raise ReadingError(f"dossier « {name} » absent de l'installation", fix="Réinstallez ess-impact.")
