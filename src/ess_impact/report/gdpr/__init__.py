"""The data protection file: documents generated from the tables, to be completed by the Département."""

from __future__ import annotations

from pathlib import Path

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.report.gdpr.document import Document, write_document
from ess_impact.report.gdpr.facts import about_persons
from ess_impact.report.gdpr.people import notice_for, return_procedure, roles
from ess_impact.report.gdpr.records import impact_assessment, register_entry, retention_table

FOLDER = "dossier_rgpd"


def gdpr_documents(catalogue: Catalogue) -> list[Document]:
    """Compose every document of the file.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions: the tables decide what the documents say.

    Returns
    -------
    list of Document
        Register entry, impact assessment, retention, roles, return of workbooks, one notice per table about persons.
    """
    return [
        register_entry(catalogue),
        impact_assessment(catalogue),
        retention_table(catalogue),
        roles(catalogue),
        return_procedure(),
        *(notice_for(table) for table in about_persons(catalogue)),
    ]


def write_gdpr_file(catalogue: Catalogue, out: Path) -> list[Path]:
    """Write the data protection file into ``out/dossier_rgpd``.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.
    out : pathlib.Path
        Folder to create the file in.

    Returns
    -------
    list of pathlib.Path
        The documents written, ``.docx``; same definitions, same bytes.
    """
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return [write_document(one, folder) for one in gdpr_documents(catalogue)]
