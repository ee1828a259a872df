"""Personal data planted on purpose: none of these strings may be found in anything that is published."""

from __future__ import annotations

EXIT_PERSON = "SALARIE-FICTIF-"
"""First characters of every person identifier of table ``sorties``."""
MOBILITY_PERSON = "PERSONNE-FICTIVE-"
"""First characters of every person identifier of table ``mobilite``."""
WORKER_PERSON = "EMPLOYE-FICTIF-"
"""First characters of every person identifier of table ``etp_iae``."""
PROJECT_PERSON = "PORTEUR-FICTIF-"
"""First characters of every person identifier of table ``porteurs_projet``."""
CLAUSE_PERSON = "BENEFICIAIRE-FICTIF-"
"""First characters of every person identifier of table ``beneficiaires_clauses``."""
EMAIL = "camille.canari@exemple.invalid"
SOCIAL_SECURITY_NUMBER = "285136299900191"
"""Fifteen digits with a right key; the month, 13, does not exist: nobody bears this number."""
BIRTH_DATE = "31/01/1899"
FREE_TEXT_NAME = "Camille Canarifictif"

CANARIES: tuple[str, ...] = (
    EXIT_PERSON,
    MOBILITY_PERSON,
    WORKER_PERSON,
    PROJECT_PERSON,
    CLAUSE_PERSON,
    EMAIL,
    SOCIAL_SECURITY_NUMBER,
    BIRTH_DATE,
    FREE_TEXT_NAME,
)
"""To be searched in every byte written by an evaluation of the example."""
