"""Same seed, same bytes, whatever the machine."""

import os
import subprocess
import sys

from ess_impact.data.synthetic import write_example


def test_two_runs_write_the_same_bytes(small, digests, tmp_path):
    again = write_example(tmp_path / "bis", scale=0.01)
    assert digests(tmp_path / "bis") == digests(small.folder)
    assert again == small.summary


def test_neither_zone_nor_locale_nor_hash_order_shows(small, digests, tmp_path):
    code = f"from ess_impact.data.synthetic import write_example; write_example({str(tmp_path / 'ter')!r}, scale=0.01)"
    other = {"TZ": "Pacific/Auckland", "LC_ALL": "C", "PYTHONHASHSEED": "7", "POLARS_MAX_THREADS": "1"}
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, **other, **paths})
    assert digests(tmp_path / "ter") == digests(small.folder)


def test_writing_again_in_the_same_folder_leaves_nothing_behind(digests, small, catalogue, tmp_path):
    write_example(tmp_path, scale=0.03, catalogue=catalogue)
    write_example(tmp_path, scale=0.01, catalogue=catalogue)
    assert digests(tmp_path) == digests(small.folder)


def test_another_seed_draws_other_figures(small, digests, catalogue, tmp_path):
    write_example(tmp_path, seed=63, scale=0.01, catalogue=catalogue)
    same = {name for name, digest in digests(tmp_path).items() if digests(small.folder).get(name) == digest}
    assert same == {"README.md", "campagne.yaml", "cle.txt"}
