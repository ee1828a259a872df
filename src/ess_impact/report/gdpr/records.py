"""Register entry, impact-assessment outline and retention table."""

from __future__ import annotations

from collections.abc import Sequence

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table
from ess_impact.report.gdpr.document import TO_COMPLETE, Block, Bullets, Document, Grid, Heading, Paragraph
from ess_impact.report.gdpr.facts import LEGAL_BASIS, SECURITY, about_persons, retention, treatment, uses
from ess_impact.report.labels import PROVIDERS

_RISKS = (
    (
        "Accès illégitime",
        "Un classeur renvoyé à la mauvaise structure ; une clé copiée avec les fichiers ; un poste volé.",
        "Pseudonymes, clé à part, un classeur par structure, procédure de retour sécurisé, purge.",
    ),
    (
        "Réidentification",
        "Un petit effectif publié ; deux tableaux soustraits l'un de l'autre ; un parcours rare.",
        "Seuil de cinq personnes, masquage complémentaire, aucune date ni âge exact publié.",
    ),
    (
        "Modification non désirée",
        "Une ligne changée par erreur entre l'envoi et le calcul.",
        "Les originaux ne sont jamais modifiés ; l'empreinte de chaque fichier est enregistrée.",
    ),
    (
        "Disparition",
        "Un dossier de campagne perdu avant le calcul.",
        "Sauvegarde par le Département : " + TO_COMPLETE,
    ),
    (
        "Détournement de finalité",
        "Une note ou un classement de personnes ; une décision tirée d'une seule ligne.",
        "Le logiciel ne produit aucun résultat individuel et aucune décision automatisée.",
    ),
)


def register_entry(catalogue: Catalogue) -> Document:
    """Write the entry of the register of processing activities.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.

    Returns
    -------
    Document
        One section per table about persons.
    """
    blocks: list[Block] = [
        Heading("Le traitement"),
        Grid(
            ("Rubrique", "Contenu"),
            (
                ("Nom", "Évaluation de la politique départementale de l'économie sociale et solidaire"),
                ("Responsable du traitement", TO_COMPLETE),
                ("Responsables conjoints ou sous-traitants", "Voir le document « Rôles ». " + TO_COMPLETE),
                ("Délégué à la protection des données", TO_COMPLETE),
                ("Base légale", LEGAL_BASIS),
                ("Décision individuelle automatisée", "Aucune : ni note, ni classement, ni attribution automatique."),
                ("Transfert hors de l'Union européenne", "Aucun par le logiciel, qui ne se connecte à rien."),
                ("Destinataires", "Agents chargés de l'évaluation ; les résultats publiés sont des agrégats."),
            ),
        ),
    ]
    for table in about_persons(catalogue):
        blocks += [Heading(f"Table « {table.name.fr} »"), Grid(("Rubrique", "Contenu"), _facts(table))]
        blocks += [Heading("Données", 2), Grid(("Donnée", "Ce qu'elle devient"), _data(table))]
    blocks += [Heading("Mesures de sécurité"), Bullets(SECURITY)]
    return Document(name="registre_traitement", title="Registre des traitements : fiche", blocks=blocks)


def _facts(table: Table) -> list[tuple[str, str]]:
    known = table.personal_data
    return [
        ("Personnes concernées", known.persons.fr if known else TO_COMPLETE),
        ("Finalité", known.purpose.fr if known else TO_COMPLETE),
        ("Fournie par", PROVIDERS[table.provider]),
        ("Origine", table.source),
        ("Durée de conservation", retention(table)),
    ]


def _data(table: Table) -> list[tuple[str, str]]:
    return [(column.label.fr, treatment(column)) for column in table.columns]


def impact_assessment(catalogue: Catalogue) -> Document:
    """Write the outline of the data protection impact assessment.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.

    Returns
    -------
    Document
        Context, necessity of each column, risks and measures, decisions to take.
    """
    tables = about_persons(catalogue)
    blocks: list[Block] = [
        Heading("Pourquoi une analyse d'impact"),
        Bullets([f"{table.name.fr} : {_reason(table)}" for table in tables]),
        Heading("Contexte"),
        Paragraph(
            "Des structures et un service du Département remettent une fois par an des fichiers ; le logiciel les lit, "
            "remplace les identifiants de personnes par des pseudonymes, contrôle les lignes, calcule des indicateurs "
            "et ne publie que des agrégats. Responsable, agents habilités, lieu de stockage : " + TO_COMPLETE
        ),
        Heading("Nécessité et proportionnalité, donnée par donnée"),
        *_necessity(catalogue, tables),
        Heading("Ce qui n'est pas demandé"),
        Bullets(
            (
                "Ni nom, ni adresse, ni date de naissance, ni numéro de sécurité sociale.",
                "Ni handicap, ni santé, ni mesure de justice : elles révéleraient des situations protégées.",
            )
        ),
        Heading("Droits des personnes"),
        Paragraph(
            "Information par la notice jointe ; accès, rectification et opposition auprès de " + TO_COMPLETE + ". "
            "L'effacement est fait par « ess-impact effacer », qui écrit un certificat."
        ),
        Heading("Risques"),
        Grid(
            ("Risque", "Comment il peut survenir", "Mesures", "Gravité et vraisemblance"),
            [(*risk, TO_COMPLETE) for risk in _RISKS],
        ),
        Heading("Mesures de sécurité déjà en place dans le logiciel"),
        Bullets(SECURITY),
        Heading("Plan d'action, avis du délégué, validation"),
        Paragraph(TO_COMPLETE),
    ]
    return Document(
        name="aipd_trame", title="Analyse d'impact relative à la protection des données : trame", blocks=blocks
    )


def _reason(table: Table) -> str:
    known = table.personal_data
    return known.impact_assessment.fr if known and known.impact_assessment else TO_COMPLETE


def _necessity(catalogue: Catalogue, tables: Sequence[Table]) -> list[Block]:
    blocks: list[Block] = []
    for table in tables:
        fed = uses(catalogue, table)
        rows = [(column.label.fr, "oui" if column.required else "non", fed[column.name]) for column in table.columns]
        blocks += [Heading(table.name.fr, 2), Grid(("Donnée", "Obligatoire", "À quoi elle sert"), rows)]
    return blocks


def retention_table(catalogue: Catalogue) -> Document:
    """Write the table of retention periods.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.

    Returns
    -------
    Document
        One row per table, persons or not.
    """
    persons = {table.id for table in about_persons(catalogue)}
    rows = [
        (
            table.name.fr,
            PROVIDERS[table.provider],
            "oui" if table.id in persons else "non",
            retention(table),
        )
        for _, table in sorted(catalogue.tables.items())
    ]
    blocks: list[Block] = [
        Paragraph(
            "À l'échéance, les fichiers remis et leurs lignes pseudonymisées sont supprimés par « ess-impact purge ». "
            "Les empreintes des fichiers, les rapports de contrôle et les agrégats restent."
        ),
        Grid(("Table", "Fournie par", "Décrit des personnes", "Conservée"), rows),
        Paragraph(
            "Les durées viennent des définitions des tables ; elles sont à valider au regard des archives publiques "
            "(tableau de gestion des archives départementales : à vérifier)."
        ),
    ]
    return Document(name="durees_conservation", title="Durées de conservation", blocks=blocks)
