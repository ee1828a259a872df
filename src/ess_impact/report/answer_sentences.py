"""Who answered and what is unknown: never left out beside a figure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ess_impact.report.frames import Figure
from ess_impact.text import format_number, format_value, plural

TOTALS = ("count", "distinct", "sum")
"""Kinds whose unknown values make the total incomplete."""
_SENT_BY: Mapping[str, str] = {"service": "données d’un service", "ouverte": "données ouvertes"}


def _all_expected(figure: Figure) -> bool:
    return bool(figure.n_attendus) and figure.n_repondants is not None


def _all_senders(figure: Figure) -> bool:
    """Whether every sender of the table has a row in the figure: a condition may have left some out."""
    return bool(figure.n_repondants) and (figure.n or 0) >= (figure.n_repondants or 0)


def who_answered(figure: Figure, provider: str = "") -> str:
    """Say in a few words who answered, for a card.

    Parameters
    ----------
    figure : Figure
        Any figure.
    provider : str, optional
        Who gives the table, as the definition of the table says it.

    Returns
    -------
    str
        Respondents and structures expected, else who gave the data; "" where nothing is known.
    """
    if _all_expected(figure):
        return f"{plural(figure.n_repondants or 0, 'répondant')} sur {format_number(figure.n_attendus)}"
    if _all_senders(figure):
        return f"{plural(figure.n_repondants or 0, 'déclarant')}, nombre attendu inconnu"
    return answered_cell(figure, provider)


def answered_cell(figure: Figure, provider: str = "") -> str:
    """Say who answered, under the header "Répondants / attendus".

    Parameters
    ----------
    figure : Figure
        Any figure.
    provider : str, optional
        Who gives the table, as the definition of the table says it.

    Returns
    -------
    str
        Both numbers, else who gave the data; "" where nothing is known.
    """
    if figure.hidden:
        return ""
    if _all_expected(figure) or _all_senders(figure):
        return f"{format_number(figure.n_repondants)} / {format_number(figure.n_attendus)}"
    if figure.kind == "derived":
        return "tiré d’autres indicateurs"
    return _SENT_BY.get(provider, "") or (_senders(figure) if figure.n_repondants else "")


def _senders(figure: Figure) -> str:
    """Say of how many structures the table holds rows, where the figure does not keep a row of each."""
    return plural(figure.n_repondants or 0, "structure lue", "structures lues")


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
    text = "\u00a0; ".join(_missing(figure))
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _missing(figure: Figure) -> Iterator[str]:
    # One row per structure: those that left the cell empty are among the respondents, and both counts must meet.
    one_each = _all_expected(figure) and (figure.n or 0) + (figure.n_missing or 0) == figure.n_repondants
    if figure.n_missing and not one_each:
        left = "hors du total, qui est donc incomplet" if figure.kind in TOTALS else "hors du calcul"
        yield f"{plural(figure.n_missing, 'valeur inconnue', 'valeurs inconnues')}, {left}"
    if _all_expected(figure):
        share = format_value(figure.taux_reponse, "pourcent", decimals=0) if figure.taux_reponse is not None else ""
        answered = plural(figure.n_repondants or 0, "répondant")
        expected = plural(figure.n_attendus or 0, "attendu")
        yield f"{answered} sur {expected}" + (f" ({share})" if share else "")
        if figure.n_missing and one_each:
            gave = plural(figure.n_missing, "d’entre eux n’a", "d’entre eux n’ont")
            what = "le total, incomplet," if figure.kind in TOTALS else "le calcul"
            others = f"les {format_number(figure.n)} autres" if (figure.n or 0) > 1 else plural(figure.n or 0, "autre")
            yield f"{gave} pas donné cette réponse, et {what} porte sur {others}"
    elif _all_senders(figure):
        answered = plural(figure.n_repondants or 0, "déclarant a répondu", "déclarants ont répondu")
        yield f"{answered}\u00a0; le nombre attendu n’est pas connu"
    elif figure.n_repondants:
        kept = plural(figure.n or 0, "ligne connue répond", "lignes connues répondent")
        yield f"{_senders(figure)}, dont {kept} à la définition"
    if figure.couverture_emplois is not None:
        yield f"{format_value(figure.couverture_emplois, 'pourcent', decimals=0)} des emplois couverts"
