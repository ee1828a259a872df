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
    StandardisedRate,
    Sum,
)
from ess_impact.report.frames import Figure, figures_of
from ess_impact.report.labels import COVERS, METHODS, french, in_sentence, label_of
from ess_impact.text import format_interval, format_number, format_period, format_value, plural, typeset

NO_VALUE: Mapping[str, str] = {
    "denominateur_nul": "Valeur non calculée : aucun cas connu n’entre dans le calcul.",
    "observations_insuffisantes": "Valeur non calculée : il n’y a pas assez d’observations connues.",
    "grappes_insuffisantes": "Valeur non calculée : trop peu de structures indépendantes.",
    "manquants_excessifs": "Valeur non calculée : trop de réponses sont inconnues pour qu’elle ait un sens.",
    "effectif_insuffisant": "Valeur non calculée : l’effectif est trop faible.",
    "strate_vide": "Valeur non calculée : une strate de la standardisation est vide.",
    "hors_domaine": "Valeur non calculée : une somme négative, ou une part de plus d’un tout.",
    "secret_statistique": "Valeur non publiée : secret statistique.",
    "sans_objet": "Sans objet pour cette période ou ce territoire.",
    "donnee_exhaustive": "Valeur non calculée : aucune observation connue.",
    "total_des_repondants": "Valeur non calculée : aucune observation connue.",
    "intervalle_ecarte": "Valeur non calculée : aucune observation connue.",
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
    "intervalle_ecarte": "Pas d’intervalle : la définition de l’indicateur dit pourquoi.",
    "grandeur_derivee": "Pas d’intervalle : celui des indicateurs dont la valeur est tirée n’y est pas reporté.",
    "entree_non_estimable": "Pas d’intervalle : l’un des indicateurs dont la valeur est tirée n’en a pas.",
    "sans_objet": "Pas d’intervalle : il n’aurait pas d’objet ici.",
}
"""Why there is a value without an interval, by reason code."""

_TOTALS = ("count", "distinct_count", "sum")
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


@singledispatch
def describe(indicator: object, figure: Figure) -> str:
    """Say a known value, in the words of its kind.

    Parameters
    ----------
    indicator : Indicator or None
        Definition, whose class chooses the words.
    figure : Figure
        A figure with a value.

    Returns
    -------
    str
        Without final stop.
    """
    return _said(figure)


@describe.register
def _(indicator: Proportion, figure: Figure) -> str:
    if figure.numerator is None or figure.denominator is None:
        return _said(figure)
    known = "" if figure.n_missing == 0 else " dont la situation est connue"
    return f"{_said(figure)}, soit {_n(figure.numerator)} sur {_n(figure.denominator)}{known}"


@describe.register(Ratio)
@describe.register(Rate)
@describe.register(StandardisedRate)
def _(indicator: Ratio | Rate | StandardisedRate, figure: Figure) -> str:
    if figure.numerator is None or figure.denominator is None:
        return _said(figure)
    per = f", pour {_n(indicator.per)}" if isinstance(indicator, Rate | StandardisedRate) else ""
    related = "rapporté" if figure.numerator < 2 else "rapportés"
    return f"{_said(figure)} ({_n(figure.numerator)} {related} à {_n(figure.denominator)}{per})"


@describe.register(Count)
@describe.register(Sum)
@describe.register(DistinctCount)
def _(indicator: Count | Sum | DistinctCount, figure: Figure) -> str:
    return f"{_said(figure)}{_among(figure)}"


@describe.register
def _(indicator: Mean, figure: Figure) -> str:
    if figure.n == 1:
        return _said(figure)
    return f"{_said(figure)} en moyenne{_over(figure)}"


@describe.register
def _(indicator: Median, figure: Figure) -> str:
    return f"{_said(figure)} en valeur médiane\u00a0: une moitié est en dessous, l’autre au-dessus{_over(figure)}"


@describe.register
def _(indicator: Quantile, figure: Figure) -> str:
    share = format_value(indicator.quantile, "pourcent", decimals=0)
    return f"{_said(figure)}\u00a0: {share} des observations sont en dessous{_over(figure)}"


@describe.register
def _(indicator: Qualitative, figure: Figure) -> str:
    whom = in_sentence(french(indicator.said_by))
    return f"{_said(figure)} ont dit leur position, d’après {whom}\u00a0; le tableau dit laquelle"


