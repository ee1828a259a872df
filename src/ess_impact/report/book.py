"""Build the HTML book: pages from the results, charts as SVG, Jupyter Book in a process of its own."""

from __future__ import annotations

import html
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ess_impact._resources import shipped
from ess_impact.definitions.vocabulary import Diffusion
from ess_impact.errors import EssImpactError, MissingExtraError, UsageError
from ess_impact.report.frames import Edition, load_edition

if TYPE_CHECKING:
    from ess_impact.report.writer import Page

BANNER = "Données fictives : les structures, les personnes et les territoires de ce livre n’existent pas."
MARK = ".ess-impact-livre"
"""File that says a folder was written here and may be replaced."""
_LEFT_OUT = (".buildinfo", "objects.inv", "*.map", "_sources")
_LOG_TAIL = 12
_RUN = "from jupyter_book.cli.main import main; main()"


@dataclass(frozen=True, slots=True, kw_only=True)
class BookBuilt:
    """A finished book.

    Attributes
    ----------
    index : pathlib.Path
        First page, opened from the disk.
    pages : tuple of str
        Names of the pages, in order.
    charts : tuple of str
        Indicators that have a chart.
    diffusion : str
        Circle of readers the book is for.
    warnings : tuple of str
        What Sphinx complained about; empty for a sound book.
    """

    index: Path
    pages: tuple[str, ...]
    charts: tuple[str, ...]
    diffusion: Diffusion
    warnings: tuple[str, ...] = ()


def build_book(
    results_dir: str | Path, out: str | Path, *, diffusion: Diffusion = "public", lang: str = "fr"
) -> BookBuilt:
    """Build the HTML book of a results folder.

    Parameters
    ----------
    results_dir : str or pathlib.Path
        Folder written by ``evaluate``.
    out : str or pathlib.Path
        The book is written to ``out/html``, replaced as a whole once complete.
    diffusion : {"structure", "service", "cdess", "public"}, default "public"
        Circle of readers; rows meant for a narrower one are left out.
    lang : {"fr"}, default "fr"
        Language of the book.

    Returns
    -------
    BookBuilt
        Where it is and what it holds.

    Raises
    ------
    ReadingError
        Results absent or unreadable.
    MissingExtraError
        The libraries of the book are not installed.
    UsageError
        Unknown language, or ``out/html`` holds something else.
    EssImpactError
        Jupyter Book failed; its log is kept in ``out/livre.log``.
    """
    if lang != "fr":
        raise UsageError(f"langue « {lang} » indisponible", fix='Le livre existe en français (lang="fr").')
    if importlib.util.find_spec("jupyter_book") is None:
        raise MissingExtraError("le livre demande jupyter-book", fix="Installez-le : pip install 'ess-impact[livre]'.")
    from ess_impact.report.charts import render
    from ess_impact.report.pages import short_title, write_pages

    target = Path(out) / "html"
    _refuse_foreign(target)
    edition = load_edition(results_dir, diffusion)
    pages, charts = write_pages(edition, shipped("book"))
    with tempfile.TemporaryDirectory(prefix="ess-impact-") as temporary:
        work = Path(temporary)
        for page in pages:
            (work / f"{page.name}.md").write_text(page.text, encoding="utf-8")
        (work / "graphiques").mkdir()
        for chart in charts.values():
            (work / "graphiques" / f"{chart.name}.svg").write_text(render(chart), encoding="utf-8")
        shutil.copytree(shipped("book") / "_static", work / "_static")
        _write_yaml(work / "_config.yml", _config(edition, short_title(edition)))
        _write_yaml(work / "_toc.yml", _contents(pages))
        warnings = _run_jupyter_book(work, Path(out))
        _publish(work / "_build" / "html", target)
    return BookBuilt(
        index=target / "index.html",
        pages=tuple(page.name for page in pages),
        charts=tuple(charts),
        diffusion=diffusion,
        warnings=warnings,
    )


def _refuse_foreign(target: Path) -> None:
    if target.exists() and not (target / MARK).is_file() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(
            "le dossier du livre contient autre chose", where=str(target), fix="Choisissez un autre dossier de sortie."
        )


def _write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(dict(content), allow_unicode=True, sort_keys=False), encoding="utf-8")


def _config(edition: Edition, title: str) -> dict[str, Any]:
    """Complete the shipped settings with the title, the banner and the footer of this edition."""
    config: dict[str, Any] = yaml.safe_load((shipped("book") / "_config.yml").read_text(encoding="utf-8"))
    provenance = edition.provenance
    footer = f"ess-impact {provenance.version} – empreinte des résultats : {edition.digest[:12]}"
    config |= {"title": title, "author": "", "copyright": "", "logo": ""}
    sphinx = config["sphinx"]["config"]
    sphinx["html_title"] = title
    sphinx["html_theme_options"]["extra_footer"] = f'<p class="pied">{html.escape(footer)}</p>'
    if edition.synthetic:
        sphinx["html_theme_options"]["announcement"] = html.escape(BANNER)
    return config


def _contents(pages: Sequence[Page]) -> dict[str, Any]:
    """Arrange pages in the table of contents: the notes on methods go below their list."""
    parts: dict[str, list[dict[str, Any]]] = {}
    for page in pages:
        if not page.part:
            continue
        chapters = parts.setdefault(page.part, [])
        entry = {"file": page.name} | ({"title": page.short} if page.short else {})
        if page.name.startswith("methode-") and chapters:
            chapters[0].setdefault("sections", []).append(entry)
        else:
            chapters.append(entry)
    listed = [{"caption": part, "chapters": chapters} for part, chapters in parts.items()]
    return {"format": "jb-book", "root": "index", "parts": listed}


def _environment() -> dict[str, str]:
    """Return the environment of the build: this very package importable, no clock, no user settings."""
    package = str(Path(__file__).resolve().parents[2])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH", "")])]
    fixed = {"PYTHONPATH": os.pathsep.join(paths), "PYTHONHASHSEED": "0", "SOURCE_DATE_EPOCH": "0", "TZ": "UTC"}
    return {**os.environ, **fixed, "PYTHONIOENCODING": "utf-8", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}


def _run_jupyter_book(work: Path, out: Path) -> tuple[str, ...]:
    command = [sys.executable, "-c", _RUN, "build", str(work), "-q"]
    done = subprocess.run(  # noqa: S603 - our own interpreter, arguments of our own
        command, cwd=work, env=_environment(), capture_output=True, text=True, encoding="utf-8", check=False
    )
    log = f"{done.stdout}\n{done.stderr}".replace(str(work), "").strip()
    if done.returncode == 0 and (work / "_build" / "html" / "index.html").is_file():
        return tuple(line for line in log.splitlines() if "WARNING" in line or "ERROR" in line)
    out.mkdir(parents=True, exist_ok=True)
    kept = out / "livre.log"
    kept.write_text(log + "\n", encoding="utf-8")
    last = " / ".join(line.strip() for line in log.splitlines()[-_LOG_TAIL:] if line.strip())
    raise EssImpactError(f"le livre n'a pas pu être construit : {last}", where=str(kept), fix="Lisez ce journal.")


def _publish(built: Path, target: Path) -> None:
    """Replace the former book as a whole."""
    fresh = target.with_name(f"{target.name}.nouveau")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(built, fresh, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    (fresh / MARK).write_text("Ce dossier est remplacé à chaque construction du livre.\n", encoding="utf-8")
    if target.exists():
        shutil.rmtree(target)
    fresh.rename(target)
