"""The papers of the example folder: ``campagne.yaml``, the notice, the public key; and where they may be written."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ess_impact.errors import UsageError

CAMPAIGN_FILE = "campagne.yaml"
NOTICE_FILE = "README.md"
KEY_FILE = "cle.txt"
MARK = "synthetique: true"

CAMPAIGN = """\
# Données fictives : campagne d'exemple, aucune structure ni personne réelle.
synthetique: true
departement: "62"
campagne: 2025
plan: pas_de_calais
moteur: duckdb
secret: {min_count: 5}
diffusion: public
date_reference: 2026-03-31
cle_pseudonymes: cle.txt        # clé publique, propre à l'exemple
attendus: services/structures_attendues.csv
"""

NOTICE = """\
# Campagne d'exemple : données fictives

**Tout est inventé dans ce dossier** : structures, personnes, marchés, subventions, achats, séances et territoires.
Aucun chiffre ne décrit le Pas-de-Calais. Les données sont tirées au sort avec une graine fixe ; pour les produire :

```
ess-impact example examples/pas_de_calais
```

La même graine donne les mêmes fichiers, à l'octet près.

## À quoi se reconnaît le fictif

- Les structures s'appellent « Association fictive 0001 », « Coopérative fictive 0002 »…
- Leurs SIREN commencent par `0000`, en dessous du premier numéro du répertoire Sirene : ils passent le contrôle de
  clé, mais personne ne les porte. Les numéros RNA commencent par `W00`, un greffe qui n'existe pas.
- Les intercommunalités vont de « EPCI fictif 01 » à « EPCI fictif 20 » ; les codes de communes commencent par `F`.
- Dans `veille/`, les départements vont de `F01` (« Département fictif 01 ») à `F40` ; le territoire de la campagne y
  porte le code `F62`, « Pas-de-Calais (données fictives) ». Les codes réels n'apparaissent qu'avec des fichiers réels.

## Ce que contient le dossier

| Fichier | Contenu | Forme |
|---|---|---|
| `structures/structures.csv` | effectifs de 2024 et 2025 | `;`, virgule décimale, Windows-1252 |
| `structures/comptes.csv` | postes de comptes de résultat | `;`, UTF-8 avec BOM |
| `structures/mobilite.csv` | bilans de mobilité | `;`, dates jj/mm/aaaa |
| `structures/achats.csv` | achats alimentaires | format d'import « ma cantine » |
| `structures/legumeries.xlsx` | six légumeries | classeur d'une feuille |
| `structures/activites_circulaires.csv` | ressourceries et garages solidaires | `;`, virgule décimale |
| `structures/porteurs_projet.csv` | porteurs de projet accompagnés | `;`, dates jj/mm/aaaa |
| `structures/recits.csv` | récits d'évaluation | `;` |
| `structures/<SIRET>.xlsx` | quarante classeurs individuels | une feuille par table |
| `services/sorties.csv` | sorties d'insertion | `;`, dates jj/mm/aaaa |
| `services/etp_iae.csv` | salariés en insertion | `;`, virgule décimale |
| `services/conventions_iae.csv` | conventions d'insertion | `;`, dates jj/mm/aaaa |
| `services/clauses.csv` | marchés avec clause sociale | `;`, virgule décimale |
| `services/subventions.csv` | subventions | SCDL 2.1.1 |
| `services/cdess.csv` | séances du conseil | `;`, dates jj/mm/aaaa |
| `services/filieres_innovantes.csv` | filières innovantes accompagnées | `;`, dates jj/mm/aaaa |
| `services/beneficiaires_clauses.csv` | personnes qui ont travaillé au titre d'une clause | `;`, dates jj/mm/aaaa |
| `services/orientations.csv` | orientations et dispositifs du conseil | `;`, dates jj/mm/aaaa |
| `services/label.csv` | cycle du label et de la charte | `;`, dates jj/mm/aaaa |
| `services/demarches.csv` | demandes d'aide instruites | `;`, dates jj/mm/aaaa |
| `services/depenses_solidarites.csv` | dépenses de solidarité | `;`, virgule décimale |
| `services/credits_europeens.csv` | dossiers de crédits européens | `;`, dates jj/mm/aaaa |
| `services/aide_domicile.csv` | services d'aide à domicile | `;`, virgule décimale |
| `services/structures_attendues.csv` | structures dont une réponse est attendue | `;` |
| `veille/departements_fictifs.csv` | 41 territoires fictifs, 2019 à 2025 | `,`, point décimal |
| `veille/cantines_fictives.csv` | déclarations de cantines fictives | `,`, point décimal |
| `veille/marches_fictifs.csv` | marchés publics fictifs | `,`, point décimal |
| `veille/communes_fictives.csv` | communes fictives, 2024 et 2025 | `,`, point décimal |
| `veille/agriculture_fictive.csv` | surfaces biologiques fictives, 2019 à 2025 | `,`, point décimal |
| `cle.txt` | clé de pseudonymes **publique** | pour l'exemple seulement |

