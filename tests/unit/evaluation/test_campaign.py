"""A campaign: settings, definitions, plan, key and files, before any data is read."""

from __future__ import annotations

import stat
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.errors import DefinitionError, EssImpactError, ReadingError, UsageError
from ess_impact.evaluation.campaign import Campaign, Settings, classify

CATALOGUE = Catalogue.load()
SETTINGS = {"departement": '"62"', "campagne": "2025", "plan": "pas_de_calais", "date_reference": "2026-03-31"}
PLAN = """id: {name}
name: {{fr: Plan}}
territory: {{fr: Ici}}
departement: "62"
source: essai
objectives:
  - id: o1
    name: {{fr: Un}}
    short: {{fr: Un}}
    indicators:
      - {{indicator: {indicator}}}
"""

Opened = Callable[..., Campaign]


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Opened:
    """Open a campaign folder written on the spot, the shipped catalogue loaded once for all."""
    real = Catalogue.load
    monkeypatch.setattr(Catalogue, "load", lambda *extra: real(*extra) if extra else CATALOGUE)

    def open_(**settings: str) -> Campaign:
        lines = [f"{name}: {value}" for name, value in (SETTINGS | settings).items() if value]
        (tmp_path / "campagne.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return Campaign.open(tmp_path)

    return open_


def test_settings_have_defaults(opened: Opened) -> None:
    campaign = opened()
    found = campaign.settings
    assert (found.departement, found.campagne, found.date_reference) == ("62", 2025, date(2026, 3, 31))
    assert (found.moteur, found.diffusion, found.secret.min_count, found.synthetique) == ("duckdb", "public", 5, False)
    assert campaign.plan.id == "pas_de_calais"
    assert campaign.expected_path is None


def test_settings_are_read(opened: Opened) -> None:
    found = opened(secret="{min_count: 11}", diffusion="cdess", synthetique="true", attendus="services/liste.csv")
    assert (found.settings.secret.min_count, found.settings.diffusion, found.settings.synthetique) == (
        11,
        "cdess",
        True,
    )
    assert found.expected_path == (found.folder / "services" / "liste.csv").resolve()


@pytest.mark.parametrize("code", ["01", "2A", "974", "F62"])
def test_codes_of_departements(code: str) -> None:
    fields: dict[str, Any] = {"departement": code, "campagne": 2025, "plan": "x", "date_reference": "2026-01-01"}
    assert Settings.model_validate(fields).departement == code


@pytest.mark.parametrize(
    ("name", "value", "line", "words"),
    [
        ("departement", '"6"', 1, "departement"),
        ("departement", '"62a"', 1, "departement"),
        ("campagne", "202", 2, "campagne"),
        ("campagne", "deux", 2, "entier"),
        ("date_reference", "31/03/2026", 4, "AAAA-MM-JJ"),
        ("diffusion", "tous", 5, "structure"),
        ("moteur", "oracle", 5, "duckdb"),
        ("secret", "{min_count: 0}", 5, "min_count"),
        ("secret", "{min_cont: 5}", 5, "min_count"),
        ("synthetique", "peut-être", 5, "true ou false"),
        ("cle_pseudonyme", "cle.txt", 5, "cle_pseudonymes"),
        ("plan", "", 1, "obligatoire"),
    ],
)
def test_settings_that_cannot_be_accepted_name_their_line(
    opened: Opened, name: str, value: str, line: int, words: str
) -> None:
    with pytest.raises(DefinitionError, match=words) as caught:
        opened(**{name: value})
    assert caught.value.where == f"campagne.yaml:{line}"
    assert caught.value.exit_code == 3


def test_a_folder_without_settings_is_no_campaign(tmp_path: Path) -> None:
    with pytest.raises(ReadingError, match=r"campagne\.yaml"):
        Campaign.open(tmp_path)
    with pytest.raises(ReadingError, match="introuvable"):
        Campaign.open(tmp_path / "absent")


def test_a_plan_may_be_a_file_of_the_folder(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "mon_plan.yaml").write_text(PLAN.format(name="mon_plan", indicator="emplois_ess"), encoding="utf-8")
    assert opened(plan="mon_plan.yaml").plan.id == "mon_plan"


def test_a_plan_that_names_what_does_not_exist_says_where(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "mon_plan.yaml").write_text(PLAN.format(name="mon_plan", indicator="emplois_es"), encoding="utf-8")
    with pytest.raises(DefinitionError, match="emplois_ess") as caught:
        opened(plan="mon_plan.yaml")
    assert caught.value.where == "mon_plan.yaml:11"


@pytest.mark.parametrize(("plan", "words"), [("pas_de_calai", "pas_de_calais"), ("absent.yaml", "introuvable")])
def test_a_plan_that_does_not_exist_is_a_bad_definition(opened: Opened, plan: str, words: str) -> None:
    with pytest.raises(DefinitionError, match=words) as caught:
        opened(plan=plan)
    assert caught.value.where == "campagne.yaml:3"


@pytest.mark.parametrize("field", ["plan", "definitions"])
@pytest.mark.parametrize("path", ["../dehors.yaml", "/etc/passwd"])
def test_nothing_is_read_outside_the_folder(opened: Opened, field: str, path: str) -> None:
    with pytest.raises(UsageError, match="sort du dossier") as caught:
        opened(**{field: f"[{path}]" if field == "definitions" else path})
    assert caught.value.where.startswith("campagne.yaml:")


def test_a_link_does_not_lead_outside(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "dehors").symlink_to(tmp_path.parent)
    with pytest.raises(UsageError, match="sort du dossier"):
        opened(definitions="[dehors]")


def test_the_key_and_the_expected_list_stay_inside_too(opened: Opened) -> None:
    with pytest.raises(UsageError, match="sort du dossier"):
        opened(cle_pseudonymes="../cle.txt").key()
    with pytest.raises(UsageError, match="sort du dossier"):
        assert opened(attendus="../liste.csv").expected_path


def test_definitions_of_the_folder_join_the_shipped_ones(opened: Opened, tmp_path: Path) -> None:
    folder = tmp_path / "indicateurs" / "parametres"
    folder.mkdir(parents=True)
    values = "values:\n  - {valid_from: 2020-01-01, value: 3, source: essai}\n"
    text = f"id: seuil_ici\nname: {{fr: Seuil}}\nunit: heures\n{values}"
    (folder / "seuil_ici.yaml").write_text(text, encoding="utf-8")
    catalogue = opened(definitions="[indicateurs]").catalogue
    assert "seuil_ici" in catalogue.parameters
    assert "emplois_ess" in catalogue


def test_absent_definitions_are_said(opened: Opened) -> None:
    with pytest.raises(DefinitionError, match="introuvable"):
        opened(definitions="[absentes]")


def test_a_key_is_created_for_its_owner_alone_and_kept(opened: Opened, tmp_path: Path) -> None:
    campaign = opened()
    key = campaign.key()
    path = tmp_path / "cle.txt"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(key) == 64
    assert campaign.key() == key


def test_two_campaigns_have_two_keys(opened: Opened, tmp_path: Path) -> None:
    first = opened().key()
    (tmp_path / "cle.txt").unlink()
    assert opened().key() != first


@pytest.mark.parametrize(
    ("text", "key"),
    [("# clé publique\n\n  abcdefghijklmnop  \n", b"abcdefghijklmnop"), ("a" * 16 + "\r\n" + "b" * 20, b"b" * 20)],
)
def test_the_key_is_the_last_line_that_is_no_comment(opened: Opened, tmp_path: Path, text: str, key: bytes) -> None:
    (tmp_path / "cle.txt").write_text(text, encoding="utf-8")
    assert opened().key() == key


@pytest.mark.parametrize("text", ["", "court", "# abcdefghijklmnopqrstuvwxyz\n"])
def test_a_key_that_is_too_short_is_refused(opened: Opened, tmp_path: Path, text: str) -> None:
    (tmp_path / "cle.txt").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match="16") as caught:
        opened().key()
    assert "court" not in str(caught.value)


