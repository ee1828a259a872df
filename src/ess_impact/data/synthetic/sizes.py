"""How many of each thing the example holds, at full size or shrunk for tests."""

from __future__ import annotations

from dataclasses import dataclass

from ess_impact.data.synthetic.workbooks import SPOILT
from ess_impact.errors import UsageError

ESTABLISHMENTS = 3_445
WORKBOOKS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Numbers of rows and files; every kind of fault keeps its place at the smallest scale.

    Attributes
    ----------
    establishments : int
        Establishments open in the last year.
    workbooks : int
        Individual ``.xlsx`` workbooks.
    siae : int
        Integration structures.
    exits : int
        Exits over two years.
    enterprises : int
        Enterprises whose accounts are consolidated.
    clauses : int
        Contracts with a clause each year.
    grants : int
        Grants over two years.
    purchases : int
        Purchases over two years.
    helpers : int
        Structures that accompany persons in their mobility.
    reviews : int
        Mobility reviews over two years.
    supporters : int
        Structures that support project holders.
    projects : int
        Rows of project holders over two years.
    tellers : int
        Structures that gather accounts of change.
    labelled : int
        Enterprises engaged in the charter or the label.
    workshops : int
        Vegetable workshops.
    """

    establishments: int
    workbooks: int
    siae: int
    exits: int
    enterprises: int
    clauses: int
    grants: int
    purchases: int
    helpers: int
    reviews: int
    supporters: int
    projects: int
    tellers: int
    labelled: int
    workshops: int = 6

    @classmethod
    def at(cls, scale: float) -> Sizes:
        """Return the sizes at a scale.

        Parameters
        ----------
        scale : float
            Above 0, at most 1.

        Returns
        -------
        Sizes
            Numbers of rows and files.

        Raises
        ------
        UsageError
            A scale out of range.

        Examples
        --------
        >>> Sizes.at(1).establishments
        3445
        """
        if not 0 < scale <= 1:
            raise UsageError(f"échelle hors limites : {scale}", fix="Donnez un nombre au-dessus de 0, jusqu'à 1.")

        def shrunk(full: int, least: int) -> int:
            return max(least, round(full * scale))

        return cls(
            establishments=shrunk(ESTABLISHMENTS, 90),
            workbooks=shrunk(WORKBOOKS, SPOILT + 3),
            siae=shrunk(60, 14),
            exits=shrunk(2_440, 120),
            enterprises=shrunk(20, 6),
            clauses=shrunk(250, 20),
            grants=shrunk(600, 30),
            purchases=shrunk(4_000, 120),
            helpers=shrunk(24, 5),
            reviews=shrunk(1_190, 60),
            supporters=shrunk(22, 6),
            projects=shrunk(1_300, 120),
            tellers=shrunk(36, 8),
            labelled=shrunk(84, 60),
        )
