"""French message and remedy of each rule of the layer, one place for all."""

from __future__ import annotations

MESSAGES: dict[str, tuple[str, str]] = {
    "siret_format": ("ce n'est pas un SIRET : il ne contient que des chiffres", "Écrivez les 14 chiffres du SIRET."),
    "siret_longueur": (
        "un SIRET compte 14 chiffres",
        "Vérifiez le numéro ; s'il a perdu un zéro au début, mettez la colonne au format Texte et ressaisissez-le.",
    ),
    "siret_cle": (
        "SIRET incorrect : sa clé de contrôle est fausse",
        "Recopiez le SIRET depuis l'avis de situation Sirene.",
    ),
    "siren_format": ("ce n'est pas un SIREN : il ne contient que des chiffres", "Écrivez les 9 chiffres du SIREN."),
    "siren_longueur": ("un SIREN compte 9 chiffres", "Écrivez le SIREN (9 premiers chiffres du SIRET)."),
    "siren_cle": (
        "SIREN incorrect : sa clé de contrôle est fausse",
        "Recopiez le SIREN depuis l'avis de situation Sirene.",
    ),
    "identifiant_tronque": (
        "le tableur a transformé l'identifiant en nombre et perdu des chiffres",
        "Mettez la colonne au format Texte et ressaisissez l'identifiant.",
    ),
    "rna_format": ("ce n'est pas un numéro RNA", "Écrivez W suivi de 9 chiffres, comme W621001234."),
    "departement_inconnu": (
        "code de département inconnu",
        "Écrivez le code sur deux ou trois caractères : 01, 62, 2A, 971 (colonne au format Texte).",
    ),
    "commune_format": (
        "ce n'est pas un code de commune Insee",
        "Écrivez les 5 caractères du code Insee (ce n'est pas le code postal), colonne au format Texte.",
    ),
    "code_inconnu": ("valeur hors de la liste admise", "Choisissez une valeur de la liste."),
    "oui_ou_non": ("réponse illisible", "Écrivez oui ou non."),
    "date_illisible": ("date illisible", "Écrivez la date jj/mm/aaaa, comme 31/12/2025."),
    "date_impossible": ("cette date n'existe pas ou est invraisemblable", "Vérifiez le jour, le mois et l'année."),
    "annee_deux_chiffres": ("l'année est écrite sur deux chiffres", "Écrivez l'année en entier : jj/mm/aaaa."),
    "date_numero": (
        "nombre à la place d'une date (numéro de jour du tableur)",
        "Mettez la cellule au format Date, ou écrivez la date jj/mm/aaaa.",
    ),
    "annee_illisible": ("année illisible", "Écrivez l'année sur quatre chiffres, comme 2025."),
    "annee_impossible": ("année invraisemblable", "Vérifiez l'année (entre 1900 et 2100)."),
    "annee_date_complete": (
        "une date complète est écrite à la place d'une année",
        "Écrivez l'année seule, comme 2025.",
    ),
    "nombre_illisible": ("nombre illisible", "Écrivez un nombre seul, comme 1234,5."),
    "nombre_ambigu": (
        "nombre ambigu : on ne sait si le point ou la virgule sépare les milliers ou les décimales",
        "Écrivez 1234 ou 1 234 pour mille deux cent trente-quatre, 1,23 pour un et vingt-trois centièmes.",
    ),
    "nombre_trop_grand": ("nombre trop grand", "Vérifiez le nombre et son unité."),
    "decimales_excessives": ("trop de décimales", "Arrondissez le nombre (centimes, centièmes d'heure, millièmes)."),
    "entier_attendu": ("un nombre entier est attendu", "Écrivez un nombre sans virgule."),
    "erreur_tableur": ("la formule de cette cellule est en erreur", "Remplacez la formule par sa valeur."),
    "donnee_personnelle": (
        "cette cellule ressemble à un numéro de sécurité sociale ou à une adresse électronique : elle a été vidée",
        "Retirez cette donnée personnelle du fichier avant tout nouvel envoi.",
    ),
    "valeur_manquante": ("valeur obligatoire absente", "Remplissez la cellule."),
    "date_future": ("date postérieure à la date de référence de la campagne", "Vérifiez l'année."),
}
"""Rule to (message, remedy); the message follows the label of the column."""
