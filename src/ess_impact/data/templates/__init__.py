"""The collection workbook sent to structures: everything in it comes from the definitions."""

from __future__ import annotations

from ess_impact.data.identity import IDENTITY_SHEET
from ess_impact.data.templates.known import Known, total_minutes
from ess_impact.data.templates.titles import (
    EXAMPLES_SHEET,
    LISTS_SHEET,
    README_SHEET,
    REQUIRED_MARK,
    sheet_titles,
)
from ess_impact.data.templates.uses import columns_fed
from ess_impact.data.templates.workbook import write_template
from ess_impact.data.templates.writing import printable, save_workbook

__all__ = [
    "EXAMPLES_SHEET",
    "IDENTITY_SHEET",
    "LISTS_SHEET",
    "README_SHEET",
    "REQUIRED_MARK",
    "Known",
    "columns_fed",
    "printable",
    "save_workbook",
    "sheet_titles",
    "total_minutes",
    "write_template",
]
