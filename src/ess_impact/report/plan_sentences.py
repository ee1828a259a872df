"""What the plan says of an indicator: target, references, and the figures the policy itself published."""

from __future__ import annotations

from ess_impact.definitions.plans import Baseline, Placement
from ess_impact.report.frames import Figure
from ess_impact.report.labels import COMPARED, french, in_sentence
from ess_impact.text import format_date, format_value, typeset


def placement_sentences(placement: Placement | None, unit: str, figure: Figure | None = None) -> list[str]:
    """Say the direction looked for, the voted target and the references.

    Parameters
    ----------
    placement : Placement or None
        Place of the indicator in the plan.
    unit : str
        Unit of the indicator.
    figure : Figure, optional
        Headline figure, compared with the first reference.

    Returns
    -------
    list of str
        A reference is always said not to be a voted objective.
    """
    if placement is None:
        return []
    found = []
    if placement.target is not None:
        target = placement.target
        voted = format_value(target.value, unit)
        source = typeset(target.source)
        found.append(f"Cible votée\u00a0: {voted} ({source}), à atteindre au {format_date(target.date)}.")
    for reference in placement.references:
        stated = any(sign.isdigit() for sign in french(reference.label))
        value = "" if stated else f"\u00a0: {format_value(reference.value, unit)}"
        doubt = "\u00a0; à vérifier" if reference.a_verifier else ""
        found.append(
            f"Pour situer\u00a0: {in_sentence(french(reference.label))}{value} "
            f"({_kind_of_reference(reference.tag)}, pas un objectif voté\u00a0; {typeset(reference.source)}{doubt})."
        )
    compared = COMPARED.get((figure.comparison if figure and not figure.hidden else None) or "", "")
    return [*found, compared] if found and compared else found


def _kind_of_reference(tag: str) -> str:
    return "seuil historique" if tag.startswith("histori") else "seuil national"


def baseline_qualifier(baseline: Baseline) -> str:
    """Say how a published figure must be read.

    Parameters
    ----------
    baseline : Baseline
        A figure the policy itself published.

    Returns
    -------
    str
        Qualifier, vintage (or that there is none), scope and caveat.
    """
    vintage = f"millésime {baseline.vintage}" if baseline.vintage else "millésime non indiqué"
    qualifier = f"«\u00a0{baseline.qualifier}\u00a0»" if baseline.qualifier else ""
    parts = [qualifier, vintage, baseline.scope, baseline.caveat]
    return "\u00a0; ".join(typeset(part) for part in parts if part)