@pytest.mark.parametrize("name", ["secrets/cle.txt", "dossier"])
def test_a_key_that_cannot_be_written_or_read_is_said(opened: Opened, tmp_path: Path, name: str) -> None:
    (tmp_path / "dossier").mkdir()
    with pytest.raises(EssImpactError):
        opened(cle_pseudonymes=name).key()


@pytest.mark.parametrize(
    ("folder", "name", "form", "table"),
    [
        ("structures", "structures.csv", "consolide", "structures"),
        ("structures", "structures_nord.XLSX", "consolide", "structures"),
        ("services", "clauses_2025.tsv", "consolide", "clauses"),
        ("services", "sorties.txt", "consolide", "sorties"),
        ("structures", "00000001800010.xlsx", "classeur", ""),
        ("structures", "structuresnord.csv", "classeur", ""),
        ("services", "structures.pdf", "classeur", ""),
        ("veille", "cantines.csv", "consolide", "cantines"),
        ("veille", "registre-cantines.csv", "officiel", ""),
    ],
)
def test_a_file_is_taken_for_what_its_name_says(folder: str, name: str, form: str, table: str) -> None:
    found = classify(Path(folder) / name, folder, CATALOGUE)
    assert (found.form, found.table, found.folder) == (form, table, folder)


def test_the_longest_table_name_wins() -> None:
    table = CATALOGUE.table("clauses").model_copy(update={"id": "clauses_heures"})
    catalogue = Catalogue(
        indicators={},
        tables=dict(CATALOGUE.tables) | {"clauses_heures": table},
        codelists={},
        parameters={},
        plans={},
        methods={},
    )
    assert classify(Path("clauses_heures_2025.csv"), "services", catalogue).table == "clauses_heures"


def test_files_are_listed_in_order_without_the_hidden_and_the_expected(opened: Opened, tmp_path: Path) -> None:
    names = ["services/sorties.csv", "structures/b.xlsx", "structures/a.xlsx", "structures/.x", "structures/~$a.xlsx",
             "services/structures_attendues.csv", "ailleurs/x.csv", "veille/dossier/y.csv"]  # fmt: skip
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [one.path.relative_to(tmp_path).as_posix() for one in opened().files()]
    assert found == ["structures/a.xlsx", "structures/b.xlsx", "services/sorties.csv"]


def test_the_expected_list_is_no_workbook_whatever_its_name(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "liste.csv").touch()
    assert opened(attendus="services/liste.csv").files() == []