@describe.register
def _(indicator: DerivedIndicator, figure: Figure) -> str:
    return f"{_said(figure)}, valeur calculée à partir d’autres indicateurs"


def _over(figure: Figure) -> str:
    return f", sur {plural(figure.n, 'observation')}" if figure.n is not None else ""


def _among(figure: Figure) -> str:
    if figure.n_repondants is None or figure.n_attendus is None or figure.n_repondants >= figure.n_attendus:
        return ""
    return f", chez les {plural(figure.n_repondants, 'répondant')}"


def reason_sentence(figure: Figure) -> str:
    """Say why a value or an interval is absent.

    Parameters
    ----------
    figure : Figure
        Any figure.

    Returns
    -------
    str
        "" when nothing is missing; an unknown code is shown as it is.
    """
    return typeset(_reason(figure))


def _reason(figure: Figure) -> str:
    code = "secret_statistique" if figure.hidden else figure.reason or ""
    words = code.replace("_", " ") or "sans motif"
    if figure.hidden or figure.value is None:
        return NO_VALUE.get(code, f"Valeur non calculée ({words}).")
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
    covers = COVERS.get(getattr(indicator, "inference", ""), "il couvre l’aléa des valeurs dont l’indicateur est tiré")
    return f"Intervalle à {level}\u00a0: {span}{method}\u00a0; {typeset(covers)}.{_clusters(figure)}"


def _clusters(figure: Figure) -> str:
    if not figure.n_clusters or not (figure.method or "").endswith("cluster"):
        return ""
    effective = f" (l’équivalent de {format_number(figure.n_effective, 0)} de même poids)" if figure.n_effective else ""
    units = plural(figure.n_clusters, "structure")
    return f" Il tient compte de ce que les observations viennent de {units}{effective}."


def missing_sentence(figure: Figure) -> str:
    """Say how many unknown values were left out, and the share of the structures expected that answered.

    Parameters
    ----------
    figure : Figure
        Any figure.

    Returns
    -------
    str
        "" when nothing is known of either.
    """
    if figure.hidden:
        return ""
    parts = []
    if figure.n_missing:
        left = "hors du total, qui est donc incomplet" if figure.kind in _TOTALS else "hors du calcul"
        parts.append(f"{plural(figure.n_missing, 'valeur inconnue', 'valeurs inconnues')}, {left}")
    if figure.n_attendus and figure.n_repondants is not None:
        share = format_value(figure.taux_reponse, "pourcent", decimals=0) if figure.taux_reponse is not None else ""
        answered = f"{_n(figure.n_repondants)} répondants sur {_n(figure.n_attendus)} attendus"
        parts.append(answered + (f" ({share})" if share else ""))
    elif figure.n_repondants and (figure.n or 0) >= figure.n_repondants:
        answered = plural(figure.n_repondants, "déclarant a répondu", "déclarants ont répondu")
        parts.append(f"{answered}\u00a0; le nombre attendu n’est pas connu")
    if figure.couverture_emplois is not None:
        parts.append(f"{format_value(figure.couverture_emplois, 'pourcent', decimals=0)} des emplois couverts")
    text = "\u00a0; ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


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
    if isinstance(indicator, Qualitative) or (figure.kind in _TOTALS and figure.value == figure.n_repondants):
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


def sentences_of(indicator: Indicator | None, figure: Figure | None, territories: int = 0) -> list[str]:
    """Say everything of one figure.

    Parameters
    ----------
    indicator : Indicator or None
        Its definition, where known.
    figure : Figure or None
        None when the campaign gives no row.
    territories : int, optional
        Number of territories among which the figure is ranked.

    Returns
    -------
    list of str
        Whole sentences: value, interval or reason, missing, notes of the computation.
    """
    if figure is None:
        return ["Aucune donnée dans cette campagne à ce niveau de diffusion."]
    found = []
    if figure.value is not None and not figure.hidden:
        found.append(f"{describe(indicator, figure)}.")
    found += [interval_sentence(indicator, figure), reason_sentence(figure), missing_sentence(figure)]
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
    lines = []
    for figure in figures_of(results.to_frame()):
        if figure.is_total:
            indicator = catalogue.indicators.get(figure.indicator)
            name = french(indicator.name) if indicator else figure.indicator
            lines.append(f"{name}. {' '.join(sentences_of(indicator, figure))}")
    return "\n".join(lines)
