"""Statistical methods: numpy arrays in, frozen dataclasses out, no dataframe."""

from ess_impact.stats.bounds import imbens_manski, missing_bounds
from ess_impact.stats.calibrated import calibrated_quantile, calibrated_ratio, calibrated_share, calibrated_total
from ess_impact.stats.calibration import Calibration, calibrate, kish
from ess_impact.stats.clusters import (
    ClusterSums,
    design_effect,
    effective_clusters,
    ratio_linearised,
    sum_clusters,
    wilson_cluster,
)
from ess_impact.stats.comparison import difference, location_quotient
from ess_impact.stats.concentration import diversification, diversification_maximum, top_share
from ess_impact.stats.finite import finite_population
from ess_impact.stats.intervals import Estimate, Intervals, NotEstimable, Reason
from ess_impact.stats.mean import student
from ess_impact.stats.order import Histograms, histograms, quantile_order, quantile_woodruff
from ess_impact.stats.proportion import clopper_pearson, wilson
from ess_impact.stats.ranks import Ranks, rank_bounds
from ess_impact.stats.rate import byar, poisson_count
from ess_impact.stats.ratio import fieller
from ess_impact.stats.resampling import bca_quantile, bootstrap_quantile, bootstrap_ratio, quantile
from ess_impact.stats.robust import logit_robust, rao_scott
from ess_impact.stats.standardisation import direct, indirect

__all__ = [
    "Calibration",
    "ClusterSums",
    "Estimate",
    "Histograms",
    "Intervals",
    "NotEstimable",
    "Ranks",
    "Reason",
    "bca_quantile",
    "bootstrap_quantile",
    "bootstrap_ratio",
    "byar",
    "calibrate",
    "calibrated_quantile",
    "calibrated_ratio",
    "calibrated_share",
    "calibrated_total",
    "clopper_pearson",
    "design_effect",
    "difference",
    "direct",
    "diversification",
    "diversification_maximum",
    "effective_clusters",
    "fieller",
    "finite_population",
    "histograms",
    "imbens_manski",
    "indirect",
    "kish",
    "location_quotient",
    "logit_robust",
    "missing_bounds",
    "poisson_count",
    "quantile",
    "quantile_order",
    "quantile_woodruff",
    "rank_bounds",
    "rao_scott",
    "ratio_linearised",
    "student",
    "sum_clusters",
    "top_share",
    "wilson",
    "wilson_cluster",
]
