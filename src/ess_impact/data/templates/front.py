"""Front page of a template: what is asked, why, who sees it, how long it takes and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from openpyxl.styles import Alignment, Border, Font, Side
from openpyxl.worksheet.worksheet import Worksheet

from ess_impact.data.identity import IDENTITY_SHEET
from ess_impact.data.templates.known import READING_MINUTES, Known, total_minutes
from ess_impact.data.templates.sheets import EXPECTED
from ess_impact.data.templates.titles import EXAMPLES_SHEET
from ess_impact.data.templates.uses import columns_fed
from ess_impact.data.templates.writing import FONT, line_height, write_head, write_text
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.text import enumerate_fr, plural

_WIDTHS = (30, 44, 14, 32, 54)
_WHOLE = sum(_WIDTHS)
_TITLE = "Recueil annuel des données de l'économie sociale et solidaire"
_ADVICE = (
    f"Commencez par la feuille « {IDENTITY_SHEET} » : le SIRET dit à qui sont les lignes.",
    "Une feuille par sujet, une ligne par cas : ne changez ni le nom des feuilles ni les en-têtes.",
    "Les colonnes dont l'en-tête finit par « * » sont obligatoires ; les autres se remplissent si vous savez.",
    "Une valeur inconnue reste vide : n'écrivez ni 0, ni « inconnu », ni tiret. Un zéro veut dire « aucun ».",
    "Passez la souris sur un en-tête : il montre l'aide. Les cellules à choix proposent une liste.",
    f"La feuille « {EXAMPLES_SHEET} » montre une ligne remplie par sujet ; elle n'est jamais lue.",
)
_PREFILLED = (
    "Les cellules bleutées sont déjà remplies avec ce que nous savons : vérifiez-les, corrigez-les au besoin.",
    "Une ligne où seules ces cellules sont remplies n'est pas prise pour une réponse.",
)
_READERS = (
    "Le service qui vous envoie ce classeur, et les personnes chargées de l'évaluation.",
    "Seuls des totaux sont publiés ; un chiffre qui laisserait reconnaître une structure ou une personne est caché.",
    "Les fichiers transmis au Département peuvent être des documents administratifs, communicables sur demande.",
    "N'y écrivez ni nom de personne, ni adresse, ni numéro de sécurité sociale, ni date de naissance.",
    "Aucune décision individuelle (subvention, label, conventionnement) n'est tirée de ces réponses.",
)
_PERSONS = (
    "Des personnes sont décrites sans leur nom dans {sheets} : leur identifiant est remplacé par un pseudonyme dès "
    "la lecture. Remettez-leur la notice d'information jointe à la demande."
)
_RETURN = (
    "Enregistrez au format « Classeur Excel (.xlsx) », sans mot de passe, sans macro.",
    "Renvoyez le fichier au service qui vous l'a envoyé, par le moyen de dépôt indiqué dans son message.",
)
_AFTERWARDS = (
    "Le fichier est contrôlé automatiquement. Si une ligne est à corriger, vous recevez un classeur qui dit où et "
    "comment ; les lignes justes comptent déjà.",
    "Un nouvel envoi remplace le précédent. L'an prochain, ce qui ne change pas sera déjà rempli.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a template asks for.

    Attributes
    ----------
    tables : sequence of Table
        Tables asked for.
    titles : mapping of str to str
        Table id to title of its sheet.
    known : Known
        What is written beforehand.
    """

    tables: Sequence[Table]
    titles: Mapping[str, str]
    known: Known


class _Page:
    """A page written from top to bottom."""

    def __init__(self, sheet: Worksheet) -> None:
        self.sheet = sheet
        self.row = 0

    def heading(self, text: str, size: int = 12) -> None:
        self.row += 2 if self.row else 1
        write_text(self.sheet, self.row, 1, text).font = Font(name=FONT, bold=True, size=size, color="1F4E79")
        self.sheet.row_dimensions[self.row].height = 1.9 * size

    def paragraph(self, text: str) -> None:
        self.row += 1
        cell = write_text(self.sheet, self.row, 1, text)
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        self.sheet.merge_cells(start_row=self.row, start_column=1, end_row=self.row, end_column=len(_WIDTHS))
        self.sheet.row_dimensions[self.row].height = line_height(text, 1.1 * _WHOLE)

    def section(self, title: str, paragraphs: Sequence[str]) -> None:
        self.heading(title)
        for text in paragraphs:
            self.paragraph(text)

    def heads(self, texts: Sequence[str]) -> None:
        self.row += 1
        for index, text in enumerate(texts, start=1):
            write_head(self.sheet, self.row, index, text)
        self.sheet.row_dimensions[self.row].height = 20

    def line(self, texts: Sequence[str], *, bold: bool = False) -> None:
        self.row += 1
        below = Border(bottom=Side("thin", color="BFBFBF"))
        for index, text in enumerate(texts, start=1):
            cell = write_text(self.sheet, self.row, index, text)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.font, cell.border = Font(name=FONT, bold=bold), below
        heights = [line_height(text, 1.1 * width) for text, width in zip(texts, _WIDTHS, strict=True)]
        self.sheet.row_dimensions[self.row].height = max(heights)


