"""Command line of ess-impact: thin commands over the library, French messages, stable exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from ess_impact.cli_french import FrenchCommand, FrenchGroup
from ess_impact.cli_session import REJECTED, Json, Quiet, progress_bar, run, say, show_text, writing
from ess_impact.cli_submissions import submissions
from ess_impact.errors import ReadingError

Diffusion = Literal["structure", "service", "cdess", "public"]
EngineName = Literal["duckdb", "spark", "postgres"]

app = typer.Typer(
    name="ess-impact",
    cls=FrenchGroup,
    help="Évaluer une politique territoriale de l'économie sociale et solidaire.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(submissions)


def main() -> None:
    """Run the command line and exit with its code."""
    run(app)


@app.command(cls=FrenchCommand)
def evaluate(  # noqa: PLR0913 - one parameter per documented option
    folder: Annotated[Path, typer.Argument(metavar="DOSSIER", help="Dossier de campagne (avec campagne.yaml).")],
    out: Annotated[Path, typer.Option("--out", help="Dossier où écrire résultats, anomalies et livre.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="Code de sortie 1 si une ligne ou un fichier est écarté.")
    ] = False,
    engine: Annotated[
        EngineName | None, typer.Option("--engine", help="Moteur de calcul ; celui de campagne.yaml par défaut.")
    ] = None,
    precedent: Annotated[
        Path | None, typer.Option("--precedent", help="Dossier results/ publié auparavant : ce que leur écart livre.")
    ] = None,
    book: Annotated[bool, typer.Option("--book/--no-book", help="Construit ou non le livre et le PDF.")] = True,
    timings: Annotated[bool, typer.Option("--timings", help="Affiche le temps passé par étape.")] = False,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Évalue une campagne : contrôle les fichiers, calcule les indicateurs, construit le livre.

    Rien n'est publié si une cellule cachée par le secret statistique peut se déduire (code de sortie 5).

    Exemple : ess-impact evaluate ma_campagne --out build/ma_campagne
    """
    from ess_impact.evaluation.gathering import processors
    from ess_impact.report.run import run_campaign

    with writing(out), progress_bar(quiet or as_json) as progress:
        outcome = run_campaign(
            folder, out, book=book, progress=progress, processes=processors(), engine=engine, former=precedent
        )
    if as_json:
        show_text(json.dumps(outcome.to_dict(), ensure_ascii=False, indent=2))
    elif not quiet:
        show_text(outcome.summary())
    if timings:
        say(outcome.timings_table())
    if strict and outcome.set_aside:
        raise typer.Exit(REJECTED)


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
        show_text(json.dumps(records, ensure_ascii=False, indent=2))
        return
    for line in catalogue_lines(records):
        show_text(line)


