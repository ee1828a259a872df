"""Accounts of an enterprise, by trial balance or FEC, read into the lines of its income statement."""

from ess_impact.data.accounts.doors import one_door
from ess_impact.data.accounts.reading import read_accounts, recognise
from ess_impact.data.accounts.reduction import Reduction, reduce_fec

__all__ = ["Reduction", "one_door", "read_accounts", "recognise", "reduce_fec"]
