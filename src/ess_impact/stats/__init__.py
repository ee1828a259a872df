"""Statistical methods: numpy arrays in, frozen dataclasses out, no dataframe."""

from ess_impact.stats.bounds import missing_bounds
from ess_impact.stats.clusters import (
    ClusterSums,
    design_effect,
    effective_clusters,
    ratio_linearised,
    sum_clusters,
    wilson_cluster,
)
from ess_impact.stats.comparison import difference, location_quotient
from ess_impact.stats.concentration import diversification, diversification_maximum
from ess_impact.stats.intervals import Estimate, Intervals, NotEstimable, Reason
from ess_impact.stats.mean import student
from ess_impact.stats.proportion import wilson
from ess_impact.stats.ranks import Ranks, rank_bounds
from ess_impact.stats.rate import byar, poisson_count
from ess_impact.stats.resampling import bootstrap_quantile, quantile
from ess_impact.stats.standardisation import direct, indirect

__all__ = [
    "ClusterSums",
    "Estimate",
    "Intervals",
    "NotEstimable",
    "Ranks",
    "Reason",
    "bootstrap_quantile",
    "byar",
    "design_effect",
    "difference",
    "direct",
    "diversification",
    "diversification_maximum",
    "effective_clusters",
    "indirect",
    "location_quotient",
    "missing_bounds",
    "poisson_count",
    "quantile",
    "rank_bounds",
    "ratio_linearised",
    "student",
    "sum_clusters",
    "wilson",
    "wilson_cluster",
]
