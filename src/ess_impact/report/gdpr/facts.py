"""What every document of the data protection file reads in the definitions."""

from __future__ import annotations

from ess_impact.data.templates import columns_fed
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Column, Table
from ess_impact.definitions.vocabulary import ColumnType

LEGAL_BASIS = (
    "Mission d'intérêt public (règlement (UE) 2016/679, article 6, paragraphe 1, point e ; à vérifier) : évaluer la "
    "politique départementale de l'économie sociale et solidaire. Texte qui confie la mission : [À compléter]"
)
SECURITY = (
    "Les identifiants de personnes sont remplacés par un pseudonyme (empreinte à clé) pendant la lecture, avant tout "
    "enregistrement. La clé est un fichier à part, confié à une personne qui n'analyse pas les données.",
    "Les colonnes non demandées qui ressemblent à un numéro de sécurité sociale, à une adresse électronique ou à une "
    "date de naissance complète ne sont pas lues ; dans une colonne demandée, la cellule qui ressemble à un numéro de "
    "sécurité sociale ou à une adresse électronique est vidée. Ces valeurs ne sont recopiées nulle part ; dans le nom "
    "d'un fichier ou d'une feuille, elles sont masquées, comme un numéro de téléphone.",
    "Les textes libres ne sont pas conservés : seul compte le fait qu'ils soient remplis.",
    "Ni les identifiants de personnes, ni leurs pseudonymes, ni les textes libres ne figurent dans les résultats ou le "
    "livre d'évaluation. La liste des anomalies cite la valeur illisible d'un nombre ou d'une date si elle tient en un "
    "mot, celle d'un code si elle tient en trois mots et n'a pas la forme d'un nom de personne ; les autres y sont "
    "masquées. Un nom écrit dans un titre de feuille, de colonne ou de fichier n'est pas reconnu et peut y être cité.",
    "Le classeur rendu à une structure et le magasin des lectures gardent ses autres cellules telles qu'écrites.",
    "Les effectifs publiés de moins de cinq personnes sont masqués, ainsi que ceux qui permettraient de les retrouver.",
    "Chaque structure ne reçoit que ses propres lignes ; le classeur qui lui revient ne porte que des pseudonymes.",
    "La commande « ess-impact purge » supprime les fichiers échus et leurs lignes pseudonymisées, avec un certificat ; "
    "« ess-impact effacer » retire les lignes d'une personne.",
)


def about_persons(catalogue: Catalogue) -> list[Table]:
    """Return the tables whose rows describe persons.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.

    Returns
    -------
    list of Table
        Those that declare ``personal_data`` or hold a column of type ``personne``, in order of id.
    """
    return [
        table
        for _, table in sorted(catalogue.tables.items())
        if table.personal_data is not None or any(column.type is ColumnType.PERSONNE for column in table.columns)
    ]


def treatment(column: Column) -> str:
    """Say what becomes of a column when it is read.

    Parameters
    ----------
    column : Column
        A column of a table.

    Returns
    -------
    str
        French words.
    """
    if column.type is ColumnType.PERSONNE:
        return "pseudonymisé à la lecture"
    return "non conservé (texte libre)" if column.free_text else "conservé tel quel"


def uses(catalogue: Catalogue, table: Table) -> dict[str, str]:
    """Say which indicators each column feeds.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.
    table : Table
        A table.

    Returns
    -------
    dict of str to str
        Column to French names, or the reason why it is asked for without feeding any.
    """
    fed = columns_fed(catalogue)
    default = {True: "identification de la structure", False: "contrôle des données"}
    return {
        column.name: " ; ".join(fed.get((table.id, column.name), ())) or default[column.name == table.owner]
        for column in table.columns
    }


def retention(table: Table) -> str:
    """Say how long the rows of a table are kept.

    Parameters
    ----------
    table : Table
        A table.

    Returns
    -------
    str
        French words.
    """
    if table.retention_months is None:
        return "sans objet (donnée ouverte)" if table.provider == "ouverte" else "[À compléter]"
    return f"{table.retention_months} mois après la date de référence de la campagne"
