"""A campaign of 3 500 workbooks: time and memory of a first run, of a second one, and after ten changes.

Run with ``python bench/submissions.py [NUMBER]``; every workbook carries a fault, so that each is sent back.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import openpyxl
import polars as pl

from ess_impact.data.synthetic.establishments import draw_establishments, yearly_answers
from ess_impact.data.synthetic.folder import prepare_folder, write_papers
from ess_impact.data.synthetic.senders import Senders, draw_senders, write_senders
from ess_impact.data.synthetic.workbooks import Headings
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.evaluation.gathering import processors
from ess_impact.report.run import run_campaign

WORKBOOKS, CHANGED, BUDGET = 3_500, 10, 180
FAULTY = pl.when(annee=2024).then(pl.lit("peut-être")).otherwise("evaluation_impact").alias("evaluation_impact")


def write_campaign(folder: Path, number: int) -> None:
    """Write a campaign of workbooks, each with one unknown code, some damaged."""
    prepare_folder(folder)
    everyone = draw_establishments(62, number + 60, number, 60)
    drawn = draw_senders(62, everyone, yearly_answers(62, everyone))
    senders = Senders(
        frame=drawn.frame, tables=drawn.tables | {"structures": drawn.tables["structures"].with_columns(FAULTY)}
    )
    tables = Catalogue.load().tables
    write_senders(folder, senders, Headings.of([tables[name] for name in drawn.tables]))
    write_papers(folder)
    settings = folder / "campagne.yaml"
    lines = settings.read_text(encoding="utf-8").splitlines()
    settings.write_text("\n".join(line for line in lines if not line.startswith("attendus")), encoding="utf-8")


def change(folder: Path, number: int) -> None:
    """Correct a few workbooks, as structures that resubmit do."""
    for path in sorted((folder / "structures").glob("*.xlsx"))[-number:]:
        book = openpyxl.load_workbook(path)
        book.worksheets[0]["A3"] = "corrigé"
        book.save(path)


def once(folder: Path, out: Path) -> None:
    """Evaluate in this process; print what it took."""
    start = time.perf_counter()
    outcome = run_campaign(folder, out, book=False, processes=processors())
    used = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    facts = {
        "wall": time.perf_counter() - start,
        "cpu": sum(one.ru_utime + one.ru_stime for one in used),
        "peak": [round(one.ru_maxrss / 1024) for one in used],
        "steps": {name: round(wall, 1) for name, wall, _ in outcome.steps},
        "sent_back": outcome.workbooks,
        "refused": outcome.files_refused,
    }
    print(json.dumps(facts))


def main() -> None:
    """Print one line for each run; fail beyond the budget."""
    if sys.argv[1:2] == ["--once"]:
        once(Path(sys.argv[2]), Path(sys.argv[3]))
        return
    number = int(sys.argv[1]) if sys.argv[1:] else WORKBOOKS
    with tempfile.TemporaryDirectory() as place:
        folder, out = Path(place) / "campagne", Path(place) / "sortie"
        write_campaign(folder, number)
        print(f"{number} workbooks, {processors()} processors, load {os.getloadavg()[0]:.1f}")
        for title in ("first run", "nothing changed", f"{CHANGED} changed"):
            if title.startswith(str(CHANGED)):
                change(folder, CHANGED)
            command = [sys.executable, __file__, "--once", str(folder), str(out)]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            facts = json.loads(done.stdout.splitlines()[-1])
            memory = f"peak {facts['peak'][0]} MiB, of a reading process {facts['peak'][1]} MiB"
            print(f"{title:<16} {facts['wall']:6.1f} s wall {facts['cpu']:6.1f} s cpu  {memory}  {facts['steps']}")
            print(f"{'':<16} {facts['sent_back']} workbooks sent back, {facts['refused']} files refused")
            if facts["wall"] > BUDGET * number / WORKBOOKS:
                sys.exit(f"{title}: over the budget of {BUDGET} s for {WORKBOOKS} workbooks")


if __name__ == "__main__":
    main()
