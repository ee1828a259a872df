"""Statistical secrecy: what is hidden, what else so that nothing gives it back, and the audit of what is written."""

from ess_impact.evaluation.secrecy.audit import audit
from ess_impact.evaluation.secrecy.breaches import Breach, Kind, refuse
from ess_impact.evaluation.secrecy.differencing import audit_against, former_publication
from ess_impact.evaluation.secrecy.primary import MIN_ENTERPRISES
from ess_impact.evaluation.secrecy.protection import FREE, PRIMARY, SECONDARY, protect
from ess_impact.evaluation.secrecy.publication import (
    check_publication,
    nested_of,
    refuse_crossings,
    sensitive_of,
    without_hidden_years,
)
from ess_impact.evaluation.secrecy.relations import Relation, relations
from ess_impact.evaluation.secrecy.rounding import rounded_rows
from ess_impact.evaluation.secrecy.statuses import confidentiality, joint_confidentiality

__all__ = [
    "FREE",
    "MIN_ENTERPRISES",
    "PRIMARY",
    "SECONDARY",
    "Breach",
    "Kind",
    "Relation",
    "audit",
    "audit_against",
    "check_publication",
    "confidentiality",
    "former_publication",
    "joint_confidentiality",
    "nested_of",
    "protect",
    "refuse",
    "refuse_crossings",
    "relations",
    "rounded_rows",
    "sensitive_of",
    "without_hidden_years",
]
