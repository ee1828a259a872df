"""Notices handed to persons and structures, roles, and the way workbooks go back."""

from __future__ import annotations

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.report.gdpr.document import TO_COMPLETE, Block, Bullets, Document, Grid, Heading, Paragraph
from ess_impact.report.gdpr.facts import about_persons, retention

_ARTICLES = {
    "directe": "les personnes sont interrogées par la structure (articles 13 et 14 du règlement ; à vérifier)",
    "indirecte": "les données viennent d'un autre organisme (article 14 du règlement ; à vérifier)",
}


def notice_for(table: Table) -> Document:
    """Write the notice a structure prints and hands to the persons a table describes.

    Parameters
    ----------
    table : Table
        A table about persons.

    Returns
    -------
    Document
        One page, plain French.
    """
    known = table.personal_data
    labels = [column.label.fr for column in table.columns if column.type is not ColumnType.PERSONNE]
    blocks: list[Block] = [
        Paragraph("Cette feuille vous dit ce que deviennent des informations qui vous concernent."),
        Heading("Pourquoi", 2),
        Paragraph((known.purpose.fr if known else TO_COMPLETE) + "."),
        Heading("Qui", 2),
        Paragraph(f"Le Département, responsable : {TO_COMPLETE}. La structure qui vous accompagne : {TO_COMPLETE}."),
        Heading("Quelles informations", 2),
        Bullets(labels),
        Paragraph(
            "Votre nom n'est pas demandé. Le numéro qui vous désigne dans la structure est remplacé par un code dès "
            "que le Département lit le fichier."
        ),
        Heading("Ce qui n'en est pas fait", 2),
        Paragraph("Aucune décision vous concernant n'est tirée de ces informations. Seuls des totaux sont publiés."),
        Heading("Combien de temps", 2),
        Paragraph(f"Les informations sont conservées {retention(table)}, puis supprimées."),
        Heading("Vos droits", 2),
        Paragraph(
            "Vous pouvez demander à voir ces informations, à les corriger, à les faire effacer, ou vous opposer à "
            f"leur usage, auprès de : {TO_COMPLETE}. Le fondement est une mission d'intérêt public. Vous pouvez "
            "aussi saisir la CNIL (Commission nationale de l'informatique et des libertés)."
        ),
    ]
    title = f"Notice d'information : {table.name.fr.lower()}"
    return Document(name=f"notice_{table.id}", title=title, blocks=blocks, draft=False)


def roles(catalogue: Catalogue) -> Document:
    """Write who is responsible for what.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.

    Returns
    -------
    Document
        To be settled before the first file.
    """
    rows = [
        (table.name.fr, _ARTICLES[table.personal_data.collection] if table.personal_data else TO_COMPLETE, TO_COMPLETE)
        for table in about_persons(catalogue)
    ]
    blocks: list[Block] = [
        Paragraph(
            "Les rôles s'écrivent avant le premier fichier : responsables conjoints (article 26 du règlement) ou "
            "responsable et sous-traitant (article 28) ; références à vérifier."
        ),
        Heading("Qui fait quoi"),
        Grid(
            ("Rôle", "Tâche", "Nom ou service"),
            (
                ("Département, responsable", "Décide des finalités ; répond aux personnes", TO_COMPLETE),
                ("Service évaluateur", "Lance le logiciel, lit les anomalies, publie les agrégats", TO_COMPLETE),
                ("Gardien de la clé", "Conserve la clé des pseudonymes ; n'analyse pas les données", TO_COMPLETE),
                ("Structure", "Remplit, remet la notice aux personnes, corrige", TO_COMPLETE),
                ("Délégué à la protection des données", "Relit ce dossier, tient le registre", TO_COMPLETE),
            ),
        ),
        Heading("Information des personnes, table par table"),
        Grid(("Table", "Origine", "Qui remet la notice"), rows),
    ]
    return Document(name="roles", title="Rôles et responsabilités", blocks=blocks)


def return_procedure() -> Document:
    """Write how a workbook to correct goes back to its structure, and to no one else.

    Returns
    -------
    Document
        Steps and a checklist.
    """
    blocks: list[Block] = [
        Paragraph(
            "Après le contrôle, chaque structure reçoit un classeur qui ne contient que ses lignes, avec des "
            "pseudonymes à la place des identifiants de personnes. Il reste un fichier de données personnelles."
        ),
        Heading("Avant l'envoi"),
        Bullets(
            (
                "Vérifier que le nom du fichier (SIRET) est celui du destinataire.",
                "Ne jamais joindre « anomalies.csv », qui porte les anomalies de toutes les structures.",
                "Envoyer par un dépôt sécurisé et nominatif, jamais en pièce jointe en clair : " + TO_COMPLETE,
                "Si le fichier est chiffré, transmettre le mot de passe par une autre voie.",
            )
        ),
        Heading("À la réception"),
        Bullets(
            (
                "La structure corrige dans le classeur, garde les pseudonymes et le renvoie par la même voie.",
                "Elle supprime le classeur une fois le nouvel envoi accepté.",
                "Le nouvel envoi remplace ses lignes, et seulement les siennes.",
            )
        ),
        Heading("En cas d'envoi à un mauvais destinataire"),
        Bullets(
            (
                "Demander la suppression et la confirmation écrite.",
                "Prévenir aussitôt le délégué à la protection des données, qui décide de la notification à la CNIL et "
                "de l'information des personnes (délais : articles 33 et 34 du règlement ; à vérifier).",
                "Inscrire l'incident au registre des violations : " + TO_COMPLETE,
            )
        ),
    ]
    return Document(name="retour_securise_classeurs", title="Retour sécurisé des classeurs à corriger", blocks=blocks)
