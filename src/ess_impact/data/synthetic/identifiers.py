"""Fictitious identifiers that pass every checksum and that nobody can hold."""

# SIREN numbers of the example lie between 0000 0001 x and 0000 9999 x. The French register starts above (its first
# rows read 000199968 and 000325175), so that none of these can meet a real enterprise; they stay valid under the Luhn
# rule. RNA numbers start with W00, a registry office that does not exist; commune codes start with F.

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ess_impact.errors import UsageError

Integers = NDArray[np.int64]

STRUCTURES_FROM = 1
BUYERS_FROM = 6_000
GRANTER = 6_100
RESTAURANTS_FROM = 6_200
HOLDERS_FROM = 6_300
CANTEENS_FROM = 7_000
LAST_SERIAL = 9_999


def fictitious_sirens(serials: Sequence[int] | Integers) -> list[str]:
    """Return valid SIREN numbers below the first number of the register.

    Parameters
    ----------
    serials : array-like of int, shape (n,)
        Between 1 and 9 999.

    Returns
    -------
    list of str, length n
        Nine digits each.

    Raises
    ------
    UsageError
        A serial outside the fictitious range.

    Examples
    --------
    >>> fictitious_sirens([1, 2])
    ['000000018', '000000026']
    """
    values = _in_range(serials, LAST_SERIAL)
    return [f"{value:09d}" for value in _with_check_digit(values, 8).tolist()]


def fictitious_sirets(serials: Sequence[int] | Integers, places: Sequence[int] | Integers) -> list[str]:
    """Return valid SIRET numbers of fictitious enterprises.

    Parameters
    ----------
    serials : array-like of int, shape (n,)
        Serial of the enterprise, between 1 and 9 999.
    places : array-like of int, shape (n,)
        Rank of the establishment in its enterprise, between 1 and 9 999.

    Returns
    -------
    list of str, length n
        Fourteen digits each.

    Raises
    ------
    UsageError
        A number outside the fictitious range.

    Examples
    --------
    >>> fictitious_sirets([1, 1], [1, 2])
    ['00000001800010', '00000001800028']
    """
    sirens = _with_check_digit(_in_range(serials, LAST_SERIAL), 8)
    values = _with_check_digit(sirens * 10_000 + _in_range(places, 9_999), 13)
    return [f"{value:014d}" for value in values.tolist()]


def fictitious_rnas(serials: Sequence[int] | Integers) -> list[str]:
    """Return RNA numbers of a registry office that does not exist.

    Parameters
    ----------
    serials : array-like of int, shape (n,)
        Serial of the association.

    Returns
    -------
    list of str, length n
        ``W`` and nine digits.

    Examples
    --------
    >>> fictitious_rnas([12])
    ['W000000012']
    """
    return [f"W{int(serial):09d}" for serial in serials]


def spaced(siret: str) -> str:
    """Write a SIRET as people do, in groups of three digits.

    Parameters
    ----------
    siret : str
        Fourteen digits.

    Returns
    -------
    str
        The same with spaces.

    Examples
    --------
    >>> spaced("00000001800010")
    '000 000 018 00010'
    """
    return f"{siret[:3]} {siret[3:6]} {siret[6:9]} {siret[9:]}"


def with_wrong_digit(number: str) -> str:
    """Change the last digit, which no Luhn number survives.

    Parameters
    ----------
    number : str
        A valid number.

    Returns
    -------
    str
        An invalid one of the same length.

    Examples
    --------
    >>> with_wrong_digit("00000001800010")
    '00000001800011'
    """
    return f"{number[:-1]}{(int(number[-1]) + 1) % 10}"


def _in_range(serials: Sequence[int] | Integers, last: int) -> Integers:
    values = np.asarray(serials, dtype=np.int64)
    if values.size and (int(values.min()) < 1 or int(values.max()) > last):
        raise UsageError(f"numéro fictif hors de la plage 1 à {last}", fix="Réduisez l'échelle de l'exemple.")
    return values


def _with_check_digit(bases: Integers, length: int) -> Integers:
    total = np.zeros_like(bases)
    for power in range(length):
        digits = (bases // 10**power) % 10
        doubled = digits * 2 if power % 2 == 0 else digits
        total += doubled - 9 * (doubled > 9)
    return bases * 10 + (-total) % 10
