"""Indicators: one frozen model per kind, chosen by the ``kind`` of the YAML."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from ess_impact.definitions.history import PreviousVersion, SeriesBreak, check_story
from ess_impact.definitions.vocabulary import Diffusion, Direction, Identifier, Label, Model, Version

Breakdown = tuple[Identifier, ...]
"""One column, or several for a crossing."""


def _as_crossing(value: Any) -> Any:
    if isinstance(value, list):
        return [[one] if isinstance(one, str) else one for one in value]
    return value


class Period(Model):
    """Column that dates a row, and the length of a period."""

    column: Identifier
    grain: Literal["year"] = "year"


class Missing(Model):
    """What becomes of unknown values.

    ``bounds`` prints the values obtained with all of them in, then all out; ``exclude`` only counts them.
    Above ``max_share`` nothing is estimated.
    """

    policy: Literal["bounds", "exclude"] = "bounds"
    max_share: float = Field(default=0.2, ge=0, le=1)


class Floor(Model):
    """Threshold that the agreement of a source asks for, and where it is written."""

    min_count: int = Field(ge=1)
    source: str = Field(min_length=1)


class Secrecy(Model):
    """Which statistical unit is protected, and from how few of them on."""

    unit: Literal["personne", "entreprise", "aucun", "deja_public"]
    min_count: int = Field(default=5, ge=1)
    max_share: float = Field(default=0.85, gt=0, le=1)
    column: Identifier = "siren"
    """Identifier of the enterprise, where enterprises are protected."""
    plancher: Floor | None = Field(default=None, exclude_if=lambda value: value is None)

    @property
    def threshold(self) -> int:
        """Number of persons below which a cell is hidden: the source's own prevails when higher."""
        return max(self.min_count, self.plancher.min_count if self.plancher else 0)


class Source(Model):
    """Where the figures come from."""

    provider: str
    dataset: str
    licence: str | None = None
    url: str | None = None
    rounding: Decimal | None = None
    """Last digit of the published values, where the source rounds them: ranks then carry it."""


class Alignment(Model):
    """A code of another standard, and how near it is."""

    standard: str
    code: str
    relation: Literal["exact", "close", "related", "not_assessed"]


class Expectation(Model):
    """What an example must give; only the written fields are compared."""

    numerator: float | None = None
    denominator: float | None = None
    value: float | None = None
    n: int | None = None
    n_missing: int | None = None
    reason: str | None = None
    breakdown: Identifier | None = None
    modality: str | None = None
    territory: str | None = None


class Example(Model):
    """Rows written as a structure would, and the figure they must give."""

    rows: tuple[dict[str, str | None], ...] = ()
    inputs: dict[str, float | None] | None = None
    """For a derived indicator: value of each input."""
    period: int | None = None
    expect: Expectation


class Measure(Model):
    """One measure: rows kept, and the number summed (1 for each row when absent)."""

    where: str | None = None
    expr: str | None = None


class Distinct(Model):
    """Column whose distinct values are counted."""

    column: Identifier
    where: str | None = None


class _Indicator(Model):
    """Fields every kind shares."""

    id: Identifier
    version: Version
    valid_from: date
    status: Literal["draft", "active", "retired"]
    replaces: Identifier | None = None
    replaced_by: Identifier | None = None
    disponibilite: Literal["ouverte", "collecte", "convention", "a_obtenir", "non_disponible"]
    niveau: Literal["moyen", "realisation", "resultat", "impact"]
    name: Label
    definition: Label
    rationale: Label
    limitations: Label
    unit: Identifier
    direction: Direction = "none"
    diffusion: Diffusion = "public"
    source: Source
    aligned_with: tuple[Alignment, ...] = ()
    method: Identifier | None = None
    a_verifier: tuple[str, ...] = ()
    tags: tuple[Identifier, ...] = ()
    examples: tuple[Example, ...] = Field(min_length=1)
    previous: tuple[PreviousVersion, ...] = ()
    """Former versions, the oldest first: computed beside this one, so that the difference can be read."""
    breaks: tuple[SeriesBreak, ...] = ()
    """Days across which no change is computed and no line is drawn."""

    @model_validator(mode="after")
    def _story_holds(self) -> Self:
        check_story(self.version, self.previous)
        return self

    @model_validator(mode="after")
    def _status_holds(self) -> Self:
        if self.status == "active" and self.disponibilite in ("a_obtenir", "non_disponible"):
            raise ValueError("« active » demande une source que l'on peut atteindre ou collecter")
        if self.niveau == "impact" and not self.a_causal_design:
            raise ValueError("« impact » est réservé aux résultats causaux")
        return self

    @property
    def a_causal_design(self) -> bool:
        """Whether the computation identifies a causal effect: no descriptive kind does."""
        return False


