"""Command line of ess-impact: thin commands over the library, French messages, stable exit codes."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.exceptions import TyperException

from ess_impact.cli_french import FrenchCommand, FrenchGroup, usage_message
from ess_impact.errors import EssImpactError, ReadingError, UsageError

Diffusion = Literal["structure", "service", "cdess", "public"]

if TYPE_CHECKING:
    from ess_impact.evaluation.collecting import Progress

_INTERRUPTED = 130
_INTERNAL = 70
_REJECTED = 1

app = typer.Typer(
    name="ess-impact",
    cls=FrenchGroup,
    help="Évaluer une politique territoriale de l'économie sociale et solidaire.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="N'affiche que les erreurs.")]
Json = Annotated[bool, typer.Option("--json", help="Écrit le résultat en JSON sur la sortie standard.")]


def main() -> None:
    """Run the command line and exit with its code.

    Exit codes: 0 done, 1 rejected rows (``check``, ``--strict``) or a needed table empty, 2 usage, 3 bad definition,
    4 nothing readable, 5 secrecy refused, 70 internal error, 130 interrupted.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot write an accent shows a question mark rather than nothing.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    code = _run()
    if code == _INTERRUPTED:
        _say("Interrompu. Ce qui était déjà écrit reste utilisable.")
    sys.exit(code if isinstance(code, int) else 0)


def _run() -> object:
    command = typer.main.get_group(app)
    try:
        return command.main(standalone_mode=False)
    except TyperException as error:
        _say(f"Erreur : {usage_message(error, list(command.commands))}")
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
        _say(f"Erreur : {error}")
    if len(errors) > 1:
        _say(f"{len(errors)} fautes en tout.")
    return max(error.exit_code if isinstance(error, EssImpactError) else _INTERNAL for error in errors)


def _internal(error: Exception) -> int:
    import traceback

    places = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-4:]]
    _say(f"Erreur interne ({type(error).__name__}, {' > '.join(places)}).")
    _say("Signalez-la avec cette ligne et la commande tapée, sans joindre vos données (voir CONTRIBUTING.md).")
    return _INTERNAL


def _say(text: str) -> None:
    sys.stderr.write(text + "\n")


def _show(text: str = "") -> None:
    sys.stdout.write(text + "\n")


@contextmanager
def _progress(quiet: bool) -> Iterator[Progress]:
    """Give a progress callback drawn on the terminal, silent elsewhere."""
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