## Des fautes, exprès

Environ une ligne sur cent des fichiers consolidés porte une faute, et dix-sept des quarante classeurs en portent une :
SIRET mal recopié, sortie avant l'entrée, plus de femmes que de salariés, code inconnu, texte à la place d'un nombre,
31 février, feuille ou colonne oubliée, colonne d'adresses électroniques, de numéros de sécurité sociale ou de dates de
naissance, ligne en double, classeur vide, fichier abîmé, nom piégé (formule de tableur, balise HTML). Une structure de
plus envoie un classeur au format `.xlsm`, qui est refusé ; une autre, attendue, n'envoie rien.

L'évaluation doit tout signaler, ne rien exécuter, et compter les bonnes lignes.

## La clé

`cle.txt` est publique : elle ne protège rien. Pour une vraie campagne, n'en copiez aucune : le logiciel crée la clé au
premier passage. Confiez-la à une personne qui n'analyse pas les données.
"""

_KEY_NOTICE = "# Clé publique d'exemple (données fictives) : ne jamais l'utiliser pour de vraies données\n"


def prepare_folder(folder: Path) -> None:
    """Create the folder, or clear it of a former example; never touch anything else.

    Parameters
    ----------
    folder : pathlib.Path
        New, empty, or holding an example.

    Raises
    ------
    UsageError
        The folder holds something that is not an example.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError("un fichier porte déjà ce nom", where=str(folder), fix="Donnez un autre dossier.")
    if folder.is_dir() and any(folder.iterdir()) and not _is_example(folder):
        raise UsageError(
            "le dossier contient autre chose que la campagne d'exemple",
            where=str(folder),
            fix="Donnez un dossier vide ou nouveau.",
        )
    for name in ("structures", "services", "veille"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for pattern in ("0000*.xlsx", "0000*.xlsm"):
        for former in (folder / "structures").glob(pattern):
            former.unlink()


def _is_example(folder: Path) -> bool:
    campaign = folder / CAMPAIGN_FILE
    return campaign.is_file() and MARK in campaign.read_text(encoding="utf-8", errors="replace").splitlines()


def write_papers(folder: Path) -> None:
    """Write ``campagne.yaml``, the French notice and the public key.

    Parameters
    ----------
    folder : pathlib.Path
        Campaign folder.
    """
    (folder / CAMPAIGN_FILE).write_bytes(CAMPAIGN.encode())
    (folder / NOTICE_FILE).write_bytes(NOTICE.encode())
    key = hashlib.sha256(b"ess-impact, cle publique de la campagne d'exemple").hexdigest()
    (folder / KEY_FILE).write_bytes(f"{_KEY_NOTICE}{key}\n".encode())
    (folder / KEY_FILE).chmod(0o600)
