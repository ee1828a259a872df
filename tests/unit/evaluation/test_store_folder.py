"""The folder of the store: what is not its own stays, what lies elsewhere is not touched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.evaluation.campaign import Campaign, Settings, Submitted
from ess_impact.evaluation.reading_files import FileReading
from ess_impact.evaluation.register import keep_reports
from ess_impact.evaluation.store import Store, empty, fingerprint, forget, readings

CATALOGUE = Catalogue.load()
KEY = b"cle publique des tests"
DIGEST = "0" * 64


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    fields = {"departement": "62", "campagne": 2025, "plan": "pas_de_calais", "date_reference": "2026-03-31"}
    folder = tmp_path / "campagne"
    folder.mkdir()
    plan = CATALOGUE.plan("pas_de_calais")
    return Campaign(folder=folder, settings=Settings.model_validate(fields), catalogue=CATALOGUE, plan=plan)


def _filled(store: Store) -> Path:
    submitted = Submitted(path=Path("structures/a.xlsx"), folder="structures", form="classeur")
    path = store.path(submitted, DIGEST)
    store.keep(path, FileReading(file="a", sha256=DIGEST))
    return path


def test_what_is_not_a_reading_stays(campaign: Campaign) -> None:
    store = Store.of(campaign, KEY, writable=True)
    path = _filled(store)
    (store.folder / "@eaDir").mkdir()
    (store.folder / "autre.arrow").write_bytes(b"x")
    (store.folder / path.name.replace("0" * 64, "1" * 64)).symlink_to(path)
    assert readings(store.folder) == [path]
    store.prune([])
    assert sorted(one.name for one in store.folder.iterdir())[1:] == ["@eaDir", "autre.arrow"]
    assert empty(store.folder) == (0, ["magasin des lectures : 2 élément(s) qui n'en viennent pas, laissés en place"])


@pytest.mark.parametrize("name", ["registre", "registre/magasin"])
def test_a_link_is_no_store(campaign: Campaign, tmp_path: Path, name: str) -> None:
    moved, link = tmp_path / "ailleurs", campaign.folder / name
    path = _filled(Store.of(campaign, KEY, writable=True))
    link.rename(moved)
    link.symlink_to(moved)
    store = Store.of(campaign, KEY, writable=True)
    assert not store.writable
    assert store.load(path) is None
    replace(store, writable=True).prune([])
    assert forget(store.folder, [DIGEST]) == 0
    keep_reports(campaign, [path])
    deleted, left = empty(store.folder)
    assert (deleted, len(left)) == (0, 1)
    assert "lien" in left[0]
    assert len(list(moved.rglob("*.arrow"))) == 1


def test_other_lists_are_another_store() -> None:
    charts = CATALOGUE.codelists["comptes_communs"]
    fewer = charts.model_copy(update={"codes": charts.codes[1:]})
    other = replace(CATALOGUE, codelists={**CATALOGUE.codelists, "comptes_communs": fewer})
    assert fingerprint(other, KEY) != fingerprint(CATALOGUE, KEY)
