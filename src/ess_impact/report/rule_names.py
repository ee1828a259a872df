"""What a broken rule is called in the book: a row rule by its own words, others by what they are about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ess_impact.data.messages import MESSAGES
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.report.labels import french
from ess_impact.text import typeset

_NAMES = {
    "archive_illisible": "archive illisible",
    "balance_sans_exercice": "balance comptable sans exercice",
    "bombe_zip": "classeur refusé : contenu démesuré",
    "categorie_juridique_inconnue": "catégorie juridique inconnue de la nomenclature",
    "champ_absent": "un champ du fichier des écritures manque",
    "champ_en_double": "un champ du fichier des écritures figure deux fois",
    "classeur_protege": "classeur protégé par un mot de passe",
    "cloture_non_isolee": "écritures de clôture qui ne se séparent pas",
    "code_hors_validite": "code qui n’était pas en vigueur à cette date",
    "colonne_absente": "une colonne obligatoire manque",
    "colonne_en_double": "une colonne figure deux fois",
    "colonne_inconnue": "une colonne n’est pas demandée",
    "colonne_personnelle": "une colonne contient des données personnelles refusées",
    "commune_hors_annee": "code de commune d’une autre année",
    "commune_inconnue": "code de commune inconnu de l’Insee",
    "compte_en_double": "un compte figure sur deux lignes de la balance",
    "compte_et_sous_comptes": "un compte et ses sous-comptes ne s’accordent pas",
    "comptes_deux_fichiers": "deux fichiers de comptes de la même année",
    "comptes_inconnus": "comptes qui ne sont pas au plan comptable",
    "comptes_remplaces": "comptes envoyés aussi sous une forme plus détaillée",
    "coordonnees_dans_texte": "un texte contient des coordonnées",
    "differe_de_sirene": "différence avec le répertoire Sirene",
    "doublon": "la même ligne figure deux fois",
    "element_non_lu": "sous-dossier ou lien, qui n’a pas été lu",
    "encodage_inconnu": "encodage du fichier inconnu",
    "envoi_remplace": "envoi remplacé par un plus récent",
    "etablissement_ferme": "établissement fermé selon Sirene",
    "expediteur_different": "le nom du fichier et la feuille d’identité diffèrent",
    "famille_ess_differe": "famille de l’ESS différente de celle de la catégorie juridique",
    "feuille_absente": "une feuille attendue manque",
    "feuille_en_double": "deux feuilles portent le même titre",
    "feuille_inconnue": "une feuille n’est pas demandée",
    "fichier_binaire": "fichier qui n’est pas du texte",
    "fichier_illisible": "fichier illisible",
    "fichier_inconnu": "fichier d’un format inconnu",
    "fichier_tronque": "fichier tronqué",
    "fichier_vide": "fichier vide",
    "identifiant_invalide": "SIREN ou SIRET qui n’existe pas",
    "identifiant_nominatif": "un identifiant ressemble à un nom",
    "identifiant_tronque": "SIRET arrondi par le tableur",
    "identite_absente": "la feuille d’identité manque ou n’a pas de SIRET",
    "ligne_d_une_autre_structure": "ligne écrite au nom d’une autre structure",
    "ligne_demesuree": "une ligne du fichier est démesurée",
    "ligne_non_remplie": "une ligne préremplie n’a pas été complétée",
    "macros": "classeur à macros refusé",
    "mauvaise_extension": "contenu qui ne correspond pas à l’extension du fichier",
    "naf_hors_ess": "activité hors du périmètre statistique de l’ESS",
    "naf_inconnu": "code d’activité inconnu de la nomenclature",
    "nom_de_fichier": "nom de fichier à caractères invisibles",
    "nom_du_fec": "nom du fichier des écritures incorrect",
    "orphelin": "la structure citée est absente des fichiers reçus",
    "plan_sans_version": "version du plan comptable inconnue",
    "siren_hors_sirene": "SIREN absent du répertoire Sirene",
    "siret_hors_sirene": "SIRET absent du répertoire Sirene",
    "solde_et_sens_contraires": "solde et sens se contredisent",
    "solde_sans_sens": "soldes sans sens (débit ou crédit)",
    "trop_de_lignes": "fichier de trop de lignes",
    "trop_gros": "fichier trop gros",
    "valeur_manquante": "une valeur obligatoire manque",
}
"""Rules whose message depends on the case."""


def rule_name(catalogue: Catalogue, one: Mapping[str, Any]) -> str:
    """Say a rule in words.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions, for the rules of the tables.
    one : mapping
        Entry of ``regles``: table and rule.

    Returns
    -------
    str
        Its message, or its identifier in words when nothing is known of it.
    """
    name = str(one.get("regle", ""))
    table = catalogue.tables.get(str(one.get("table")))
    declared = (*table.rules, *table.cross_checks) if table else ()
    for rule in declared:
        if rule.id == name:
            return french(rule.message)
    general = MESSAGES[name][0] if name in MESSAGES else ""
    return _NAMES.get(name) or typeset(general) or name.replace("_", " ")