@app.command(cls=FrenchCommand)
def evaluate(  # noqa: PLR0913 - one parameter per documented option
    folder: Annotated[Path, typer.Argument(metavar="DOSSIER", help="Dossier de campagne (avec campagne.yaml).")],
    out: Annotated[Path, typer.Option("--out", help="Dossier où écrire résultats, anomalies et livre.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="Code de sortie 1 si une ligne ou un fichier est écarté.")
    ] = False,
    engine: Annotated[str, typer.Option("--engine", help="Moteur de calcul.")] = "duckdb",
    book: Annotated[bool, typer.Option("--book/--no-book", help="Construit ou non le livre et le PDF.")] = True,
    timings: Annotated[bool, typer.Option("--timings", help="Affiche le temps passé par étape.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Évalue une campagne : contrôle les fichiers, calcule les indicateurs, construit le livre.

    Exemple : ess-impact evaluate ma_campagne --out build/ma_campagne
    """
    if engine != "duckdb":
        raise UsageError(f"moteur inconnu : « {engine} »", fix="Moteur disponible : duckdb.")
    from ess_impact.report.run import run_campaign

    with _writing(out), _progress(quiet or as_json) as progress:
        outcome = run_campaign(folder, out, book=book, progress=progress)
    if as_json:
        _show(json.dumps(outcome.to_dict(), ensure_ascii=False, indent=2))
    elif not quiet:
        _show(outcome.summary())
    if timings:
        _say(outcome.timings_table())
    if strict and outcome.set_aside:
        raise typer.Exit(_REJECTED)


@app.command(cls=FrenchCommand)
def check(
    path: Annotated[Path, typer.Argument(metavar="CHEMIN", help="Fichier, classeur ou dossier à contrôler.")],
    table: Annotated[str, typer.Option("--table", help="Table attendue, si le nom du fichier ne la dit pas.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Dossier où écrire les classeurs à corriger.")] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Contrôle un fichier ou un dossier et dit quoi corriger.

    Code de sortie 1 s'il y a au moins un rejet, 0 s'il n'y a que des alertes.

    Exemple : ess-impact check structures/00000000000000.xlsx
    """
    from ess_impact.report.checks import check_path

    with _progress(quiet or as_json) as progress:
        report = check_path(path, table=table, out=out, progress=progress)
    if as_json:
        _show(json.dumps(report.to_dict(), ensure_ascii=False, indent=2))
    elif not quiet:
        _show(report.text())
    if report.rejected:
        raise typer.Exit(_REJECTED)


@app.command(cls=FrenchCommand)
def template(
    out: Annotated[Path, typer.Option("--out", help="Classeur .xlsx à écrire.")],
    tables: Annotated[list[str] | None, typer.Option("--table", help="Table à demander (répétable).")] = None,
    quiet: Quiet = False,
) -> None:
    """Écrit le classeur que les structures remplissent.

    Exemple : ess-impact template --out modele.xlsx
    """
    if out.suffix.lower() != ".xlsx":
        raise UsageError(f"« {out.name} » : le modèle est un classeur .xlsx", fix="Terminez le nom par .xlsx.")
    from ess_impact.data.templates import write_template
    from ess_impact.definitions.catalogue import Catalogue

    with _writing(out):
        write_template(out, Catalogue.load(), tables=tables or None)
    if not quiet:
        _show(f"Modèle écrit : {out}")


@app.command(name="list", cls=FrenchCommand)
def list_indicators(
    objective: Annotated[str, typer.Option("--objective", help="Objectif ou thème (o1, cdess …).")] = "",
    definitions: Annotated[
        list[Path] | None, typer.Option("--definitions", help="Dossier de définitions en plus.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Dresse la liste des indicateurs du catalogue.

    Exemple : ess-impact list --objective o3
    """
    from ess_impact.report.catalogue_text import catalogue_lines, catalogue_records

    records = catalogue_records(definitions or [], objective)
    if as_json:
        _show(json.dumps(records, ensure_ascii=False, indent=2))
        return
    for line in catalogue_lines(records):
        _show(line)


@app.command(cls=FrenchCommand)
def show(
    indicator: Annotated[str, typer.Argument(metavar="ID", help="Identifiant de l'indicateur.")],
    definitions: Annotated[
        list[Path] | None, typer.Option("--definitions", help="Dossier de définitions en plus.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Montre un indicateur : quoi, pourquoi, calcul, source, limites, exemple.

    Exemple : ess-impact show taux_sorties_dynamiques
    """
    from ess_impact.definitions.catalogue import Catalogue
    from ess_impact.report.catalogue_text import indicator_text

    catalogue = Catalogue.load(*(definitions or []))
    one = catalogue[indicator]
    if as_json:
        _show(one.model_dump_json(by_alias=True, indent=2, exclude_none=True))
        return
    _show(indicator_text(catalogue, one))


@app.command(cls=FrenchCommand)
def sql(
    indicator: Annotated[str, typer.Argument(metavar="ID", help="Identifiant de l'indicateur.")],
    dialect: Annotated[
        str, typer.Option("--dialect", help="duckdb, postgres, spark, bigquery, snowflake …")
    ] = "duckdb",
    definitions: Annotated[
        list[Path] | None, typer.Option("--definitions", help="Dossier de définitions en plus.")
    ] = None,
) -> None:
    """Écrit la requête SQL d'un indicateur.

    Exemple : ess-impact sql taux_sorties_dynamiques --dialect postgres
    """
    from ess_impact.definitions.catalogue import Catalogue
    from ess_impact.report.catalogue_text import indicator_sql

    catalogue = Catalogue.load(*(definitions or []))
    _show(indicator_sql(catalogue, catalogue[indicator], dialect))


@app.command(cls=FrenchCommand)
def example(
    folder: Annotated[Path, typer.Argument(metavar="DOSSIER", help="Dossier à créer.")],
    seed: Annotated[int, typer.Option("--seed", help="Graine : même graine, mêmes octets.")] = 62,
    scale: Annotated[
        float, typer.Option("--scale", min=0.001, max=1.0, help="Taille (1 = 3 445 établissements).")
    ] = 1.0,
    quiet: Quiet = False,
) -> None:
    """Écrit la campagne d'exemple : structures, personnes et territoires fictifs.

    Exemple : ess-impact example ma_campagne
    """
    from ess_impact.data.synthetic import write_example

    with _writing(folder):
        summary = write_example(folder, seed=seed, scale=scale)
    if not quiet:
        _show(f"Campagne d'exemple (données fictives) écrite : {folder} ({summary.structures} structures)")


@app.command(cls=FrenchCommand)
def book(
    results: Annotated[Path, typer.Argument(metavar="RESULTATS", help="Dossier results/ d'une évaluation.")],
    out: Annotated[Path, typer.Option("--out", help="Dossier où écrire html/ et evaluation.pdf.")],
    diffusion: Annotated[Diffusion, typer.Option("--diffusion", help="Cercle de lecteurs.")] = "public",
    quiet: Quiet = False,
) -> None:
    """Construit le livre et le PDF à partir de résultats déjà calculés.

    Exemple : ess-impact book build/pas_de_calais/results --out livre
    """
    from ess_impact.report.run import publish

    if not (results / "indicateurs.parquet").is_file():
        raise ReadingError("dossier de résultats introuvable", where=str(results), fix="Lancez ess-impact evaluate.")
    publish(results, out, diffusion=diffusion)
    if not quiet:
        _show(f"Livre : {out / 'html' / 'index.html'}")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield
    except (PermissionError, NotADirectoryError, FileExistsError, IsADirectoryError) as error:
        if isinstance(error, EssImpactError):
            raise
        raise UsageError("écriture refusée", where=str(path), fix="Choisissez un autre dossier.") from error


if __name__ == "__main__":
    main()
