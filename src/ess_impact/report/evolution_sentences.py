"""What is said of a figure over time: its change, its trend, its target, the breaks of its series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ess_impact.definitions.history import SeriesBreak
from ess_impact.report.evolution_frames import ALL, CHANGE, CONSTANT, PROJECTED, TARGET, TREND, Evolution
from ess_impact.report.frames import TOTAL, IndicatorView
from ess_impact.report.labels import french
from ess_impact.text import format_date, format_interval, format_number, format_value, typeset

WHY_NOT: Mapping[str, str] = {
    "rupture_de_serie": "la série est rompue",
    "version_differente": "les deux chiffres ne suivent pas la même définition",
    "periodes_non_consecutives": "il manque des années",
    "secret_statistique": "une valeur n’est pas publiée (secret statistique)",
    "observations_insuffisantes": "il n’y a pas assez de périodes ou de valeurs connues",
    "grappes_insuffisantes": "les observations viennent de trop peu de structures indépendantes",
    "manquants_excessifs": "trop de réponses sont inconnues",
    "donnee_exhaustive": "ce qui est reçu est compté en entier",
    "total_des_repondants": "c’est le total de ceux qui ont répondu",
    "grandeur_derivee": "l’incertitude des indicateurs dont la valeur est tirée n’y est pas reportée",
    "intervalle_ecarte": "l’indicateur n’en a pas, pour la raison dite avec sa valeur",
    "arrondi_secret": "les nombres sont arrondis pour protéger les personnes",
    "nombre_trop_grand": "un nombre des données est trop grand",
    "sens_non_fixe": "ni le plan ni la définition ne disent de quel côté elle est atteinte",
    "cible_au_bord": "aucun cas n’est observé, et les données ne distinguent pas « aucun » de « très peu »",
    "unites_differentes": "les deux versions ne se comptent pas dans la même unité",
    "sans_objet": "sans objet pour cette période",
    "denominateur_nul": "aucun cas connu n’entre dans le calcul",
    "entree_non_estimable": "l’un des indicateurs dont elle est tirée n’est pas connu",
    "effectif_insuffisant": "l’effectif est trop faible",
    "strate_vide": "une strate de la standardisation est vide",
    "echeance_passee": "la dernière période atteint la date de la cible",
}
"""Why there is no change, no trend or no probability, by reason code."""
_TESTS: Mapping[str, str] = {
    "mann_kendall": "test de Mann et Kendall",
    "chi2_tendance": "test du khi-deux de tendance",
}
_SMALL, _LARGE = 0.01, 0.99
EXHAUSTIVE = "donnee_exhaustive"
"""Reason of a figure without interval, of which nothing was sampled."""


def of_totals(view: IndicatorView, rows: Sequence[Evolution]) -> list[Evolution]:
    """Keep what concerns the total of the own territory.

    Parameters
    ----------
    view : IndicatorView
        The indicator.
    rows : sequence of Evolution
        Its changes, trends and targets.

    Returns
    -------
    list of Evolution
        In the order of the file.
    """
    return [one for one in rows if one.breakdown == TOTAL and (one.territory or TOTAL) == (view.own or TOTAL)]


def latest_change(rows: Sequence[Evolution]) -> Evolution | None:
    """Choose the change to show: the latest, on the constant panel where there is one.

    Parameters
    ----------
    rows : sequence of Evolution
        Of one series.

    Returns
    -------
    Evolution or None
        None where nothing was measured twice.
    """
    moved = [one for one in rows if one.nature == CHANGE]
    return max(moved, key=lambda one: (one.until, one.panel == CONSTANT), default=None)


def evolution_sentences(view: IndicatorView, rows: Sequence[Evolution], breaks: Sequence[SeriesBreak]) -> list[str]:
    """Say how the total of an indicator evolves.

    Parameters
    ----------
    view : IndicatorView
        The indicator.
    rows : sequence of Evolution
        Its changes, trends and targets.
    breaks : sequence of SeriesBreak
        Breaks of its series.

    Returns
    -------
    list of str
        Whole sentences: breaks, latest change, trend, target.
    """
    own = of_totals(view, rows)
    found = [break_sentence(one) for one in breaks]
    change = latest_change(own)
    if change is not None:
        found.append(change_sentence(change))
    found += [trend_sentence(one) for one in own if one.nature == TREND]
    found += list(_targets(own, view))
    return [typeset(one) for one in found if one]


def break_sentence(gap: SeriesBreak) -> str:
    """Say a break.

    Parameters
    ----------
    gap : SeriesBreak
        The break.

    Returns
    -------
    str
        Date, reason, source, and that figures on both sides are not compared.
    """
    told = f"Rupture de série le {format_date(gap.date)} : {french(gap.label)} ({gap.source})."
    return f"{told} Les valeurs d’avant et d’après ne se comparent pas."


def change_sentence(change: Evolution) -> str:
    """Say a change and whether chance may explain it.

    Parameters
    ----------
    change : Evolution
        Of nature ``variation``.

    Returns
    -------
    str
        On the constant panel the size is already in the notes of the figure: the verdict alone is then said.
    """
    if change.change is None:
        years = f"Entre {change.since.year} et {change.until.year}"
        return f"{years}, pas de variation calculée : {WHY_NOT.get(change.reason or '', 'sans motif')}."
    if change.panel == ALL:
        return f"{_sized(change)}. {_verdict(change)}".strip()
    return _verdict(change)


def _sized(change: Evolution) -> str:
    shown = f"{'+' if (change.change or 0) > 0 else ''}{format_value(change.change, change.unit)}"
    span = ""
    if change.low is not None:
        span = f" (intervalle à 95 % : {format_interval(change.low, change.high, change.unit)})"
    return f"Depuis {change.since.year} : {shown}{span}"


def _verdict(change: Evolution) -> str:
    if change.low is None or change.high is None:
        # What is counted in full has no interval to look for.
        bare = "" if change.reason == EXHAUSTIVE else WHY_NOT.get(change.reason or "", "")
        return f"Cette variation n’a pas d’intervalle : {bare}." if bare else ""
    if change.direction:
        narrowly = ", de moins que l’arrondi," if _rounds_to_zero(change) else ""
        return f"L’intervalle de cette variation laisse{narrowly} zéro de côté : la {change.direction} est établie."
    return "L’intervalle de cette variation contient zéro : ni hausse ni baisse n’est établie."


def _rounds_to_zero(change: Evolution) -> bool:
    """Whether the end nearest to zero is printed as zero."""
    near = min(change.low or 0.0, change.high or 0.0, key=abs)
    return format_value(abs(near), change.unit) == format_value(0, change.unit)


def trend_sentence(trend: Evolution) -> str:
    """Say a trend, or why none is tested.

    Parameters
    ----------
    trend : Evolution
        Of nature ``tendance``.

    Returns
    -------
    str
        Slope per year with its interval, test and verdict.
    """
    if trend.change is None:
        return f"Pas de tendance calculée : {WHY_NOT.get(trend.reason or '', 'sans motif')}."
    sign = "+" if trend.change > 0 else ""
    span = format_interval(trend.low, trend.high, trend.unit)
    test = _TESTS.get(trend.method or "", trend.method or "")
    verdict = f"tendance à la {trend.direction}" if trend.direction else "aucune tendance n’est établie"
    return (
        f"De {trend.since.year} à {trend.until.year} ({trend.n_periods} années) : pente médiane de "
        f"{sign}{format_value(trend.change, trend.unit)} par an ({span}) ; {test}, "
        f"p = {format_number(trend.p_value, 3)} : {verdict}."
    )


def _targets(rows: Sequence[Evolution], view: IndicatorView) -> Iterator[str]:
    for one in rows:
        if one.nature == TARGET:
            yield state_sentence(one, view.indicator.unit)
        elif one.nature == PROJECTED:
            yield projection_sentence(one, view.indicator.unit)


def state_sentence(state: Evolution, unit: str) -> str:
    """Say where a target stands at the latest period.

    Parameters
    ----------
    state : Evolution
        Of nature ``cible``.
    unit : str
        Unit of the indicator.

    Returns
    -------
    str
        A probability where something was sampled, a fact where nothing was, else why neither is said.
    """
    voted, year = format_value(state.target, unit), state.until.year
    if state.probability is not None:
        sure = probability_words(state.probability)
        return f"Cible de {voted} : au vu de {year}, la probabilité qu’elle soit déjà atteinte est de {sure}."
    if state.etat:
        met = "est atteinte" if state.etat == "atteinte" else "n’est pas atteinte"
        return f"Cible de {voted} : elle {met} en {year} ({WHY_NOT.get(state.reason or '', 'constat')})."
    return f"Cible de {voted} : on ne peut dire si elle est atteinte ({WHY_NOT.get(state.reason or '', 'sans motif')})."


def projection_sentence(seen: Evolution, unit: str) -> str:
    """Say what a target may become on its date.

    Parameters
    ----------
    seen : Evolution
        Of nature ``cible_projetee``.
    unit : str
        Unit of the indicator.

    Returns
    -------
    str
        What the line gives, with its prediction interval, or why nothing is projected; empty when the date is past.
    """
    if seen.reason == "echeance_passee":
        return ""
    if seen.probability is None or seen.low is None or seen.high is None or seen.target is None:
        return f"Pas de projection à la date de la cible : {WHY_NOT.get(seen.reason or '', 'sans motif')}."
    span = format_interval(seen.low + seen.target, seen.high + seen.target, unit)
    year = seen.target_date.year if seen.target_date else ""
    return (
        f"Si l’évolution des {seen.n_periods} périodes se poursuit en ligne droite, la valeur mesurée en {year} serait "
        f"de {format_value(seen.value_to, unit)} ({span}), et la probabilité d’atteindre alors la cible de "
        f"{probability_words(seen.probability)}. C’est un prolongement, non une prévision."
    )


def probability_words(probability: float) -> str:
    """Write a probability without false precision.

    Parameters
    ----------
    probability : float
        Between 0 and 1.

    Returns
    -------
    str
        "moins de 1 %", "12 %", "plus de 99 %".

    Examples
    --------
    >>> probability_words(0.004), probability_words(0.5)
    ('moins de 1\\u202f%', '50\\u202f%')
    """
    if probability < _SMALL:
        return f"moins de {format_value(_SMALL, 'pourcent', decimals=0)}"
    if probability > _LARGE:
        return f"plus de {format_value(_LARGE, 'pourcent', decimals=0)}"
    return format_value(probability, "pourcent", decimals=0)
