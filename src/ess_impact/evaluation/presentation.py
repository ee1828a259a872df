"""How results show themselves: the one named exception to the layers, importing ``report`` inside its bodies."""

from __future__ import annotations

from typing import Any


class Presented:
    """Mixin of every result: a sentence, a table, a chart."""

    __slots__ = ()

    def sentence(self) -> str:
        """Return the result in one or several French sentences.

        Returns
        -------
        str
            One sentence per indicator and period, totals only.
        """
        from ess_impact.report.sentences import sentence

        return sentence(self)

    def plot(self) -> Any:
        """Return the chart of the result.

        Returns
        -------
        altair.Chart
            Shown by a notebook.
        """
        from ess_impact.report.charts import plot

        return plot(self)

    def _repr_html_(self) -> str:
        from ess_impact.report.tables import html_table

        return html_table(self)
