"""Statistical secrecy: what is hidden, what else so that nothing gives it back, and the audit of what is written."""

from ess_impact.evaluation.secrecy.primary import MIN_ENTERPRISES
from ess_impact.evaluation.secrecy.protection import FREE, PRIMARY, SECONDARY, protect
from ess_impact.evaluation.secrecy.relations import Relation, relations
from ess_impact.evaluation.secrecy.statuses import confidentiality, joint_confidentiality

__all__ = [
    "FREE",
    "MIN_ENTERPRISES",
    "PRIMARY",
    "SECONDARY",
    "Relation",
    "confidentiality",
    "joint_confidentiality",
    "protect",
    "relations",
]
