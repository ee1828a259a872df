"""French names of breakdowns, modalities, territories and of the words of a definition."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.indicators import DerivedIndicator, Indicator
from ess_impact.definitions.tables import Column, Derived, Table
from ess_impact.definitions.vocabulary import Label
from ess_impact.report.answer_sentences import TOTALS
from ess_impact.report.frames import TOTAL, UNKNOWN_MODALITY, Figure, codes_of
from ess_impact.report.measure_units import Parts, part_units
from ess_impact.text import typeset

LEVELS: Mapping[str, str] = {
    "moyen": "Moyen engagé",
    "realisation": "Réalisation",
    "resultat": "Résultat observé",
    "impact": "Impact (méthode causale)",
}
AVAILABILITY: Mapping[str, str] = {
    "ouverte": "donnée ouverte",
    "collecte": "collecte",
    "convention": "par convention",
    "a_obtenir": "à obtenir",
    "non_disponible": "non disponible",
}
STATUSES: Mapping[str, str] = {"draft": "projet", "active": "calculé", "retired": "retiré"}
DIRECTIONS: Mapping[str, str] = {
    "up": "une hausse est recherchée",
    "down": "une baisse est recherchée",
    "none": "aucun sens n’est fixé",
    "context": "élément de contexte",
}
METHODS: Mapping[str, str] = {
    "wilson": "Wilson",
    "wilson_cluster": "Wilson par grappes",
    "clopper_pearson": "Clopper et Pearson (exact)",
    "rao_scott": "Rao et Scott",
    "logit_robuste": "logit robuste aux grappes",
    "imbens_manski": "Imbens et Manski",
    "fieller": "Fieller",
    "fieller_cluster": "Fieller par grappes",
    "ordre": "statistiques d’ordre",
    "woodruff": "Woodruff",
    "bca": "rééchantillonnage BCa",
    "bca_cluster": "rééchantillonnage BCa par grappes",
    "byar": "Byar",
    "poisson_exact": "Poisson exact",
    "student": "Student",
    "ratio_linearise": "rapport linéarisé",
    "ratio_linearise_cluster": "rapport linéarisé par grappes",
    "bootstrap": "rééchantillonnage",
    "bootstrap_cluster": "rééchantillonnage par grappes",
    "dobson": "Dobson",
}
METHOD_NOTES: Mapping[str, str] = {
    "wilson": "intervalle_wilson",
    "wilson_cluster": "grappes",
    "clopper_pearson": "intervalle_clopper_pearson",
    "rao_scott": "proportions_grappes",
    "logit_robuste": "proportions_grappes",
    "imbens_manski": "bornes_et_alea",
    "fieller": "fieller",
    "fieller_cluster": "fieller",
    "ordre": "quantiles",
    "woodruff": "quantiles",
    "bca": "bootstrap_bca",
    "bca_cluster": "bootstrap_bca",
    "byar": "intervalle_byar",
    "poisson_exact": "intervalle_byar",
    "student": "intervalle_student",
    "ratio_linearise": "ratio_linearise",
    "ratio_linearise_cluster": "ratio_linearise",
    "bootstrap": "bootstrap",
    "bootstrap_cluster": "bootstrap",
    "dobson": "standardisation",
}
"""Note that explains each method of interval."""
CIRCLES: Mapping[str, str] = {
    "structure": "édition réservée à la structure",
    "service": "édition réservée aux services du Département",
    "cdess": "édition réservée aux membres du CDESS",
    "public": "édition publique",
}
PROVIDERS: Mapping[str, str] = {
    "structure": "les structures",
    "service": "un service du Département",
    "ouverte": "un producteur de données ouvertes",
}
_ESCAPED = re.compile(r"\\([*\\]|_[TU]$)")
_SEVERAL = 2
_WORDS = {"true": "oui", "false": "non", "conceded": "concédée", "direct": "directe"}
"""Codes of columns without a codelist: booleans, and the kind of management of ma cantine."""
_UNKNOWN = {"type_siae": "hors insertion (IAE) ou non renseigné"}
"""What an empty cell means, where it is not only an answer that is missing."""

COVERS: Mapping[str, str] = {
    "echantillon": "il couvre l’aléa du tirage de l’échantillon",
    "non_reponse": (
        "il couvre l’aléa dû aux réponses qui manquent, si ceux qui n’ont pas répondu ressemblent à ceux qui "
        "ont répondu"
    ),
    "superpopulation": (
        "il couvre la variabilité aléatoire : ce qui aurait pu être observé une année semblable, "
        "dans les mêmes conditions"
    ),
}
"""What an interval covers, by kind of inference."""
COMPARED: Mapping[str, str] = {
    "au_dessus": "La valeur est au-dessus de ce seuil.",
    "en_dessous": "La valeur est en dessous de ce seuil.",
    "non_concluant": "L’intervalle contient ce seuil\u00a0: on ne peut pas dire de quel côté se trouve la valeur.",
}
"""How a value stands against the first reference."""


def label_of(words: Mapping[str, str], word: str | None) -> str:
    """Return the French label of a word, or the word itself.

    Parameters
    ----------
    words : mapping
        One of the mappings of this module.
    word : str or None
        The word of the definition.

    Returns
    -------
    str
        Never fails.
    """
    return words.get(word or "", (word or "").replace("_", " "))


def answered_words(figure: Figure) -> str:
    """Return what follows the total of a scale, which counts answers and nothing done.

    Parameters
    ----------
    figure : Figure
        Any figure.

    Returns
    -------
    str
        " ont répondu", or "" for a figure that is no scale.
    """
    if figure.kind != "qualitative" or not figure.is_total or figure.value is None:
        return ""
    return " ont répondu" if figure.value >= _SEVERAL else " a répondu"


def french(label: Label) -> str:
    """Return the French text of a label, with the spaces and apostrophes of print.

    Parameters
    ----------
    label : Label
        A label of the definitions.

    Returns
    -------
    str
        The text.
    """
    return typeset(label.fr)


def in_sentence(text: str) -> str:
    """Return a name as it stands within a sentence: first letter in lower case, unless it is an acronym.

    Parameters
    ----------
    text : str
        A name.

    Returns
    -------
    str
        The name.

    Examples
    --------
    >>> in_sentence("Sexe"), in_sentence("EPCI")
    ('sexe', 'EPCI')
    """
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def _plain(code: str) -> str:
    """Take away the backslashes the engine writes before a star, a backslash or one of its own codes."""
    return _ESCAPED.sub(r"\1", code)


def _size(figure: Figure) -> float:
    if figure.kind not in TOTALS:
        return 0.0
    return -figure.value if figure.value is not None else float("inf")


class Names:
    """Names of the columns and codes of one catalogue.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions the results were computed with.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def table_of(self, indicator: Indicator) -> Table | None:
        """Return the table of an indicator; a derived one takes that of its first input.

        Parameters
        ----------
        indicator : Indicator
            Any indicator.

        Returns
        -------
        Table or None
            None when the definitions do not hold it.
        """
        seen: set[str] = set()
        while isinstance(indicator, DerivedIndicator):
            name = next(iter(indicator.inputs.values())).indicator
            if name in seen or name not in self._catalogue.indicators:
                return None
            seen.add(name)
            indicator = self._catalogue.indicators[name]
        return self._catalogue.tables.get(indicator.table)

    def _column(self, indicator: Indicator, name: str) -> Column | Derived | None:
        table = self.table_of(indicator)
        return self._catalogue.columns_of(table).get(name) if table else None

    def provider(self, indicator: Indicator) -> str:
        """Return who gives the data of an indicator.

        Parameters
        ----------
        indicator : Indicator
            Any indicator.

        Returns
        -------
        str
            Provider of its table, "" for a derived one: its inputs may have several.
        """
        table = None if isinstance(indicator, DerivedIndicator) else self.table_of(indicator)
        return table.provider if table else ""

    def parts(self, indicator: Indicator) -> Parts | None:
        """Return the units in which the numerator and the denominator of an indicator are said.

        Parameters
        ----------
        indicator : Indicator
            Any indicator.

        Returns
        -------
        tuple of (str, str) or None
            None where they are not to be shown.
        """
        table = self.table_of(indicator)
        return part_units(indicator, self._catalogue.columns_of(table) if table else {})

    def breakdown(self, indicator: Indicator, breakdown: str) -> str:
        """Name a breakdown.

        Parameters
        ----------
        indicator : Indicator
            The indicator broken down.
        breakdown : str
            ``"sexe"``, or ``"type_siae*sexe"``.

        Returns
        -------
        str
            "Sexe", "Type de SIAE et sexe".
        """
        found = []
        for name in breakdown.split("*"):
            column = self._column(indicator, name)
            found.append(french(column.label) if column else name.replace("_", " "))
        first, *others = found
        return " × ".join([first[:1].upper() + first[1:], *(in_sentence(one) for one in others)])

    def modality(self, indicator: Indicator, breakdown: str, modality: str) -> str:
        """Name a modality.

        Parameters
        ----------
        indicator : Indicator
            The indicator broken down.
        breakdown, modality : str
            As in the results; crossings are joined by ``*``, and a star of the data has a backslash before it.

        Returns
        -------
        str
            Label of the code, "non renseigné" when unknown, "ensemble" for a total.
        """
        names, codes = breakdown.split("*"), codes_of(breakdown, modality)
        if len(codes) != len(names):
            return _plain(modality)
        return " × ".join(self._code(indicator, name, code) for name, code in zip(names, codes, strict=True))

    def _code(self, indicator: Indicator, name: str, code: str) -> str:
        if code in (UNKNOWN_MODALITY, TOTAL):
            return _UNKNOWN.get(name, "non renseigné") if code == UNKNOWN_MODALITY else "ensemble"
        column = self._column(indicator, name)
        codelist = self._catalogue.codelists.get(column.codelist or "") if column else None
        value = _plain(code)
        label = codelist.labels.get(value) if codelist else None
        return french(label) if label else _WORDS.get(value.lower(), value)

    def order(self, indicator: Indicator, breakdown: str, figures: tuple[Figure, ...]) -> list[Figure]:
        """Sort modalities: the order of the codelist, else totals by size and shares by name; unknown last.

        A share sorted by its value would read as a ranking, without the bounds of one.

        Parameters
        ----------
        indicator : Indicator
            The indicator broken down.
        breakdown : str
            The breakdown.
        figures : tuple of Figure
            Its rows.

        Returns
        -------
        list of Figure
            Sorted.
        """
        ranks: list[dict[str, int]] = []
        for name in breakdown.split("*"):
            column = self._column(indicator, name)
            codelist = self._catalogue.codelists.get(column.codelist or "") if column else None
            ranks.append({code: place for place, code in enumerate(codelist.values)} if codelist else {})

        def key(figure: Figure) -> tuple[object, ...]:
            codes = codes_of(breakdown, figure.modality)
            places = tuple(rank.get(_plain(code), len(rank)) for rank, code in zip(ranks, codes, strict=False))
            unknown = any(code == UNKNOWN_MODALITY for code in codes)
            return unknown, places, _size(figure), figure.modality

        return sorted(figures, key=key)

    def territory(self, code: str | None) -> str:
        """Name a territory.

        Parameters
        ----------
        code : str or None
            Code of a département, or ``_T``.

        Returns
        -------
        str
            Its name where a codelist or the plan gives it, else its code.
        """
        if code is None or code == TOTAL:
            return "ensemble des territoires"
        if code == UNKNOWN_MODALITY:
            return "département non renseigné"
        codelist = self._catalogue.codelists.get("departements")
        label = codelist.labels.get(code) if codelist else None
        if label is not None:
            return french(label)
        number, fictitious = code.removeprefix("F"), code.startswith("F")
        for plan in self._catalogue.plans.values():
            if plan.departement in (code, number):
                return french(plan.territory) + (" (données fictives)" if fictitious else "")
        return f"Département fictif {number}" if fictitious else f"Département {code}"
