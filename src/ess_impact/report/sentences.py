"""Honest French sentences: what a figure says, what its interval covers, why a number is absent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import singledispatch
from typing import Any

from ess_impact.definitions.indicators import (
    Count,
    DerivedIndicator,
    DistinctCount,
    Indicator,
    Mean,
    Median,
    Proportion,
    Qualitative,
    Quantile,
    Rate,
    Ratio,
    Sum,
)
from ess_impact.report.answer_sentences import TOTALS, missing_sentence
from ess_impact.report.frames import Figure, figures_of
from ess_impact.report.labels import COVERS, METHODS, Names, french, in_sentence, label_of
from ess_impact.report.measure_units import Parts
from ess_impact.text import format_interval, format_number, format_period, format_value, plural, typeset

NO_VALUE: Mapping[str, str] = {
    "denominateur_nul": "Valeur non calculée : aucun cas connu n’entre dans le calcul.",
    "observations_insuffisantes": "Valeur non calculée : il n’y a pas assez d’observations connues.",
    "grappes_insuffisantes": "Valeur non calculée : trop peu de structures indépendantes.",
    "manquants_excessifs": "Valeur non calculée : trop de réponses sont inconnues pour qu’elle ait un sens.",
    "effectif_insuffisant": "Valeur non calculée : l’effectif est trop faible.",
    "strate_vide": "Valeur non calculée : une strate de la standardisation est vide.",
    "hors_domaine": "Valeur non calculée : une somme négative, une part de plus d’un tout, ou un calcul sans résultat.",
    "secret_statistique": "Valeur non publiée : secret statistique.",
    "sans_objet": "Sans objet pour cette période ou ce territoire.",
    "donnee_exhaustive": "Valeur non calculée : aucune observation connue.",
    "total_des_repondants": "Valeur non calculée : aucune observation connue.",
    "intervalle_ecarte": "Valeur non calculée : aucune observation connue.",
    "arrondi_secret": "Valeur non calculée : l’arrondi qui protège les personnes n’en laisse rien.",
    "nombre_trop_grand": "Valeur non calculée : un nombre des données est trop grand pour être additionné exactement.",
    "grandeur_derivee": "Valeur non calculée : il manque l’un des indicateurs dont elle est tirée.",
    "entree_non_estimable": "Valeur non calculée : l’un des indicateurs dont elle est tirée n’est pas connu.",
}
"""Why there is no value, by reason code."""

NO_INTERVAL: Mapping[str, str] = {
    "denominateur_nul": "Pas d’intervalle : aucun cas connu n’entre dans le calcul.",
    "observations_insuffisantes": "Pas d’intervalle : il n’y a pas assez d’observations ; la valeur est descriptive.",
    "grappes_insuffisantes": (
        "Pas d’intervalle : les observations viennent de trop peu de structures indépendantes ; "
        "la valeur est descriptive et ne se généralise pas."
    ),
    "manquants_excessifs": "Pas d’intervalle : trop de réponses sont inconnues.",
    "effectif_insuffisant": "Pas d’intervalle : l’effectif est trop faible ; la valeur est descriptive.",
    "strate_vide": "Pas d’intervalle : une strate de la standardisation est vide.",
    "hors_domaine": "Pas d’intervalle : une somme négative ne compte pas d’événements ; la valeur est descriptive.",
    "intervalle_non_borne": (
        "Pas d’intervalle : le dénominateur est trop incertain, aucune valeur ne peut être écartée ; "
        "la valeur est descriptive."
    ),
    "intervalle_complementaire": (
        "Pas d’intervalle : le dénominateur est trop incertain, seules des valeurs du milieu peuvent être écartées ; "
        "la valeur est descriptive."
    ),
    "tous_ont_repondu": "Pas d’intervalle : toutes les structures attendues ont répondu, il n’y a rien à estimer.",
    "donnee_exhaustive": (
        "Pas d’intervalle : ce qui est reçu est compté en entier, rien n’a été tiré au sort. "
        "D’une année à l’autre, la valeur dépend aussi du périmètre et du millésime des données."
    ),
    "total_des_repondants": (
        "Pas d’intervalle : c’est le total de ceux qui ont répondu, non une estimation de l’ensemble."
    ),
    "intervalle_ecarte": "Pas d’intervalle : la définition de l’indicateur l’écarte.",
    "arrondi_secret": (
        "Pas d’intervalle : les nombres sont arrondis pour protéger les personnes, et il rendrait les nombres exacts."
    ),
    "grandeur_derivee": "Pas d’intervalle : celui des indicateurs dont la valeur est tirée n’y est pas reporté.",
    "entree_non_estimable": "Pas d’intervalle : l’un des indicateurs dont la valeur est tirée n’en a pas.",
    "sans_objet": "Pas d’intervalle : il n’aurait pas d’objet ici.",
}
"""Why there is a value without an interval, by reason code."""

_DECLARED = "intervalle_ecarte"
UNCOUNTED = (
    " ; faute de savoir combien étaient attendus, il est calculé comme s’ils étaient très nombreux, et il est donc "
    "plutôt large"
)
"""Added to what an interval of non-response covers, where it could not shrink with the share that answered."""
_CHANGE = re.compile(r"À périmètre constant [^.]*? en un an[^.]*\.")
_BOUNDED = "intervalle à 95"


def _n(value: float | None) -> str:
    return format_number(value, 0 if value is None or value == int(value) else None)


def when(figure: Figure) -> str:
    """Say the period.

    Parameters
    ----------
    figure : Figure
        Any figure.

    Returns
    -------
    str
        "En 2025", "Du 1er avril 2025 au 31 mars 2026", "" when unknown.
    """
    if figure.period_start is None or figure.period_end is None:
        return ""
    text = format_period(figure.period_start, figure.period_end)
    return f"En\u00a0{text}" if text[0].isdigit() else text[0].upper() + text[1:]


def _said(figure: Figure) -> str:
    period = when(figure)
    value = format_value(figure.value, figure.unit)
    everywhere = ", pour l’ensemble des territoires" if figure.geo_level == "ensemble" else ""
    return f"{period}{everywhere}\u00a0: {value}" if period else value


def describe(indicator: Indicator | None, figure: Figure, parts: Parts | None = None) -> str:
    """Say a known value, in the words of its kind.

    Parameters
    ----------
    indicator : Indicator or None
        Definition, whose class chooses the words.
    figure : Figure
        A figure with a value.
    parts : tuple of (str, str), optional
        Units of the numerator and of the denominator of a quotient; without them, both are left out.

    Returns
    -------
    str
        Without final stop.
    """
    if parts is None or not isinstance(indicator, Ratio | Rate) or figure.numerator is None:
        return _worded(indicator, figure)
    top, bottom = format_value(figure.numerator, parts[0]), format_value(figure.denominator, parts[1])
    return f"{_said(figure)}, soit {top} pour {bottom}"


@singledispatch
def _worded(indicator: object, figure: Figure) -> str:
    return _said(figure)


@_worded.register
def _(indicator: Proportion, figure: Figure) -> str:
    if figure.numerator is None or figure.denominator is None:
        return _said(figure)
    known = "" if figure.n_missing == 0 else " que les données permettent de classer"
    return f"{_said(figure)}, soit {_n(figure.numerator)} cas sur {_n(figure.denominator)}{known}"


@_worded.register(Count)
@_worded.register(Sum)
@_worded.register(DistinctCount)
def _(indicator: Count | Sum | DistinctCount, figure: Figure) -> str:
    return f"{_said(figure)}{_among(figure)}"


@_worded.register
def _(indicator: Mean, figure: Figure) -> str:
    if figure.n == 1:
        return _said(figure)
    return f"{_said(figure)} en moyenne{_over(figure)}"


@_worded.register
def _(indicator: Median, figure: Figure) -> str:
    return f"{_said(figure)} en valeur médiane\u00a0: une moitié est en dessous, l’autre au-dessus{_over(figure)}"


@_worded.register
def _(indicator: Quantile, figure: Figure) -> str:
    share = format_value(indicator.quantile, "pourcent", decimals=0)
    return f"{_said(figure)}\u00a0: {share} des observations sont en dessous{_over(figure)}"


@_worded.register
def _(indicator: Qualitative, figure: Figure) -> str:
    whom = in_sentence(french(indicator.said_by))
    return f"{_said(figure)} ont dit leur position, d’après {whom}\u00a0; le tableau dit laquelle"


@_worded.register
def _(indicator: DerivedIndicator, figure: Figure) -> str:
    return f"{_said(figure)}, valeur calculée à partir d’autres indicateurs"


def _over(figure: Figure) -> str:
    return f", sur {plural(figure.n, 'observation')}" if figure.n is not None else ""


def _among(figure: Figure) -> str:
    if figure.n_repondants is None or figure.n_attendus is None or figure.n_repondants >= figure.n_attendus:
        return ""
    return f", chez les {plural(figure.n_repondants, 'répondant')}"


def reason_sentence(indicator: Indicator | None, figure: Figure) -> str:
    """Say why a value or an interval is absent.

    Parameters
    ----------
    indicator : Indicator or None
        Definition, which may say itself why it has no interval.
    figure : Figure
        Any figure.

    Returns
    -------
    str
        "" when nothing is missing; an unknown code is shown as it is.
    """
    return typeset(_reason(indicator, figure))


def _reason(indicator: Indicator | None, figure: Figure) -> str:
    code = "secret_statistique" if figure.hidden else figure.reason or ""
    words = code.replace("_", " ") or "sans motif"
    if figure.hidden or figure.value is None:
        return NO_VALUE.get(code, f"Valeur non calculée ({words}).")
    why = getattr(indicator, "uncertainty_reason", None)
    if figure.low is None and code == _DECLARED and why is not None:
        return f"Pas d’intervalle : {in_sentence(why.fr).rstrip('.')}."
    if figure.low is None and code:
        return NO_INTERVAL.get(code, f"Pas d’intervalle ({words}).")
    return ""


def interval_sentence(indicator: object, figure: Figure) -> str:
    """Say the interval and what it covers; an exhaustive figure never has one.

    Parameters
    ----------
    indicator : Indicator or None
        Definition: its inference says what the interval covers.
    figure : Figure
        Any figure.

    Returns
    -------
    str
        "" when there is no interval.
    """
    if figure.hidden or figure.low is None or figure.high is None:
        return ""
    level = format_value(figure.confidence or 0.95, "pourcent", decimals=0)
    span = format_interval(figure.low, figure.high, figure.unit)
    method = f", méthode {label_of(METHODS, figure.method)}" if figure.method else ""
    inference = getattr(indicator, "inference", "")
    covers = COVERS.get(inference, "il couvre l’aléa des valeurs dont l’indicateur est tiré")
    if inference == "non_reponse" and (figure.n_attendus is None or figure.n_repondants is None):
        covers += UNCOUNTED
    return f"Intervalle à {level}\u00a0: {span}{method}\u00a0; {typeset(covers)}.{_clusters(figure)}"


def _clusters(figure: Figure) -> str:
    if not figure.n_clusters or not (figure.method or "").endswith("cluster"):
        return ""
    worth = round(figure.n_effective or figure.n_clusters)
    uneven = (
        f" de poids inégaux, qui renseignent autant que {format_number(worth)} de même poids"
        if worth < figure.n_clusters
        else ""
    )
    return f" Il tient compte de ce que les observations viennent de {plural(figure.n_clusters, 'structure')}{uneven}."


def notes_sentence(indicator: object, figure: Figure) -> str:
    """Say the notes of the computation; a change beside an interval is said to have none of its own.

    Parameters
    ----------
    indicator : Indicator or None
        Definition: a scale has no total to follow over time.
    figure : Figure
        Any figure.

    Returns
    -------
    str
        "" when there is no note.
    """
    text = typeset(figure.notes or "")
    if isinstance(indicator, Qualitative) or (figure.kind in TOTALS and figure.value == figure.n_repondants):
        return _CHANGE.sub("", text).strip()
    change = _CHANGE.search(text)
    if figure.low is None or change is None or _BOUNDED in change.group():
        return text
    return f"{text} Cet écart n’a pas d’intervalle\u00a0: le hasard peut suffire à l’expliquer."


def rank_sentence(figure: Figure, size: int | None = None) -> str:
    """Say a rank, never without its bounds or "à l'arrondi près".

    Parameters
    ----------
    figure : Figure
        Any figure.
    size : int, optional
        Number of territories ranked.

    Returns
    -------
    str
        "" when there is no rank.
    """
    if figure.hidden or figure.rank is None:
        return ""
    among = f" sur {_n(size)}" if size else ""
    if figure.rank_low is None or figure.rank_high is None:
        return f"Rang {figure.rank}{among}, à l’arrondi près des données publiées."
    if figure.rank_low == figure.rank_high:
        return f"Rang {figure.rank}{among}, sans autre place possible au vu des arrondis ou de l’intervalle."
    span = f"de la {_place(figure.rank_low)} à la {_place(figure.rank_high)}"
    why = "compte tenu des arrondis ou de l’intervalle"
    return f"Rang {figure.rank}{among}\u00a0; places possibles, {why}\u00a0: {span}."


def _place(rank: int) -> str:
    return "1re" if rank == 1 else f"{rank}e"


def sentences_of(
    indicator: Indicator | None, figure: Figure | None, territories: int = 0, parts: Parts | None = None
) -> list[str]:
    """Say everything of one figure.

    Parameters
    ----------
    indicator : Indicator or None
        Its definition, where known.
    figure : Figure or None
        None when the campaign gives no row.
    territories : int, optional
        Number of territories among which the figure is ranked.
    parts : tuple of (str, str), optional
        Units of the numerator and of the denominator.

    Returns
    -------
    list of str
        Whole sentences: value, interval or reason, missing, notes of the computation.
    """
    if figure is None:
        return ["Aucune donnée dans cette campagne à ce niveau de diffusion."]
    found = []
    if figure.value is not None and not figure.hidden:
        found.append(f"{describe(indicator, figure, parts)}.")
    found += [interval_sentence(indicator, figure), reason_sentence(indicator, figure), missing_sentence(figure)]
    if not figure.hidden:
        found += [notes_sentence(indicator, figure), rank_sentence(figure, territories or None)]
    return [one for one in found if one]


def sentence(results: Any) -> str:
    """Return results in French sentences, one line per indicator, period and territory; totals only.

    Parameters
    ----------
    results : Results
        What ``compute`` or ``evaluate`` returned.

    Returns
    -------
    str
        One line per total.
    """
    from ess_impact.definitions.catalogue import Catalogue

    catalogue = Catalogue.load()
    names = Names(catalogue)
    lines = []
    for figure in figures_of(results.to_frame()):
        if figure.is_total:
            indicator = catalogue.indicators.get(figure.indicator)
            name = french(indicator.name) if indicator else figure.indicator
            parts = names.parts(indicator) if indicator else None
            lines.append(f"{name}. {' '.join(sentences_of(indicator, figure, parts=parts))}")
    return "\n".join(lines)
