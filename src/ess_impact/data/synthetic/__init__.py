"""The synthetic example campaign: fictitious everywhere, seeded, with planted faults and canaries."""

from __future__ import annotations

from ess_impact.data.synthetic.canaries import CANARIES
from ess_impact.data.synthetic.example import write_example
from ess_impact.data.synthetic.summary import ExampleSummary, PlantedFault

__all__ = ["CANARIES", "ExampleSummary", "PlantedFault", "write_example"]
