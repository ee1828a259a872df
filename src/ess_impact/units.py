"""Units of the published figures: how each is written, in French and in English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit, as people read it.

    Attributes
    ----------
    fr, en : str
        Name of the unit ("part, en %").
    symbol : str
        What follows the number; empty for a bare number.
    singular : str
        The same below two, where French asks for another word; empty when the symbol never changes.
    decimals : int
        Digits after the comma.
    small_decimals : int
        Digits after the comma of a number below 100 that is not whole.
    multiplier : int
        What a stored value is multiplied by before it is written (100 for a share).
    """

    fr: str
    en: str
    symbol: str = ""
    singular: str = ""
    decimals: int = 0
    small_decimals: int = 1
    multiplier: int = 1


UNITS: dict[str, Unit] = {
    "pourcent": Unit(fr="%", en="%", symbol="%", decimals=1, multiplier=100),
    "pour_mille": Unit(fr="‰", en="per 1,000", symbol="‰", decimals=1, multiplier=1),
    "points": Unit(fr="points", en="points", symbol="points", singular="point", decimals=1, multiplier=100),
    "euros": Unit(fr="euros", en="euros", symbol="€", small_decimals=2),
    "euros_par_personne": Unit(
        fr="euros par personne", en="euros per person", symbol="€ par personne", small_decimals=2
    ),
    "euros_par_foyer": Unit(
        fr="euros par foyer allocataire", en="euros per household", symbol="€ par foyer allocataire", small_decimals=2
    ),
    "euros_par_emploi": Unit(fr="euros par emploi", en="euros per job", symbol="€ par emploi", small_decimals=2),
    "euros_par_etp": Unit(fr="euros par ETP", en="euros per FTE", symbol="€ par ETP", small_decimals=2),
    "euros_par_habitant": Unit(
        fr="euros par habitant", en="euros per inhabitant", symbol="€ par habitant", small_decimals=2
    ),
    "heures": Unit(fr="heures", en="hours", symbol="h"),
    "etp": Unit(fr="équivalents temps plein (ETP)", en="full-time equivalents", symbol="ETP", decimals=1),
    "emplois": Unit(fr="emplois", en="jobs", symbol="emplois", singular="emploi"),
    "personnes": Unit(fr="personnes", en="persons", symbol="personnes", singular="personne"),
    "structures": Unit(fr="structures", en="structures", symbol="structures", singular="structure"),
    "etablissements": Unit(fr="établissements", en="establishments", symbol="établissements", singular="établissement"),
    "entreprises": Unit(fr="entreprises", en="enterprises", symbol="entreprises", singular="entreprise"),
    "tonnes": Unit(fr="tonnes", en="tonnes", symbol="t", decimals=1),
    "seances": Unit(fr="séances", en="sittings", symbol="séances", singular="séance"),
    "repas": Unit(fr="repas", en="meals", symbol="repas"),
    "km": Unit(fr="kilomètres", en="kilometres", symbol="km"),
    "jours": Unit(fr="jours", en="days", symbol="jours", singular="jour"),
    "annees": Unit(fr="années", en="years", symbol="ans", singular="an"),
    "indice": Unit(fr="indice", en="index", decimals=2, small_decimals=2),
    "hectares": Unit(fr="hectares", en="hectares", symbol="ha"),
    "vehicules": Unit(fr="véhicules", en="vehicles", symbol="véhicules", singular="véhicule"),
    "restaurants": Unit(fr="restaurants collectifs", en="canteens", symbol="restaurants", singular="restaurant"),
    "filieres": Unit(fr="filières", en="value chains", symbol="filières", singular="filière"),
    "accompagnements": Unit(
        fr="accompagnements", en="support cases", symbol="accompagnements", singular="accompagnement"
    ),
    "liens_par_structure": Unit(
        fr="coopérations par structure",
        en="cooperations per structure",
        symbol="coopérations par structure",
        singular="coopération par structure",
        decimals=2,
    ),
    "emplois_pour_1000_habitants": Unit(
        fr="emplois pour 1 000 habitants", en="jobs per 1,000 inhabitants", symbol="emplois pour 1 000 hab.", decimals=1
    ),
    "etp_pour_100_tonnes": Unit(fr="ETP pour 100 tonnes", en="FTE per 100 tonnes", symbol="ETP pour 100 t", decimals=1),
    "kg_co2e_par_semaine": Unit(
        fr="kg CO₂e par personne et par semaine",
        en="kg CO₂e per person and week",
        symbol="kg CO₂e par personne et par semaine",
        decimals=1,
    ),
    "nombre": Unit(fr="nombre", en="number"),
}
"""Units by id."""


def unit_of(name: str) -> Unit:
    """Return a unit by id; an unknown one is written as its id.

    Parameters
    ----------
    name : str
        Id of the unit.

    Returns
    -------
    Unit
        Never fails: a partner's definition may name its own unit.

    Examples
    --------
    >>> unit_of("euros").symbol
    '€'
    >>> unit_of("bornes_velo").symbol
    'bornes velo'
    """
    known = UNITS.get(name)
    if known is not None:
        return known
    words = name.replace("_", " ")
    return Unit(fr=words, en=words, symbol=words)