def fill_front(sheet: Worksheet, catalogue: Catalogue, contents: Contents) -> None:
    """Write the front page.

    Parameters
    ----------
    sheet : openpyxl.worksheet.worksheet.Worksheet
        Empty sheet.
    catalogue : Catalogue
        Plan, indicators and other tables.
    contents : Contents
        What is asked.
    """
    for letter, width in zip("ABCDE", _WIDTHS, strict=True):
        sheet.column_dimensions[letter].width = width
    sheet.sheet_view.showGridLines = False
    page, known = _Page(sheet), contents.known
    page.heading(_TITLE, size=16)
    if known.siret:
        page.paragraph(f"Classeur préparé pour {known.name or 'la structure'} (SIRET {known.siret}).")
    page.section("Qui demande, et pourquoi", _reasons(catalogue))
    _ask(page, contents)
    page.section("Les autres feuilles", [_other_sheets(catalogue, contents)])
    filled = any(known.rows_of(table) for table in contents.tables)
    page.section("Comment remplir", (*_ADVICE, *(_PREFILLED if filled else ())))
    page.section("Qui voit vos réponses", (*_READERS, *_persons(contents)))
    page.section("Comment renvoyer", _RETURN)
    page.section("Ce qui se passe ensuite", _AFTERWARDS)
    _uses(page, catalogue, contents)


def _reasons(catalogue: Catalogue) -> list[str]:
    asker = "le service du Département chargé de l'économie sociale et solidaire"
    plans = list(catalogue.plans.values())
    if len(plans) == 1:
        asker += f", pour évaluer « {plans[0].name.fr} » ({plans[0].territory.fr})"
    return [
        f"Ce classeur est demandé par {asker}.",
        "Vos chiffres, additionnés à ceux des autres structures, donnent les indicateurs listés au bas de cette page.",
    ]


def _ask(page: _Page, contents: Contents) -> None:
    total = total_minutes(contents.tables, contents.known)
    page.heading(f"Ce qui vous est demandé : environ {total} minutes")
    page.heads(("Feuille", "Ce qu'on y écrit", "Durée estimée", "Colonnes", "Conservation des fichiers reçus"))
    page.line((IDENTITY_SHEET, "Qui répond ; lecture de cette page et renvoi compris.", _time(READING_MINUTES), "", ""))
    for table in contents.tables:
        required = sum(column.required for column in table.asked_columns)
        page.line(
            (
                contents.titles[table.id],
                table.description.fr.strip(),
                _time(contents.known.minutes(table)),
                f"{len(table.asked_columns)}, dont {required} obligatoires",
                f"Conservé {table.retention_months} mois" if table.retention_months else "Durée non fixée",
            )
        )
    page.line(("Total (estimation)", "Pour qui a ses chiffres sous la main.", _time(total), "", ""), bold=True)


def _time(minutes: int) -> str:
    return plural(minutes, "minute")


def _other_sheets(catalogue: Catalogue, contents: Contents) -> str:
    asked = {table.id for table in contents.tables}
    others = [
        f"« {table.name.fr} » si {table.asked.who.fr}"
        for table in catalogue.tables.values()
        if table.provider == "structure" and table.asked.who is not None and table.id not in asked
    ]
    if not others:
        return "Aucune autre feuille n'est demandée aux structures."
    listed = " ; ".join(others)
    return f"D'autres feuilles existent : {listed}. Si l'une vous concerne, demandez-la au service qui vous écrit."


def _persons(contents: Contents) -> list[str]:
    titles = [
        f"« {contents.titles[table.id]} »" for table in contents.tables if ColumnType.PERSONNE in table.types().values()
    ]
    return [_PERSONS.format(sheets=enumerate_fr(titles))] if titles else []


def _uses(page: _Page, catalogue: Catalogue, contents: Contents) -> None:
    fed = columns_fed(catalogue)
    page.heading("À quoi sert chaque colonne")
    page.heads(("Feuille", "Colonne", "Obligatoire", "Ce qui est attendu", "Indicateurs alimentés"))
    for table in contents.tables:
        for column in table.asked_columns:
            default = "identification de la structure" if column.name == table.owner else "contrôle des données"
            uses = " ; ".join(fed.get((table.id, column.name), ())) or default
            required = "oui" if column.required else "non"
            page.line((contents.titles[table.id], column.label.fr, required, EXPECTED[column.type], uses))
