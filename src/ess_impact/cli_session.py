"""How a command runs: progress, messages, exit codes."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.exceptions import TyperException

from ess_impact.cli_french import usage_message
from ess_impact.errors import EssImpactError, UsageError
from ess_impact.text import inert

if TYPE_CHECKING:
    from ess_impact.evaluation.collecting import Progress

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="N'affiche que les erreurs.")]
Json = Annotated[bool, typer.Option("--json", help="Écrit le résultat en JSON sur la sortie standard.")]

REJECTED = 1
_INTERRUPTED = 130
_INTERNAL = 70


def run(app: typer.Typer) -> None:
    """Run the command line and exit with its code.

    Parameters
    ----------
    app : typer.Typer
        The commands.

    Notes
    -----
    Exit codes: 0 done, 1 rejected rows (``check``, ``--strict``), a failed example (``verifier``) or a needed table
    empty, 2 usage, 3 bad definition, 4 nothing readable, 5 secrecy refused, 70 internal error, 130 interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot write an accent shows a question mark rather than nothing.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    code = _run(app)
    if code == _INTERRUPTED:
        say("Interrompu. Ce qui était déjà écrit reste utilisable.")
    sys.exit(code if isinstance(code, int) else 0)


def _run(app: typer.Typer) -> object:
    command = typer.main.get_group(app)
    try:
        return command.main(standalone_mode=False)
    except TyperException as error:
        say(f"Erreur : {usage_message(error, list(command.commands))}")
        return UsageError.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return _INTERRUPTED
    except SystemExit as stop:
        return stop.code
    except EssImpactError as error:
        return _report([error])
    except ExceptionGroup as group:
        return _report(list(_flat(group)))
    except Exception as error:  # noqa: BLE001 - the last door: say how to report, show no data
        return _internal(error)


def _flat(group: ExceptionGroup[Any]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _flat(error)
        else:
            yield error


def _report(errors: list[Exception]) -> int:
    for error in errors:
        say(f"Erreur : {error}")
    if len(errors) > 1:
        say(f"{len(errors)} fautes en tout.")
    return max(error.exit_code if isinstance(error, EssImpactError) else _INTERNAL for error in errors)


def _internal(error: Exception) -> int:
    import traceback

    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-4:]]
    say(f"Erreur interne ({type(error).__name__}, {' > '.join(places)}).")
    say("Signalez-la avec cette ligne et la commande tapée, sans joindre vos données (voir CONTRIBUTING.md).")
    return _INTERNAL


def say(text: str) -> None:
    """Write a message on standard error.

    Parameters
    ----------
    text : str
        One line.
    """
    sys.stderr.write(inert(text) + "\n")


def show_text(text: str = "") -> None:
    """Write a result on standard output.

    Parameters
    ----------
    text : str
        One line or several.
    """
    sys.stdout.write(inert(text) + "\n")


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Progress]:
    """Give a progress callback drawn on the terminal, silent elsewhere.

    Parameters
    ----------
    quiet : bool
        Whether nothing is drawn at all.

    Yields
    ------
    callable
        See ``ess_impact.evaluation.collecting.Progress``.
    """
    from ess_impact.evaluation.collecting import silent

    if quiet or not sys.stderr.isatty():
        yield silent
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def advance(label: str, position: int, total: int) -> None:
            bar.update(task, description=label[:60], completed=position, total=total)

        yield advance


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Make the folder of what a command writes, and say clearly when it cannot be written.

    Parameters
    ----------
    path : pathlib.Path
        File or folder to write.

    Yields
    ------
    None

    Raises
    ------
    UsageError
        The system refuses.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except (PermissionError, NotADirectoryError, FileExistsError, IsADirectoryError) as error:
        if isinstance(error, EssImpactError):
            raise
        raise UsageError("écriture refusée", where=str(path), fix="Choisissez un autre dossier.") from error
