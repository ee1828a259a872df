"""A structure confirms an alerte in the workbook it was sent: it is not asked again, unless the value changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from openpyxl import load_workbook

RULE = "etp_eleve_pour_effectif"


def _alertes(out: Path) -> list[str]:
    found = pd.read_csv(out / "anomalies/anomalies.csv", sep=";", dtype=str, keep_default_na=False)
    return found[found["rule"] == RULE]["siret"].tolist()


def test_a_confirmed_alerte_does_not_come_back_until_its_value_changes(
    ess_impact: Callable, small_campaign: Callable, row: Callable, sirets: tuple[str, ...], tmp_path: Path
) -> None:
    doubtful = {"effectif": 3, "etp": "16"}
    structures = [row(siret, **(doubtful if siret == sirets[0] else {})) for siret in sirets]
    folder, out = small_campaign(structures=structures), tmp_path / "out"

    def evaluated() -> list[str]:
        done = ess_impact("evaluate", folder, "--out", out, "--no-book")
        assert done.returncode == 0, done.stderr
        return _alertes(out)

    assert evaluated() == [sirets[0]]
    book = load_workbook(out / f"anomalies/{sirets[0]}.xlsx")
    sheet = book["Structures et emplois"]
    titles = [cell.value.removesuffix(" *") for cell in sheet[1]]
    sheet.cell(2, titles.index("Confirmer (oui)") + 1).value = "oui"
    book.save(folder / f"structures/{sirets[0]}.xlsx")
    assert evaluated() == []
    assert json.loads((out / "results/provenance.json").read_text(encoding="utf-8"))["alertes_confirmees"] == 1
    assert evaluated() == [], "what was confirmed is still so when the file comes from the store"

    sheet.cell(2, titles.index("Équivalents temps plein (ETP)") + 1).value = "18"
    book.save(folder / f"structures/{sirets[0]}.xlsx")
    assert evaluated() == [sirets[0]]
