"""What one would write to check the same rows without us: polars by hand, pandera on pandas, frictionless on a file.

Each returns the same report: row, column, rule and value of every fault, in that order.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import polars as pl
from faulty_rows import BOUNDS, CODES

LA_POSTE = "356000000"


# Polars rules by hand.


def luhn(number: pl.Expr, length: int) -> pl.Expr:
    digits = [(number // 10**place) % 10 for place in range(length)]
    return sum((d if n % 2 == 0 else 2 * d - 9 * (d > 4) for n, d in enumerate(digits)), pl.lit(0)) % 10 == 0


def siret_key(cells: pl.Expr) -> pl.Expr:
    number = cells.cast(pl.Int64, strict=False)
    plain = luhn(number, 14) & luhn(number // 100_000, 9)
    total = pl.sum_horizontal((number // 10**place) % 10 for place in range(14))
    post = cells.str.starts_with(LA_POSTE) & (cells != LA_POSTE + "00048")
    return cells.str.contains(r"^\d{14}$") & pl.when(post).then(total % 5 == 0).otherwise(plain)


def hand_rules() -> dict[tuple[str, str], pl.Expr]:
    """(column, rule) to what must hold."""
    found = {("siret", "siret_cle"): siret_key(pl.col("siret"))}
    found[("numero", "valeur_manquante")] = pl.col("numero").is_not_null()
    found |= {(name, "code_inconnu"): pl.col(name).is_in(codes) for name, codes in CODES.items()}
    for name, (low, high) in BOUNDS.items():
        found[(name, "minimum")] = pl.col(name) >= low
        if high is not None:
            found[(name, "maximum")] = pl.col(name) <= high
    key = pl.struct("siret", "numero")
    found[("siret", "doublon")] = pl.col("numero").is_null() | key.is_first_distinct()
    found[("date_sortie", "ordre")] = pl.col("date_sortie") >= pl.col("date_entree")
    found[("femmes", "part")] = pl.col("femmes") <= pl.col("effectif")
    return found


def by_hand(frame: pl.DataFrame) -> pl.DataFrame:
    """Row, column, rule and value of each fault: all rules in one lazy pass, then the failing cells gathered."""
    rules = hand_rules()
    masks = frame.lazy().select(~one.fill_null(True).alias(f"{name}.{rule}") for (name, rule), one in rules.items())
    found = masks.collect()
    lines = []
    for name, rule in rules:
        places = found[f"{name}.{rule}"].arg_true()
        values = frame[name].gather(places).cast(pl.String).fill_null("")
        lines.append(
            pl.DataFrame({"row": places.cast(pl.Int64) + 1, "value": values}).select(
                "row", pl.lit(name).alias("column"), pl.lit(rule).alias("rule"), "value"
            )
        )
    return pl.concat(lines).sort("row", "column", "rule")


# pandera on pandas.


def luhn_of(cells: pd.Series) -> pd.Series:
    """Key of SIRET numbers by numpy on their digits, far cheaper than a function called on each cell."""
    good = cells.str.fullmatch(r"\d{14}").fillna(False).to_numpy()
    digits = np.frombuffer("".join(cells.where(good, "0" * 14)).encode(), dtype=np.uint8).reshape(-1, 14) - 48

    def holds(part: Any) -> Any:
        doubled = part * np.where(np.arange(part.shape[1])[::-1] % 2 == 0, 1, 2).astype(np.uint8)
        return (doubled // 10 + doubled % 10).sum(axis=1) % 10 == 0

    post = (cells.str.startswith(LA_POSTE) & (cells != LA_POSTE + "00048")).to_numpy()
    return pd.Series(good & np.where(post, digits.sum(axis=1) % 5 == 0, holds(digits) & holds(digits[:, :9])))


def pandera_schema() -> Any:
    import pandera.pandas as pa

    columns = {
        "siret": pa.Column(str, pa.Check(luhn_of, name="siret_cle")),
        "numero": pa.Column("Int64"),
        **{name: pa.Column(str, pa.Check.isin(codes, error="code_inconnu")) for name, codes in CODES.items()},
        "date_entree": pa.Column("datetime64[ms]", coerce=True),
        "date_sortie": pa.Column("datetime64[ms]", coerce=True),
        **{name: pa.Column(checks=list(_pandera_bounds(name))) for name in BOUNDS},
        "effectif": pa.Column(int),
        "femmes": pa.Column(int),
    }
    return pa.DataFrameSchema(
        columns,
        checks=[
            pa.Check(lambda rows: rows["date_sortie"] >= rows["date_entree"], name="ordre"),
            pa.Check(lambda rows: rows["femmes"] <= rows["effectif"], name="part"),
            pa.Check(lambda rows: ~rows.duplicated(["siret", "numero"]) | rows["numero"].isna(), name="doublon"),
        ],
    )


def _pandera_bounds(name: str) -> Any:
    import pandera.pandas as pa

    low, high = BOUNDS[name]
    yield pa.Check.ge(low, error="minimum")
    if high is not None:
        yield pa.Check.le(high, error="maximum")


def as_pandas(frame: pl.DataFrame) -> pd.DataFrame:
    return frame.to_pandas().astype({"numero": "Int64"})


def by_pandera(frame: pd.DataFrame, schema: Any) -> set[tuple[int, str]]:
    """Row and rule of each fault: a check on several columns reports every cell of its row."""
    import pandera.pandas as pa

    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        found = error.failure_cases[["index", "check"]].drop_duplicates()
        rules = found["check"].replace({"not_nullable": "valeur_manquante"})
        return set(zip((found["index"] + 1).tolist(), rules.tolist(), strict=True))
    return set()


def read_by_pandas(path: Path) -> pd.DataFrame:
    """Typed rows of a French CSV."""
    frame = pd.read_csv(path, sep=";", decimal=",", dtype={"siret": str, "numero": "Int64"})
    for name in ("date_entree", "date_sortie"):
        frame[name] = pd.to_datetime(frame[name], format="%d/%m/%Y")
    return frame


# frictionless on a file.


def frictionless_resource(path: Path) -> Any:
    from frictionless import Dialect, Resource, Schema
    from frictionless.formats import CsvControl

    fields: list[dict[str, Any]] = [
        {"name": "siret", "type": "string"},
        {"name": "numero", "type": "integer", "constraints": {"required": True}},
        *({"name": name, "type": "string", "constraints": {"enum": list(codes)}} for name, codes in CODES.items()),
        *({"name": name, "type": "date", "format": "%d/%m/%Y"} for name in ("date_entree", "date_sortie")),
        *({"name": name, "type": "number", "decimalChar": ","} for name in ("heures", "montant")),
        *({"name": name, "type": "integer"} for name in ("effectif", "femmes", "annee")),
    ]
    for field in fields:
        low, high = BOUNDS.get(field["name"], (None, None))
        bounds = {"minimum": low, "maximum": high}
        field.setdefault("constraints", {}).update({name: one for name, one in bounds.items() if one is not None})
    schema = Schema.from_descriptor({"fields": fields, "primaryKey": ["siret", "numero"]})
    dialect = Dialect(controls=[CsvControl(delimiter=";")])
    return Resource(path=path.name, basepath=str(path.parent), schema=schema, dialect=dialect)


def by_frictionless(path: Path) -> set[int]:
    """Rows at fault, as the spreadsheet numbers them."""
    from frictionless import Check, Checklist, checks, errors
    from stdnum.fr import siret

    class SiretKey(Check):
        type = "siret"
        Errors: ClassVar = [errors.CellError]

        def validate_row(self, row: Any) -> Any:
            if not siret.is_valid(row["siret"]):
                yield errors.CellError.from_row(row, note="siret", field_name="siret")

    rules = ("date_sortie >= date_entree", "femmes <= effectif")
    asked = Checklist(checks=[SiretKey(), *(checks.row_constraint(formula=one) for one in rules)])
    report = frictionless_resource(path).validate(asked, limit_errors=10**9)
    return {row for (row,) in report.flatten(["rowNumber"])}
