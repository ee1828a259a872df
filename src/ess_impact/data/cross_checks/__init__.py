"""Rules over several rows or tables: what one row alone cannot show."""

from ess_impact.data.cross_checks.running import cross_check

__all__ = ["cross_check"]
