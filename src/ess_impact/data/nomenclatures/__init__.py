"""Dated nomenclatures: was the code in force on the day of the row, and what does the register say of it."""

from ess_impact.data.nomenclatures.checks import check_nomenclatures
from ess_impact.data.nomenclatures.families import derive_ess_family

__all__ = ["check_nomenclatures", "derive_ess_family"]
