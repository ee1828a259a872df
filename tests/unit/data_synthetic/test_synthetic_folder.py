"""Where the example may be written, and its papers."""

from pathlib import Path

import pytest

from ess_impact.data.synthetic import write_example
from ess_impact.data.synthetic.folder import CAMPAIGN, NOTICE
from ess_impact.data.synthetic.identifiers import fictitious_sirets
from ess_impact.definitions.yaml_source import parse_yaml
from ess_impact.errors import UsageError

SHIPPED = Path(__file__).resolve().parents[3] / "examples" / "pas_de_calais"


@pytest.mark.parametrize("scale", [0, -1, 1.5])
def test_a_scale_out_of_range_is_refused(tmp_path, scale):
    with pytest.raises(UsageError, match="échelle"):
        write_example(tmp_path / "x", scale=scale)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("content", ["departement: '62'\n", "# synthetique: true\n"])
def test_a_real_campaign_is_never_touched(tmp_path, content):
    (tmp_path / "campagne.yaml").write_text(content)
    with pytest.raises(UsageError, match="autre chose"):
        write_example(tmp_path, scale=0.01)
    assert [path.name for path in tmp_path.iterdir()] == ["campagne.yaml"]


def test_a_file_in_the_way_is_refused(tmp_path):
    (tmp_path / "x").write_text("")
    with pytest.raises(UsageError, match="fichier porte déjà"):
        write_example(tmp_path / "x", scale=0.01)


def test_what_a_person_added_to_an_example_stays(catalogue, tmp_path):
    (tmp_path / "campagne.yaml").write_text(CAMPAIGN, encoding="utf-8")
    (tmp_path / "structures").mkdir()
    (tmp_path / "structures" / "notes.txt").write_text("à garder")
    write_example(tmp_path, scale=0.01, catalogue=catalogue)
    assert (tmp_path / "structures" / "notes.txt").read_text() == "à garder"


def test_the_key_is_public_readable_by_its_owner_and_has_a_notice(small):
    path = small.folder / "cle.txt"
    notice, key = path.read_text(encoding="utf-8").splitlines()
    assert notice.startswith("# Clé publique")
    assert len(bytes.fromhex(key)) == 32
    assert path.stat().st_mode & 0o077 == 0


def test_settings_follow_the_contract():
    settings = parse_yaml(CAMPAIGN, Path("campagne.yaml")).data
    assert settings["synthetique"] == "true"
    assert (settings["departement"], settings["campagne"], settings["date_reference"]) == ("62", "2025", "2026-03-31")


@pytest.mark.parametrize(("name", "content"), [("campagne.yaml", CAMPAIGN), ("README.md", NOTICE)])
def test_the_shipped_papers_are_those_written(name, content):
    assert (SHIPPED / name).read_text(encoding="utf-8") == content


def test_an_identifier_outside_the_fictitious_range_is_refused():
    with pytest.raises(UsageError, match="plage"):
        fictitious_sirets([10_000], [1])
