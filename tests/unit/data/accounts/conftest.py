"""Small ledgers and balances, written as accounting software writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import pytest

from ess_impact.data.accounts import read_accounts
from ess_impact.data.accounts.ledger import FIELDS
from ess_impact.data.anomalies import Anomaly
from ess_impact.data.reading import RawTable
from ess_impact.definitions.catalogue import Catalogue

SIRETS = {"123456782": "12345678200010"}
NAME = "123456782FEC20251231.txt"
YEAR = (
    ("AN", "1", "20250101", "512000", 5_000_00),
    ("AN", "1", "20250101", "106800", -5_000_00),
    ("VE", "2", "20250331", "411000", 1_200_00),
    ("VE", "2", "20250331", "706000", -1_000_00),
    ("VE", "2", "20250331", "445710", -200_00),
    ("AC", "3", "20250410", "607000", 300_10),
    ("AC", "3", "20250410", "401000", -300_10),
    ("OD", "4", "20251231", "641100", 400_00),
    ("OD", "4", "20251231", "421000", -400_00),
)
"""Journal, number, day, account and debit in cents (a credit is negative): products 1 000, charges 700,10."""
CLOSING = (
    ("CL", "5", "20251231", "706000", 1_000_00),
    ("CL", "5", "20251231", "607000", -300_10),
    ("CL", "5", "20251231", "641100", -400_00),
    ("CL", "5", "20251231", "120000", -299_90),
)
Lines = Iterable[tuple[str, str, str, str, int]]


def _amount(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02d}"


def fec_rows(lines: Lines, **texts: str) -> list[dict[str, str]]:
    """Rows of a FEC; ``texts`` fill any field the lines say nothing about."""
    return [
        dict.fromkeys(FIELDS, "")
        | {"JournalLib": "Journal", "CompteLib": "Compte", "EcritureLib": "Écriture", "ValidDate": day}
        | {"PieceRef": number, "PieceDate": day, **texts}
        | {"JournalCode": journal, "EcritureNum": number, "EcritureDate": day, "CompteNum": account}
        | {"Debit": _amount(max(cents, 0)), "Credit": _amount(max(-cents, 0))}
        for journal, number, day, account, cents in lines
    ]


def fec_text(rows: list[dict[str, str]], separator: str = "\t") -> str:
    return "\n".join(separator.join(cells) for cells in ([*rows[0]], *(one.values() for one in rows))) + "\n"


@pytest.fixture(scope="session")
def rows() -> Callable[..., list[dict[str, str]]]:
    return fec_rows


@pytest.fixture(scope="session")
def text() -> Callable[..., str]:
    return fec_text


@pytest.fixture(scope="session")
def year() -> Lines:
    return YEAR


@pytest.fixture(scope="session")
def closing() -> Lines:
    return CLOSING


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a FEC, given as lines, rows or text, and return its path."""

    def written(content: object, name: str = NAME, encoding: str = "utf-8", **texts: str) -> Path:
        body = content
        if not isinstance(body, str):
            made = list(body)
            body = fec_text(made if isinstance(made[0], dict) else fec_rows(made, **texts))
        path = tmp_path / name
        path.write_bytes(body.encode(encoding))
        return path

    return written


@pytest.fixture
def read(catalogue: Catalogue) -> Callable[..., RawTable]:
    return partial(read_accounts, catalogue=catalogue, root=None, sirets=SIRETS)


@pytest.fixture(scope="session")
def amounts() -> Callable[[RawTable], dict[str, str]]:
    return lambda raw: dict(raw.frame.select("poste", "montant").rows()) if raw.frame.height else {}


@pytest.fixture(scope="session")
def faults() -> Callable[[RawTable], list[Anomaly]]:
    """Every fault but the one that says which year and chart were taken."""
    return lambda raw: [one for one in raw.anomalies if one.rule != "exercice_deduit"]
