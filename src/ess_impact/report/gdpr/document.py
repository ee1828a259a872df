"""A document to complete: a few kinds of blocks, written as a word-processor file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from ess_impact.data.archives import without_clock
from ess_impact.data.templates import printable

if TYPE_CHECKING:
    from docx.document import Document as WordDocument

TO_COMPLETE = "[À compléter]"
"""What only the Département knows."""

_EPOCH = datetime(2000, 1, 1)
_DRAFT = (
    "Projet produit par ess-impact à partir des définitions des tables. Il n'a pas de valeur juridique : il est à "
    f"relire et à compléter par le délégué à la protection des données. Les mentions {TO_COMPLETE} n'appartiennent "
    "qu'au Département ; une référence suivie de « à vérifier » n'a pas été relue à sa source."
)


@dataclass(frozen=True, slots=True)
class Heading:
    """A title inside the document.

    Attributes
    ----------
    text : str
        The title.
    level : int
        1 for a section, 2 inside it.
    """

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Plain text.

    Attributes
    ----------
    text : str
        One or several sentences.
    """

    text: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list of points.

    Attributes
    ----------
    items : sequence of str
        One each.
    """

    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with a header row.

    Attributes
    ----------
    header : sequence of str
        Titles of the columns.
    rows : sequence of sequence of str
        As many cells as titles.
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]


Block = Heading | Paragraph | Bullets | Grid


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A titled sequence of blocks.

    Attributes
    ----------
    name : str
        File name, without extension.
    title : str
        Title shown and stored.
    blocks : sequence of Block
        In reading order.
    draft : bool
        Whether the document opens by saying that it is a draft to complete; a notice given to persons does not.
    """

    name: str
    title: str
    blocks: Sequence[Block]
    draft: bool = True


def write_document(document: Document, folder: Path) -> Path:
    """Write a document as ``.docx``; same content, same bytes.

    Parameters
    ----------
    document : Document
        What to write.
    folder : pathlib.Path
        An existing folder.

    Returns
    -------
    pathlib.Path
        The file written.
    """
    import docx

    word = docx.Document()
    _set_page(word)
    _set_properties(word, document.title)
    word.add_heading(printable(document.title), level=0)
    if document.draft:
        word.add_paragraph(_DRAFT, style="Quote")
    for block in document.blocks:
        _add(word, block)
    buffer = io.BytesIO()
    word.save(buffer)
    path = folder / f"{document.name}.docx"
    path.write_bytes(without_clock(buffer.getvalue()))
    return path


def _set_page(word: WordDocument) -> None:
    from docx.shared import Mm

    for section in word.sections:
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(20)


def _set_properties(word: WordDocument, title: str) -> None:
    properties = word.core_properties
    properties.title, properties.author, properties.last_modified_by = printable(title), "ess-impact", "ess-impact"
    properties.language, properties.comments = "fr-FR", ""
    properties.created = properties.modified = _EPOCH
    for language in word.styles.element.iter("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}lang"):
        # A screen reader needs the language of the text.
        language.set("{http://schemas.openxmlformats.org/wordprocessingml/2006/main}val", "fr-FR")


def _add(word: WordDocument, block: Block) -> None:
    match block:
        case Heading(text, level):
            word.add_heading(printable(text), level=level)
        case Paragraph(text):
            word.add_paragraph(printable(text))
        case Bullets(items):
            for item in items:
                word.add_paragraph(printable(item), style="List Bullet")
        case Grid(header, rows):
            _add_grid(word, header, rows)


def _add_grid(word: WordDocument, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from docx.oxml import OxmlElement

    table = word.add_table(rows=1, cols=len(header), style="Light Grid Accent 1")
    for cell, text in zip(table.rows[0].cells, header, strict=True):
        cell.text = printable(text)
    # The header is repeated on every page, and read as such by a screen reader.
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for row in rows:
        added = table.add_row()
        added._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, text in zip(added.cells, row, strict=True):
            cell.text = printable(text)
    word.add_paragraph()
