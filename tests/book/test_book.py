"""The built book: offline, honest, labelled, escaped, reproducible."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from book_factory import HOSTILE, figures, write_results

from ess_impact.errors import EssImpactError, ReadingError, UnknownNameError, UsageError
from ess_impact.report import book
from ess_impact.report.book import BookBuilt, build_book
from ess_impact.report.frames import load_edition
from ess_impact.report.pages import write_pages
from ess_impact.text import format_value

Text = Callable[[str], str]
LOADING = {"script": "src", "link": "href", "img": "src", "iframe": "src", "source": "src", "object": "data"}


class Reader(HTMLParser):
    """Collect what a page loads, its links, its anchors and its images."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.images: list[dict[str, str | None]] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag in LOADING and found.get(LOADING[tag]) and found.get("rel") != "canonical":
            self.loaded.append(str(found[LOADING[tag]]))
        if tag == "a" and found.get("href"):
            self.links.append(str(found["href"]))
        if tag == "img":
            self.images.append(found)
        self.ids |= {str(value) for name, value in attrs if name == "id"}
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


def pages(built: BookBuilt) -> Iterator[tuple[Path, str, Reader]]:
    for path in sorted(built.index.parent.glob("*.html")):
        reader, text = Reader(), path.read_text(encoding="utf-8")
        reader.feed(text)
        yield path, text, reader


def test_sphinx_complains_of_nothing(built: BookBuilt) -> None:
    assert built.warnings == ()


def test_no_page_loads_anything_from_outside(built: BookBuilt) -> None:
    for path, text, reader in pages(built):
        assert [one for one in reader.loaded if re.match(r"(?:https?:)?//", one)] == [], path.name
        assert not re.search(r"mathjax|thebe|cdn\.|unpkg|jsdelivr", text, re.IGNORECASE), path.name
    styles = built.index.parent.rglob("*.css")
    assert not [one.name for one in styles if re.search(r"(?:@import|url\()\s*['\"]?https?:", one.read_text("utf-8"))]


def test_every_inner_link_arrives(built: BookBuilt) -> None:
    known = {path.name: reader.ids for path, _, reader in pages(built)}
    for path, _, reader in pages(built):
        for link in reader.links:
            if not re.match(r"https?:|mailto:", link):
                page, _, anchor = link.partition("#")
                assert (page or path.name) in known, (path.name, link)
                assert not anchor or anchor in known[page or path.name], (path.name, link)


def test_every_page_says_the_data_are_fictitious(built: BookBuilt) -> None:
    assert [path.name for path, text, _ in pages(built) if "Données fictives" not in text] == []


def test_every_chart_says_it_too_and_has_words(built: BookBuilt) -> None:
    drawings = sorted((built.index.parent / "_images").glob("*.svg"))
    assert {one.stem for one in drawings} == set(built.charts)
    for one in drawings:
        text = one.read_text(encoding="utf-8").split("</desc>")[1]
        assert "Données fictives" in text
        assert not re.search(r"\d\.\d{3}", "".join(re.findall(r"<[^>]+>", text)))
    images = [one for _, _, reader in pages(built) for one in reader.images]
    assert len(images) == len(drawings)
    assert all(len(str(one["alt"])) > 40 for one in images)


@pytest.mark.parametrize(
    ("page", "value", "unit"),
    [
        ("index", 0.62, "pourcent"),
        ("index", 41307, "emplois"),
        ("objectif-o1-talents", 0.62, "pourcent"),
        ("objectif-o2-valeur", 0.671, "pourcent"),
        ("theme-veille", 1.26, "indice"),
        ("autres-indicateurs", 182.5, "jours"),
        ("indicateurs", 41307, "emplois"),
    ],
)
def test_figures_are_those_of_the_results(said: Text, page: str, value: float, unit: str) -> None:
    shown = said(page).replace("\u00a0", " ")
    assert format_value(value, unit).replace("\u00a0", " ") in shown


def test_every_published_total_is_in_the_index_of_indicators(said: Text, results: Path) -> None:
    edition = load_edition(results)
    shown = said("indicateurs")
    for view in edition.views.values():
        if view.headline is not None and view.headline.value is not None:
            assert format_value(view.headline.value, view.headline.unit) in shown


