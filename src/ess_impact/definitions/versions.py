"""Former versions of an indicator, rebuilt as definitions of their own, and the breaks of its series."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from ess_impact.definitions.history import PreviousVersion, SeriesBreak
from ess_impact.definitions.indicators import KINDS, DerivedIndicator, Indicator
from ess_impact.errors import DefinitionError

_OWN = {"previous", "breaks", "replaces", "replaced_by"}
"""Fields of the current definition that a former one does not take."""


def former_version(indicator: Indicator, old: PreviousVersion) -> Indicator:
    """Rebuild a former version: the current definition, with what it said otherwise.

    Parameters
    ----------
    indicator : Indicator
        The current definition.
    old : PreviousVersion
        One of its former versions.

    Returns
    -------
    Indicator
        Typed and validated like any definition; without example, since those of today say what today's figure is.

    Raises
    ------
    DefinitionError
        The fields put together make no valid definition.
    """
    current = indicator.model_dump(mode="json", by_alias=True, exclude=_OWN, exclude_defaults=True)
    changed = old.overrides
    kind = str(changed.get("kind") or indicator.kind)
    if kind not in KINDS:
        raise DefinitionError(f"« kind » inconnu dans une version précédente : « {kind} »")
    own = {one.alias or name for name, one in KINDS[kind].model_fields.items()}
    fields = {name: value for name, value in (current | changed).items() if name in own and value is not None}
    fields |= {"kind": kind, "version": old.version, "valid_from": old.valid_from}
    try:
        rebuilt = KINDS[kind].model_validate(fields)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise DefinitionError(f"version {old.version} impossible ({place} : {first['msg']})") from error
    return rebuilt.model_copy(update={"examples": ()})


def former_versions(indicator: Indicator) -> tuple[Indicator, ...]:
    """Rebuild every former version of an indicator.

    Parameters
    ----------
    indicator : Indicator
        The current definition.

    Returns
    -------
    tuple of Indicator
        The oldest first.
    """
    return tuple(former_version(indicator, old) for old in indicator.previous)


def breaks_of(catalogue: Mapping[str, Indicator], indicator: Indicator) -> tuple[SeriesBreak, ...]:
    """Return the breaks of a series, those of the indicators it is computed from included.

    Parameters
    ----------
    catalogue : mapping of str to Indicator
        Definitions.
    indicator : Indicator
        Any indicator.

    Returns
    -------
    tuple of SeriesBreak
        By date, each once.
    """
    found = dict.fromkeys(indicator.breaks)
    if isinstance(indicator, DerivedIndicator):
        for one in indicator.inputs.values():
            found |= dict.fromkeys(breaks_of(catalogue, catalogue[one.indicator]))
    return tuple(sorted(found, key=lambda one: one.date))
