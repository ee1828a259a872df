"""The ledger of the domain notes: published figures, whatever its form, closed or not, reduced or not."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from ess_impact.data.accounts import read_accounts, recognise, reduce_fec
from ess_impact.data.reading import RawTable
from ess_impact.definitions.catalogue import Catalogue

NAME = "123456782FEC20251231.txt"
FORMS = (NAME, "123456782FEC20251231_pipe_latin9.txt")
SIRETS = {"123456782": "12345678200010"}


@pytest.fixture(scope="module")
def folder() -> Path:
    """Folder of the ledgers, never copied into the repository."""
    found = Path(__file__).resolve().parents[3] / "shared" / "data" / "fec"
    if not (found / NAME).is_file():
        pytest.skip("FEC d'essai absent de ../shared/data/fec")
    return found


@pytest.fixture(scope="module")
def expected(folder: Path) -> dict[str, int]:
    return json.loads((folder / "expected_sig.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def read():
    return partial(read_accounts, catalogue=Catalogue.load(), root=None, sirets=SIRETS)


def _figures(raw: RawTable) -> dict[str, Decimal]:
    """Formulas of the domain notes, on the lines of the statement."""
    lines = {poste: Decimal(amount.replace(",", ".")) for poste, amount in raw.frame.select("poste", "montant").rows()}

    def total(*postes: str) -> Decimal:
        return sum((lines.get(one, Decimal(0)) for one in postes), Decimal(0))

    pcg = total("70", "71", "72") - total("60", "61", "62")
    result = total("70", "71", "72", "73", "74", "75", "76", "77", "78", "79")
    result -= total("60", "61", "62", "63", "64", "65", "66", "67", "68", "69")
    reversals = total("781", "786", "787", "789") - total("681", "686", "687", "689")
    disposals = total("757", "775", "7671") - total("657", "675", "6671")
    return {
        "marge_commerciale": total("707") - total("607", "6037"),
        "production": total("70", "71", "72") - total("707"),
        "consommations_tiers": total("60", "61", "62") - total("607", "6037"),
        "valeur_ajoutee_pcg": pcg,
        "va_assoc_with_cotisations": pcg + total("756"),
        "va_cout_facteurs": pcg - total("63") + total("73", "74") - total("747"),
        "ebe": pcg + total("73", "74") - total("747") - total("63", "64"),
        "autres_produits_75": total("75"),
        "resultat_net": result,
        "caf": result - reversals - total("747", "777") - disposals,
        "va_non_marchande_cout_des_facteurs": total("63", "64", "6811", "6812"),
        "benevolat_864": total("864"),
        "va_bdf_hors_interim": pcg + total("621"),
    }


@pytest.mark.parametrize("name", FORMS)
def test_published_figures(name: str, folder: Path, expected, read) -> None:
    assert recognise(folder / name)
    raw = read(folder / name)
    assert _figures(raw) == expected
    assert [one.rule for one in raw.anomalies] == ["exercice_deduit"]
    assert "Plan associatif (ANC 2018-06)" in raw.anomalies[0].message


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("key", [None, b"une cle assez longue"])
def test_reduced(name: str, key: bytes | None, folder: Path, expected, read, tmp_path: Path) -> None:
    done = reduce_fec(folder / name, tmp_path, key=key)
    assert _figures(read(done.path)) == expected
    written = done.path.read_text(encoding="utf-8")
    assert not [one for one in ("Ferme locale", "Commune", "Bailleur", "Interim", "F001") if one in written]


@pytest.mark.parametrize("name", FORMS)
def test_closed(name: str, folder: Path, expected, read, tmp_path: Path) -> None:
    """The same ledger exported after its closing entries, written from its own balances."""
    path = tmp_path / name
    shutil.copyfile(folder / name, path)
    separator = "|" if "pipe" in name else "\t"
    nets: dict[str, int] = {}
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        cells = line.split(separator)
        nets[cells[4]] = nets.get(cells[4], 0) + int(cells[11].replace(",", "")) - int(cells[12].replace(",", ""))
    closing = {account: -cents for account, cents in nets.items() if account[0] in "67"}
    lines = [*closing.items(), ("120000", -sum(closing.values()))]
    with path.open("a", encoding="utf-8") as stream:
        for account, cents in lines:
            sides = [f"{abs(cents) // 100},{abs(cents) % 100:02d}" if cents * sign > 0 else "0,00" for sign in (1, -1)]
            cells = ["CL", "Clôture", "CL1", "20251231", account, "Solde", "", "", "CL1", "20251231", "Solde", *sides]
            stream.write(separator.join([*cells, "", "", "20251231", "", ""]) + "\n")
    raw = read(path)
    assert _figures(raw) == expected
    assert "ecritures_de_cloture" in [one.rule for one in raw.anomalies]
