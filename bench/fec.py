"""A FEC of half a million lines beside fec_parser: read, checked and summed by account, the same balances to the cent.

The FEC is fictitious: sales, purchases, wages and subsidies, each against the bank, from a fixed seed. Run alone
(``python bench/fec.py``) it takes about five minutes, nearly all of them for the other side.
"""

from __future__ import annotations

import io
import tempfile
import time
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
from fec_parser.analyzer import FECAnalyzer
from fec_parser.version import get_pcg_config
from measuring import RNG_SEED, Line, measure, require

from ess_impact import Catalogue
from ess_impact.data.accounts import read_accounts
from ess_impact.data.accounts.faults import Faults
from ess_impact.data.accounts.ledger import FIELDS
from ess_impact.data.accounts.reading import open_ledger

LINES, REPEATS = 500_000, 3
NAME = "123456782FEC20251231.txt"
SIRETS = {"123456782": "12345678200010"}
CHARGES = ("601000", "606300", "613200", "622600", "641100", "645100", "681120")
PRODUCTS = ("706000", "707000", "708300", "741000", "756100")
AIM = 30


def ledger(lines: int = LINES) -> bytes:
    """Entries of two lines, numbered and dated in order, closed on 31 December 2025."""
    rng = np.random.default_rng(RNG_SEED)
    entries = lines // 2
    frame = pl.DataFrame(
        {
            "number": np.arange(1, entries + 1),
            "account": rng.choice([*CHARGES, *PRODUCTS], entries),
            "cents": rng.integers(1, 2_000_000, entries),
            "day": np.sort(rng.integers(0, 365, entries)),
        }
    )
    charge = pl.col("account").str.starts_with("6")
    amount = pl.format("{},{}", pl.col("cents") // 100, (pl.col("cents") % 100).cast(pl.String).str.zfill(2))
    day = (pl.date(2025, 1, 1) + pl.duration(days="day")).dt.strftime("%Y%m%d")
    shared = {
        "JournalCode": pl.lit("OD"),
        "JournalLib": pl.lit("Opérations diverses"),
        "EcritureNum": pl.col("number").cast(pl.String),
        "EcritureDate": day,
        "CompteLib": pl.lit("Compte fictif"),
        "PieceRef": pl.format("P{}", "number"),
        "PieceDate": day,
        "EcritureLib": pl.format("Écriture fictive {}", "number"),
        "ValidDate": day,
    }

    def side(account: pl.Expr, debited: pl.Expr) -> pl.DataFrame:
        sides = {
            "CompteNum": account,
            "Debit": pl.when(debited).then(amount).otherwise(pl.lit("0,00")),
            "Credit": pl.when(debited).then(pl.lit("0,00")).otherwise(amount),
        }
        fields = shared | sides
        return frame.select("number", *(fields.get(name, pl.lit("")).alias(name) for name in FIELDS))

    rows = pl.concat([side(pl.col("account"), charge), side(pl.lit("512000"), ~charge)]).sort("number").drop("number")
    return rows.write_csv(separator="\t", quote_style="never").encode()


def ours(path: Path, catalogue: Catalogue) -> pl.DataFrame:
    """Everything the product does: read, check every line, tell the closing, sum by line of the statement."""
    return read_accounts(path, catalogue, root=None, sirets=SIRETS).frame


def theirs(raw: bytes) -> dict[str, Decimal]:
    """Credits minus debits of charges and products by account."""
    analyzer = FECAnalyzer(config=get_pcg_config(year=2025))
    analyzer.parse(io.BytesIO(raw))
    return dict(analyzer.computations.sum_ecritures_by_compte)


def balances(raw: bytes) -> dict[str, Decimal]:
    """Return the same balances as the other side, from ours."""
    lines = open_ledger(NAME, raw, Faults(NAME)).kept.filter(pl.col("account").str.contains("^[67]"))
    sums = lines.group_by("account").agg((pl.col("credit") - pl.col("debit")).sum().alias("gap"))
    return {account: Decimal(gap).scaleb(-2) for account, gap in sums.iter_rows()}


def fec_line(lines: int = LINES) -> Line:
    """Measure both sides on the same file, and ask them the same balances."""
    raw, catalogue = ledger(lines), Catalogue.load()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        path.write_bytes(raw)
        mine = measure(lambda: ours(path, catalogue), REPEATS)
    # The other side takes minutes: once, without warming up.
    start = time.process_time()
    found = theirs(raw)
    other = time.process_time() - start
    require(found == balances(raw), "balances of the FEC")
    return Line(subject=f"FEC of {lines:,} lines", peer="fec_parser", ours=mine, theirs=other, aim=f"≤ 1/{AIM}")


if __name__ == "__main__":
    one = fec_line()
    print(f"{one.subject}: {one.ours:.2f} s, {one.peer} {one.theirs:.2f} s, {one.theirs / one.ours:.0f} times faster")
