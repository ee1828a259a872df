"""Commands about what structures send: templates, checks, reminders, accounts, retention."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ess_impact.cli_french import FrenchCommand, FrenchGroup
from ess_impact.cli_session import REJECTED, Json, Quiet, progress_bar, say, show_text, writing
from ess_impact.errors import UsageError
from ess_impact.text import format_number

if TYPE_CHECKING:
    from ess_impact.evaluation.certificates import Certificate

Format = Literal["table-schema", "dossier-rgpd"]
STDIN = "-"

submissions = typer.Typer(cls=FrenchGroup)
fec = typer.Typer(cls=FrenchGroup, help="Fichier des écritures comptables (FEC).", no_args_is_help=True)
submissions.add_typer(fec, name="fec")

Campagne = Annotated[Path, typer.Argument(metavar="DOSSIER", help="Dossier de campagne (avec campagne.yaml).")]
Tables = Annotated[list[str] | None, typer.Option("--table", help="Table concernée (répétable) ; toutes par défaut.")]
Outputs = Annotated[
    list[Path] | None, typer.Option("--sortie", help="Dossier de résultats à nettoyer aussi (répétable).")
]
Yes = Annotated[
    bool, typer.Option("--oui", help="Fait vraiment ; sans cette option, dit seulement ce qui serait fait.")
]


@submissions.command(cls=FrenchCommand)
def check(
    path: Annotated[
        Path, typer.Argument(metavar="CHEMIN", help="Fichier, classeur ou dossier ; « - » pour l'entrée standard.")
    ],
    table: Annotated[str, typer.Option("--table", help="Table attendue, si le nom du fichier ne la dit pas.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Dossier où écrire les classeurs à corriger.")] = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Contrôle un fichier ou un dossier et dit quoi corriger.

    Code de sortie 1 s'il y a au moins un rejet, 0 s'il n'y a que des alertes. Le JSON parle le vocabulaire de Validata.

    Exemple : ess-impact check structures/00000000000000.xlsx
    """
    from ess_impact.report.checks import check_path, check_stdin, read_stdin

    with progress_bar(quiet or as_json) as progress:
        if str(path) == STDIN:
            report = check_stdin(read_stdin(sys.stdin.buffer), table=table, out=out, progress=progress)
        else:
            report = check_path(path, table=table, out=out, progress=progress)
    if as_json:
        show_text(json.dumps(report.to_dict(), ensure_ascii=False, indent=2))
    elif not quiet:
        show_text(report.text())
    if report.rejected:
        raise typer.Exit(REJECTED)