class _Collected(_Indicator):
    """An indicator computed from the rows of one table."""

    table: Identifier
    period: Period
    where: str | None = None
    breakdowns: Annotated[tuple[Breakdown, ...], BeforeValidator(_as_crossing)] = ()
    cluster: Identifier | None = None
    inference: Literal["echantillon", "non_reponse", "superpopulation", "aucune"]
    uncertainty: Identifier = "auto"
    """``auto``, ``none``, or a method of :data:`~ess_impact.definitions.uncertainty.METHODS`."""
    uncertainty_reason: Label | None = None
    missing: Missing = Missing()
    secrecy: Secrecy

    @property
    def additive(self) -> bool:
        """Whether the published sums of separate cells add up to those of their union.

        That is the value of a count or of a sum, the numerator and the denominator of a quotient: only their sums add
        up, never the quotients. Nothing of a median, of a quantile or of a number of distinct values does.
        """
        return not isinstance(self, (Median, Quantile, DistinctCount))

    @model_validator(mode="after")
    def _no_interval_has_a_reason(self) -> Self:
        if self.uncertainty == "none" and self.inference != "aucune" and self.uncertainty_reason is None:
            raise ValueError("« uncertainty: none » demande sa raison (uncertainty_reason)")
        return self


class ValueMeasure(Model):
    """The single measure of a count, a sum, a mean or a quantile."""

    value: Measure


class FractionMeasures(Model):
    """Numerator and denominator."""

    numerator: Measure
    denominator: Measure


class DistinctMeasure(Model):
    """The column counted."""

    value: Distinct


class Count(_Collected):
    """Number of rows."""

    kind: Literal["count"]
    measures: ValueMeasure = ValueMeasure(value=Measure())


class Sum(_Collected):
    """Sum of an amount."""

    kind: Literal["sum"]
    measures: ValueMeasure


class Proportion(_Collected):
    """Share of the rows of the denominator that are also in the numerator."""

    kind: Literal["proportion"]
    measures: FractionMeasures

    @model_validator(mode="after")
    def _counts_rows(self) -> Self:
        if self.measures.numerator.expr or self.measures.denominator.expr:
            raise ValueError("une proportion compte des lignes : seul « where » est admis (sinon kind: ratio)")
        return self


class Ratio(_Collected):
    """Quotient of two sums."""

    kind: Literal["ratio"]
    measures: FractionMeasures


class Rate(_Collected):
    """Events per so many units of exposure."""

    kind: Literal["rate"]
    measures: FractionMeasures
    per: int = Field(default=1000, ge=1)


class Mean(_Collected):
    """Mean of an amount over rows."""

    kind: Literal["mean"]
    measures: ValueMeasure


class Median(_Collected):
    """Median of an amount over rows."""

    kind: Literal["median"]
    measures: ValueMeasure


class Quantile(_Collected):
    """Quantile of an amount over rows."""

    kind: Literal["quantile"]
    measures: ValueMeasure
    quantile: float = Field(gt=0, lt=1)


class DistinctCount(_Collected):
    """Number of distinct values of a column."""

    kind: Literal["distinct"]
    measures: DistinctMeasure


class StandardisedRate(_Collected):
    """Rate standardised on the weights (direct) or reference rates (indirect) of a codelist of strata."""

    kind: Literal["standardised_rate"]
    measures: FractionMeasures
    per: int = Field(default=1000, ge=1)
    strata: Identifier
    reference: Identifier
    standardisation: Literal["direct", "indirect"] = "direct"
    reference_rate: Decimal | None = Field(default=None, gt=0)
    """Crude rate of the reference population, per unit of exposure: an indirect rate is the ratio times it."""

    @model_validator(mode="after")
    def _indirect_has_its_rate(self) -> Self:
        if self.standardisation == "indirect" and self.reference_rate is None:
            raise ValueError("une standardisation indirecte demande le taux brut de la référence (reference_rate)")
        return self


class Qualitative(_Collected):
    """A scale or a text, with who says so: shown and counted, never averaged."""

    kind: Literal["qualitative"]
    measures: DistinctMeasure
    said_by: Label


class Input(Model):
    """An indicator used by a derived one: its total, one modality of a breakdown, or all of them."""

    indicator: Identifier
    breakdown: Identifier | None = None
    modality: str | None = Field(default=None, exclude_if=lambda value: value is None)

    @model_validator(mode="after")
    def _modality_of_a_breakdown(self) -> Self:
        if self.modality is not None and self.breakdown is None:
            raise ValueError("une modalité (modality) est celle d'une ventilation (breakdown)")
        return self

    @property
    def several(self) -> bool:
        """Whether it gives one value per modality, not a single one."""
        return self.breakdown is not None and self.modality is None


def _as_input(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: {"indicator": one} if isinstance(one, str) else one for name, one in value.items()}
    return value


class DerivedIndicator(_Indicator):
    """A figure computed from other results, by a formula or by the function of a method note."""

    kind: Literal["derived"]
    inputs: Annotated[dict[Identifier, Input], BeforeValidator(_as_input)] = Field(alias="from", min_length=1)
    formula: str | None = None

    @model_validator(mode="after")
    def _formula_or_method(self) -> Self:
        if (self.formula is None) == (self.method is None):
            raise ValueError("un indicateur dérivé donne « formula » ou « method », l'un des deux")
        return self


CollectedIndicator = (
    Count | Sum | Proportion | Ratio | Rate | Mean | Median | Quantile | DistinctCount | StandardisedRate | Qualitative
)
Indicator = CollectedIndicator | DerivedIndicator

KINDS: dict[str, type[Indicator]] = {
    "count": Count,
    "sum": Sum,
    "proportion": Proportion,
    "ratio": Ratio,
    "rate": Rate,
    "mean": Mean,
    "median": Median,
    "quantile": Quantile,
    "distinct": DistinctCount,
    "standardised_rate": StandardisedRate,
    "qualitative": Qualitative,
    "derived": DerivedIndicator,
}
"""Model of each kind."""