def test_a_changed_value_changes_the_page(tmp_path: Path) -> None:
    rows = [row | {"value": 0.99} if row["indicator"] == "part_femmes" else row for row in figures()]
    changed, _ = write_pages(load_edition(write_results(tmp_path / "r", rows)), Path("book"))
    texts = {page.name: page.text for page in changed}
    assert "99,0\u202f%" in texts["objectif-o2-valeur"]
    assert "67,1" not in texts["objectif-o2-valeur"]


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("objectif-o1-talents", "de 58,0\u202f% à 66,0\u202f%"),
        ("objectif-o1-talents", "il couvre l’aléa dû aux réponses qui manquent"),
        ("objectif-o1-talents", "secret statistique"),
        ("objectif-o1-talents", "non renseigné"),
        ("objectif-o1-talents", "(seuil national, pas un objectif voté"),
        ("objectif-o1-talents", "chez les 3\u202f120\u00a0répondants"),
        ("objectif-o1-talents", "«\u00a048 390 emplois\u00a0»"),
        ("objectif-o1-talents", "millésime non indiqué"),
        ("objectif-o1-talents", "Pas d’intervalle\u00a0: ce qui est reçu est compté en entier"),
        ("objectif-o2-valeur", "trop de réponses sont inconnues"),
        ("objectif-o2-valeur", "près de 100\u202f000\u202fh"),
        ("objectif-o2-valeur", "Aucune donnée dans cette campagne"),
        ("theme-veille", "Rang 13 sur 40"),
        ("theme-veille", "plus de 13\u202f%"),
        ("qualite", "325\u00a0structures n’ont rien envoyé"),
        ("qualite", "effectif négatif"),
        ("sources", "Liste des motifs de retrait."),
        ("methode-intervalle-wilson", "Taux de sorties dynamiques"),
    ],
)
def test_pages_say(said: Text, page: str, words: str) -> None:
    assert words in said(page)


def test_no_page_of_figures_says_more_than_it_knows(built: BookBuilt, said: Text) -> None:
    for page in built.pages:
        words = said(page).lower()
        assert not re.search("marge d.erreur", words), page
        if page.startswith(("objectif", "theme", "autres", "index")):
            assert "impact" not in words.replace("ess-impact", ""), page


@pytest.mark.parametrize("name", HOSTILE.values())
def test_hostile_names_are_shown_and_do_nothing(source: Text, said: Text, name: str) -> None:
    assert " ".join(name.split()) in " ".join(said("objectif-o1-talents").split())
    assert "<script>alert" not in source("objectif-o1-talents")
    assert 'href="javascript' not in source("objectif-o1-talents")


def test_no_page_carries_a_handler(built: BookBuilt) -> None:
    assert [path.name for path, _, reader in pages(built) if reader.handlers] == []


def test_formulas_are_mathml(built: BookBuilt, source: Text, said: Text) -> None:
    assert source("methode-intervalle-wilson").count("<math") > 4
    assert [page for page in built.pages if "$" in said(page) and page != "objectif-o1-talents"] == []


def test_what_is_meant_for_fewer_readers_is_left_out(built: BookBuilt, results: Path) -> None:
    assert not any("987\u00a0structures" in text or "réservé à la CDESS" in text for _, text, _ in pages(built))
    inner, _ = write_pages(load_edition(results, "cdess"), Path("book"))
    assert any("987\u00a0structures" in page.text for page in inner)


def test_workbooks_of_single_structures_are_not_named(built: BookBuilt) -> None:
    assert not any("Atelier Secret" in text for _, text, _ in pages(built))


def test_interface_is_french(source: Text) -> None:
    assert '<html lang="fr"' in source("index")
    assert "Recherche" in source("index")
    assert not re.search(r"Powered by|Next|Previous|Search this", source("index").split("<body")[1].split("<script")[0])


def test_two_builds_give_the_same_bytes(built: BookBuilt, results: Path, tmp_path: Path) -> None:
    again = build_book(results, tmp_path / "encore").index.parent
    first = built.index.parent
    names = sorted(str(one.relative_to(first)) for one in first.rglob("*") if one.is_file())
    assert names == sorted(str(one.relative_to(again)) for one in again.rglob("*") if one.is_file())
    assert [name for name in names if (first / name).read_bytes() != (again / name).read_bytes()] == []


def test_real_data_carry_no_banner(results: Path, tmp_path: Path) -> None:
    rows = [row | {"synthetic": False} for row in figures()]
    edition = load_edition(write_results(tmp_path / "r", rows, synthetique=False))
    texts, charts = write_pages(edition, Path("book"))
    assert not edition.synthetic
    assert not any("fictives" in page.text for page in texts)
    assert not any("fictives" in str(chart.spec) for chart in charts.values())


def test_a_folder_with_something_else_is_refused(results: Path, tmp_path: Path) -> None:
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "notes.txt").write_text("à garder")
    with pytest.raises(UsageError, match="autre chose"):
        build_book(results, tmp_path)
    assert (tmp_path / "html" / "notes.txt").read_text() == "à garder"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [({"lang": "en"}, UsageError), ({"diffusion": "tout_le_monde"}, UnknownNameError)],
)
def test_wrong_options_are_refused(
    results: Path, tmp_path: Path, wrong: dict[str, str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        build_book(results, tmp_path, **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("absent", ["indicateurs.parquet", "provenance.json", "definitions"])
def test_incomplete_results_are_named(results: Path, tmp_path: Path, absent: str) -> None:
    copy = shutil.copytree(results, tmp_path / "r")
    target = copy / absent
    shutil.rmtree(target) if target.is_dir() else target.unlink()
    with pytest.raises(ReadingError, match=re.escape(absent)):
        build_book(copy, tmp_path / "livre")


def test_a_failed_build_keeps_its_log(results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(book, "_RUN", "raise SystemExit('panne du moteur')")
    with pytest.raises(EssImpactError, match="panne du moteur"):
        build_book(results, tmp_path)
    assert "panne du moteur" in (tmp_path / "livre.log").read_text(encoding="utf-8")
    assert not (tmp_path / "html").exists()