@submissions.command(cls=FrenchCommand)
def template(
    out: Annotated[Path, typer.Option("--out", help="Classeur .xlsx à écrire.")],
    structure: Annotated[
        str,
        typer.Option("--structure", metavar="SIRET", help="Structure à qui il est destiné : son identité est remplie."),
    ] = "",
    previous: Annotated[
        Path | None,
        typer.Option(
            "--previous",
            metavar="DOSSIER",
            help="Dernière campagne : ce qui ne change pas est repris (avec --structure).",
        ),
    ] = None,
    tables: Annotated[
        list[str] | None,
        typer.Option("--table", help="Feuille à demander en plus de celles de toutes les structures (répétable)."),
    ] = None,
    year: Annotated[
        int | None,
        typer.Option(
            "--year", metavar="ANNÉE", help="Année décrite ; par défaut, celle qui suit la dernière campagne."
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Écrit le classeur que les structures remplissent : deux à cinq feuilles, prérempli si possible.

    Exemple : ess-impact template --out modele.xlsx --structure 00000001800010 --previous campagne_2025
    """
    if out.suffix.lower() != ".xlsx":
        raise UsageError(f"« {out.name} » : le modèle est un classeur .xlsx", fix="Terminez le nom par .xlsx.")
    from ess_impact.definitions.catalogue import Catalogue
    from ess_impact.evaluation.campaign import Campaign
    from ess_impact.report.collection_kit import write_kit

    catalogue = Campaign.open(previous).catalogue if previous else Catalogue.load()
    with writing(out):
        summary = write_kit(out, catalogue, tables=tables, structure=structure, previous=previous, year=year)
    if not quiet:
        show_text(f"Modèle écrit : {out}\n{summary.text()}")


@submissions.command(cls=FrenchCommand)
def export(
    what: Annotated[
        Format,
        typer.Option(
            "--format", help="table-schema (schémas de données publiables) ou dossier-rgpd (documents à compléter)."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Dossier à écrire.")],
    tables: Tables = None,
    definitions: Annotated[
        list[Path] | None, typer.Option("--definitions", help="Dossier de définitions en plus.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Écrit, à partir des définitions, ce que d'autres outils et d'autres services attendent.

    Exemple : ess-impact export --format table-schema --out schemas
    """
    from ess_impact.definitions.catalogue import Catalogue

    catalogue = Catalogue.load(*(definitions or []))
    with writing(out):
        if what == "table-schema":
            from ess_impact.report.export_schemas import export_table_schemas

            written = export_table_schemas(catalogue, out, tables=tables)
        else:
            from ess_impact.report.gdpr import write_gdpr_file

            if tables:
                raise UsageError("--table ne s'applique pas au dossier RGPD, qui couvre toutes les tables")
            written = write_gdpr_file(catalogue, out)
    if not quiet:
        show_text(f"{len(written)} fichiers écrits dans {written[0].parent}")


@submissions.command(cls=FrenchCommand)
def relances(
    folder: Campagne,
    out: Annotated[
        Path | None, typer.Option("--out", help="Fichier .csv à écrire ; registre/relances.csv sinon.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Dresse la liste des relances : qui n'a rien envoyé, à qui il reste quoi corriger.

    Exemple : ess-impact relances ma_campagne
    """
    from ess_impact.evaluation.campaign import Campaign
    from ess_impact.evaluation.collecting import collect
    from ess_impact.evaluation.gathering import processors
    from ess_impact.evaluation.register import record
    from ess_impact.evaluation.reminders import write_reminders

    campaign = Campaign.open(folder)
    with progress_bar(quiet) as progress:
        collected = collect(campaign, progress, keep=True, processes=processors())
    with writing(out or folder):
        notice = record(campaign, collected)
        written = write_reminders(campaign, collected, out)
    if notice:
        say(notice)
    if not quiet:
        show_text(f"Relances : {written}")


@submissions.command(cls=FrenchCommand)
def purge(
    folder: Campagne,
    day: Annotated[
        datetime | None,
        typer.Option(
            "--au", formats=["%Y-%m-%d"], metavar="AAAA-MM-JJ", help="Jour de la purge ; aujourd'hui par défaut."
        ),
    ] = None,
    tables: Tables = None,
    outputs: Outputs = None,
    confirmed: Yes = False,
) -> None:
    """Supprime les fichiers reçus dont la durée de conservation est passée, avec un certificat.

    Les empreintes, les rapports et les agrégats restent.

    Exemple : ess-impact purge ma_campagne --oui
    """
    from ess_impact.evaluation.campaign import Campaign
    from ess_impact.evaluation.erasure import purge as delete_due

    today = (day or datetime.now()).date()
    certificate = delete_due(
        Campaign.open(folder), today=today, tables=tables, outputs=outputs or (), dry_run=not confirmed
    )
    _show_certificate(certificate)


@submissions.command(cls=FrenchCommand)
def effacer(
    identifier: Annotated[
        str, typer.Argument(metavar="ID", help="Identifiant de la personne dans la structure, ou son pseudonyme (p-…).")
    ],
    folder: Campagne,
    structure: Annotated[
        str, typer.Option("--structure", metavar="SIRET", help="Limite l'effacement aux lignes de cette structure.")
    ] = "",
    outputs: Outputs = None,
    confirmed: Yes = False,
) -> None:
    """Efface une personne des fichiers reçus, du magasin et des sorties, avec un certificat.

    C'est le seul cas où un fichier reçu est modifié.

    Exemple : ess-impact effacer S0042 ma_campagne --structure 00000001800010 --oui
    """
    from ess_impact.evaluation.campaign import Campaign
    from ess_impact.evaluation.erasure import erase

    certificate = erase(
        Campaign.open(folder),
        identifier,
        today=datetime.now().date(),
        structure=structure,
        outputs=outputs or (),
        dry_run=not confirmed,
    )
    _show_certificate(certificate)


def _show_certificate(certificate: Certificate) -> None:
    show_text(certificate.text())
    if not certificate.executed:
        say("Essai : rien n'a été modifié. Ajoutez --oui pour exécuter.")


@fec.command(cls=FrenchCommand)
def reduire(
    source: Annotated[Path, typer.Argument(metavar="FICHIER", help="FEC, nommé SIRENFECAAAAMMJJ.txt.")],
    out: Annotated[Path, typer.Option("--out", help="Fichier à écrire, ou dossier où l'écrire.")],
    third_parties: Annotated[
        Path | None,
        typer.Option(
            "--tiers",
            metavar="CLE.txt",
            help="Fichier de votre clé secrète, créé s'il manque, à garder chez vous : les fournisseurs gardent un "
            "pseudonyme, utile au multiplicateur local.",
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Réduit un FEC sur votre ordinateur, sans connexion, avant tout envoi.

    Retire les libellés, les noms et numéros de tiers, les références de pièces et les jours ; additionne les lignes par
    mois et par compte. Les montants restent les mêmes au centime, et l'original n'est jamais modifié.

    Exemple : ess-impact fec reduire 123456782FEC20251231.txt --out a_envoyer
    """
    from ess_impact.data.accounts import reduce_fec
    from ess_impact.evaluation.keys import read_or_create_key

    with writing(out):
        done = reduce_fec(source, out, key=read_or_create_key(third_parties) if third_parties else None)
    if quiet:
        return
    counts = f"{format_number(done.lines_read)} lignes lues, {format_number(done.lines_written)} écrites"
    show_text("\n".join([f"FEC réduit : {done.path} ({counts})", *(f"- {one}" for one in done.removed)]))
    show_text("Relisez-le avant de l'envoyer.")