@app.command(cls=FrenchCommand)
def show(
    indicator: Annotated[str, typer.Argument(metavar="ID", help="Identifiant de l'indicateur.")],
    definitions: Annotated[
        list[Path] | None, typer.Option("--definitions", help="Dossier de définitions en plus.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Montre un indicateur : quoi, pourquoi, formule, SQL, source, limites, exemple, historique.

    Exemple : ess-impact show taux_sorties_dynamiques
    """
    from ess_impact.definitions.catalogue import Catalogue
    from ess_impact.report.indicator_sheet import indicator_sheet
    from ess_impact.report.sheet_text import sheet_text

    catalogue = Catalogue.load(*(definitions or []))
    one = catalogue[indicator]
    if as_json:
        show_text(one.model_dump_json(by_alias=True, indent=2, exclude_none=True))
        return
    placing = (plan for plan in catalogue.plans.values() if indicator in plan.indicators)
    show_text(sheet_text(indicator_sheet(catalogue, one, next(placing, None))))


@app.command(cls=FrenchCommand)
def sql(
    indicator: Annotated[str, typer.Argument(metavar="ID", help="Identifiant de l'indicateur.")],
    dialect: Annotated[EngineName, typer.Option("--dialect", help="Moteur dont on veut le SQL.")] = "duckdb",
    definitions: Annotated[
        list[Path] | None, typer.Option("--definitions", help="Dossier de définitions en plus.")
    ] = None,
) -> None:
    """Écrit la requête SQL d'un indicateur, colonnes calculées comprises.

    Exemple : ess-impact sql taux_sorties_dynamiques --dialect postgres
    """
    from ess_impact.definitions.catalogue import Catalogue
    from ess_impact.report.catalogue_text import sql_by_dialect

    catalogue = Catalogue.load(*(definitions or []))
    show_text(sql_by_dialect(catalogue, catalogue[indicator], (dialect,))[dialect])


@app.command(cls=FrenchCommand)
def verifier(
    folders: Annotated[list[Path], typer.Argument(metavar="DOSSIER", help="Dossiers de définitions à vérifier.")],
    as_json: Json = False,
) -> None:
    """Vérifie des définitions : dit toutes leurs fautes, puis calcule leurs exemples (examples).

    Code de sortie 1 si un exemple ne donne pas ce qui est attendu, 3 si une définition est fautive.

    Exemple : ess-impact verifier mes_definitions
    """
    from ess_impact.definitions.catalogue import Catalogue
    from ess_impact.evaluation.examples import check_examples
    from ess_impact.report.catalogue_text import example_records, examples_text

    catalogue = Catalogue.load(*folders)
    own = [name for name, path in catalogue.paths.items() if any(map(path.is_relative_to, folders))]
    checks = check_examples(catalogue, sorted(own))
    if as_json:
        show_text(json.dumps(example_records(checks), ensure_ascii=False, indent=2))
    else:
        show_text(examples_text(checks))
    if not all(one.holds for one in checks):
        raise typer.Exit(REJECTED)


@app.command(cls=FrenchCommand)
def mapping(
    file: Annotated[Path, typer.Argument(metavar="FICHIER", help="Correspondance (mapping.yaml).")],
    definitions: Annotated[
        list[Path] | None, typer.Option("--definitions", help="Dossier de définitions en plus.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Dit ce qu'une correspondance alimente, et les colonnes qui manquent, sans lire aucune donnée.

    Exemple : ess-impact mapping mapping.yaml
    """
    from ess_impact.definitions.catalogue import Catalogue
    from ess_impact.definitions.mappings import Mapping, feeds
    from ess_impact.report.mapping_text import mapping_records, mapping_text

    catalogue = Catalogue.load(*(definitions or []))
    loaded = Mapping.load(file, catalogue)
    found = feeds(loaded, catalogue)
    if as_json:
        show_text(json.dumps(mapping_records(catalogue, found), ensure_ascii=False, indent=2))
        return
    show_text(mapping_text(catalogue, found, loaded.tables))


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

    with writing(folder):
        summary = write_example(folder, seed=seed, scale=scale)
    if not quiet:
        show_text(f"Campagne d'exemple (données fictives) écrite : {folder} ({summary.structures} structures)")


@app.command(cls=FrenchCommand)
def book(
    results: Annotated[Path, typer.Argument(metavar="RESULTATS", help="Sortie d'evaluate, ou son dossier results/.")],
    out: Annotated[Path, typer.Option("--out", help="Dossier où écrire html/ et evaluation.pdf.")],
    diffusion: Annotated[Diffusion, typer.Option("--diffusion", help="Cercle de lecteurs.")] = "public",
    quiet: Quiet = False,
) -> None:
    """Construit le livre et le PDF à partir de résultats déjà calculés.

    Exemple : ess-impact book build/pas_de_calais/results --out livre
    """
    from ess_impact.report.run import publish

    results = results / "results" if (results / "results").is_dir() else results
    if not (results / "indicateurs.parquet").is_file():
        raise ReadingError("dossier de résultats introuvable", where=str(results), fix="Lancez ess-impact evaluate.")
    publish(results, out, diffusion=diffusion)
    if not quiet:
        show_text(f"Livre : {out / 'html' / 'index.html'}")


if __name__ == "__main__":
    main()
