"""What a campaign forgets: raw files past their term (purge), one person wherever she is named (erase)."""

from __future__ import annotations

import hashlib
import hmac
import re
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import openpyxl
import polars as pl
from stdnum.fr import siret as siret_numbers

from ess_impact.data import templates
from ess_impact.data.personal import pseudonyms, shown_file, shown_name
from ess_impact.data.reading import RawTable
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import UsageError
from ess_impact.evaluation.blanking import blank_rows, mentions, sheet_titles, spellings
from ess_impact.evaluation.campaign import Campaign, Submitted
from ess_impact.evaluation.certificates import Certificate, Deletion, write_certificate
from ess_impact.evaluation.leftovers import BY_HAND, MENTION, REWRITTEN, STUCK, Leftovers
from ess_impact.evaluation.outputs import written_files
from ess_impact.evaluation.private_files import write_private
from ess_impact.evaluation.reading_files import FileReading, Reader
from ess_impact.evaluation.register import (
    ERASED,
    PURGED,
    REPORTS,
    Entry,
    mark,
    read_register,
    register_fault,
)
from ess_impact.evaluation.store import STORE, empty, forget
from ess_impact.evaluation.terms import due_on
from ess_impact.text import plural

_ENTERPRISE = re.compile(r"\d{9}(\d{5})?")
_DRAFT = "effacement-"
_ANOMALIES = "anomalies.csv"
Rows = dict[str, set[int]]
_NO_OUTPUT = "aucun dossier de sortie indiqué : les classeurs d'anomalies d'une évaluation n'ont pas été cherchés"


def purge(
    campaign: Campaign,
    *,
    today: date,
    tables: Collection[str] | None = None,
    outputs: Sequence[Path] = (),
    dry_run: bool = False,
) -> Certificate:
    """Delete the raw files whose term has come, what the store keeps of them, and the workbooks made from them.

    Parameters
    ----------
    campaign : Campaign
        The campaign, evaluated at least once: what is not in its register is left alone.
    today : datetime.date
        Files kept until a day before this one are deleted.
    tables : collection of str, optional
        Only files that hold one of these tables.
    outputs : sequence of pathlib.Path, optional
        Output folders of ``evaluate`` or ``check``: the workbooks of anomalies with a sheet about persons, of a table
        whose term has come, are deleted there, whosever they are; a new run writes again those still due.
    dry_run : bool, default False
        Tell what would be deleted, and delete nothing.

    Returns
    -------
    Certificate
        Written in the register, unless nothing was done. Digests, counts, reports and aggregates stay. A file that
        cannot be deleted, and a line of the register that nobody can read, are told there.

    Raises
    ------
    UsageError
        A table that does not exist.
    OSError
        The certificate cannot be written.
    """
    for name in tables or ():
        campaign.catalogue.table(name)
    fault = register_fault(campaign)
    entries = [] if fault else read_register(campaign)
    due, unclear = due_on([one for one in entries if tables is None or set(tables) & set(one.tables.split())], today)
    reader = Reader(catalogue=campaign.catalogue, root=campaign.folder, key=campaign.key())
    # The register bears the names shown, which may not be those of the files.
    paths = {reader.name(one.path): one.path for one in campaign.files()}
    present = [one for one in due if one.fichier in paths and reader.digest(paths[one.fichier]) == one.sha256]
    made = {
        path: Deletion(fichier=_named(path, folder, reader.key), action=REWRITTEN, sha256_avant=_digest(path))
        for folder in outputs
        for path in _workbooks_about_persons(folder, campaign, due)
    }
    to_do = made | {
        paths[one.fichier]: Deletion(
            fichier=one.fichier,
            action=f"supprimé (à conserver jusqu'au {one.conserver_jusqu_au})",
            sha256_avant=one.sha256,
        )
        for one in present
    }
    left = [fault] if fault else list(_unregistered(campaign, entries, reader))
    left += _not_due(campaign, [one for one in due if one.fichier not in paths], unclear)
    left += () if outputs or not due else (_NO_OUTPUT,)
    done = list(to_do.values()) if dry_run else _delete(campaign, due, to_do, left)
    if to_do and not dry_run:
        left += mark(campaign, {(one.fichier, one.sha256_avant) for one in done}, PURGED, today)
    certificate = Certificate(
        kind="purge",
        day=today,
        searched=(
            "fichiers inscrits au registre de la campagne",
            "magasin des lectures (lignes pseudonymisées)",
            *(f"dossier de sortie : {one.name} (classeurs d'anomalies)" for one in outputs),
        ),
        done=tuple(done),
        left=tuple(left),
        executed=not dry_run,
    )
    if to_do and not dry_run:
        write_certificate(campaign, certificate)
    return certificate


def _not_due(campaign: Campaign, others: Sequence[Entry], unclear: Sequence[Entry]) -> Iterator[str]:
    for one in unclear:
        yield f"{one.fichier} : date de conservation illisible au registre, laissé en place"
    for one in others:
        if (campaign.folder / one.fichier).exists():
            yield f"{one.fichier} : inscrit au registre sans être un fichier reçu, laissé en place"


def _delete(
    campaign: Campaign, due: Sequence[Entry], to_do: Mapping[Path, Deletion], left: list[str]
) -> list[Deletion]:
    """Delete files and what the store keeps of them; what could not be goes to ``left``."""
    done: list[Deletion] = []
    try:
        forget(campaign.register_folder / STORE, [one.sha256 for one in due])
    except OSError:
        left.append("magasin des lectures : une lecture n'a pas pu être supprimée")
    for path, one in to_do.items():
        try:
            path.unlink(missing_ok=True)
            done.append(one)
        except OSError:
            left.append(f"{one.fichier} : {STUCK}")
    return done


def _workbooks_about_persons(folder: Path, campaign: Campaign, due: Sequence[Entry]) -> Iterator[Path]:
    """Yield the workbooks of anomalies of an output folder with a sheet of a table about persons that is due."""
    tables = campaign.catalogue.tables
    names = {name for one in due for name in (one.tables.split() or tables)}
    about = [one for name, one in tables.items() if name in names and ColumnType.PERSONNE in one.types().values()]
    titles = set(templates.sheet_titles(about).values())
    for place in (folder / "anomalies", folder):
        # Its list of anomalies tells such a folder from one of files received.
        found = sorted(place.glob("*.xlsx")) if (place / _ANOMALIES).is_file() else ()
        yield from (path for path in found if not path.is_symlink() and titles & set(_sheets(path)))


def _sheets(path: Path) -> list[str]:
    book = openpyxl.load_workbook(path, read_only=True)
    try:
        return list(book.sheetnames)
    finally:
        book.close()


def _named(path: Path, folder: Path, key: bytes) -> str:
    return shown_file(f"{folder.name}/{path.relative_to(folder).as_posix()}", key)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _unregistered(campaign: Campaign, entries: Sequence[Entry], reader: Reader) -> Iterator[str]:
    known = {one.key for one in entries}
    for submitted in campaign.files():
        name = reader.name(submitted.path)
        if (name, reader.digest(submitted.path)) not in known:
            yield f"{name} : pas encore inscrit au registre (lancez ess-impact evaluate), laissé en place"


def erase(
    campaign: Campaign,
    identifier: str,
    *,
    today: date,
    structure: str = "",
    outputs: Sequence[Path] = (),
    dry_run: bool = False,
) -> Certificate:
    """Erase a person from raw files, from the store and from folders of results.

    The rows of the person are emptied in the files received: this is the only case where an original is altered. A
    rewritten file is read again before it replaces the original, and must hold the same rows but those.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    identifier : str
        Identifier of the person as the structure writes it, or its pseudonym (``p-…``).
    today : datetime.date
        Date of the certificate.
    structure : str, optional
        SIRET: erase in the rows of this structure alone, where several use the same identifier for different persons.
    outputs : sequence of pathlib.Path, optional
        Output folders of ``evaluate`` or ``check``: what names the person there is deleted, a new run writes it again.
    dry_run : bool, default False
        Tell what would be done, and do nothing.

    Returns
    -------
    Certificate
        Written in the register, even when nothing was found, unless ``dry_run``.

    Raises
    ------
    UsageError
        An empty identifier, the SIREN or SIRET of an enterprise, or, without a structure, an identifier that several
        structures use: nobody knows whether it is the same person. A structure that is no SIRET, or an output folder
        that is none.
    OSError
        The certificate cannot be written.
    """
    word = identifier.strip()
    if not word or _ENTERPRISE.fullmatch(word):
        raise UsageError(
            "identifiant d'une personne attendu",
            fix="Pour retirer l'envoi d'une structure, supprimez son classeur du dossier.",
        )
    structure = _siret(structure)
    written = {folder: written_files(folder, campaign.folder) for folder in outputs}
    key = campaign.key()
    pseudonym = str(pseudonyms(pl.Series([word]), key)[0])
    reader = Reader(catalogue=campaign.catalogue, root=campaign.folder, key=key)
    others = Leftovers(word=word, pseudonym=pseudonym, key=key, dry_run=dry_run, left=[])
    search = _Search(reader, others, structure)
    found = [search.find(submitted) for submitted in campaign.files()]
    _refuse_shared(found, structure)
    done = [one for place in found for one in search.in_file(place)]
    others.beside(campaign)
    done += others.in_reports(campaign.register_folder / REPORTS)
    done += [one for folder, paths in written.items() for one in others.in_output(folder, paths)]
    if not dry_run:
        rewritten = {(one.fichier, one.sha256_avant) for one in done if one.sha256_apres}
        others.left.extend(mark(campaign, rewritten, ERASED, today))
    certificate = Certificate(
        kind="effacement",
        day=today,
        searched=(*_searched(structure, outputs, word), _emptied(campaign, others)),
        done=tuple(done),
        left=tuple(others.left),
        reference=hmac.digest(key, f"effacement {pseudonym}".encode(), "sha256").hex()[:24],
        executed=not dry_run,
    )
    if not dry_run:
        write_certificate(campaign, certificate)
    return certificate


def _searched(structure: str, outputs: Sequence[Path], word: str) -> tuple[str, ...]:
    only = f", lignes de la structure {structure} seulement" if structure else ""
    found = [f"fichiers reçus : colonnes qui désignent des personnes{only}"]
    if len(word) >= MENTION:
        found.append("fichiers reçus : mentions ailleurs dans le texte, signalées sans être effacées")
        found.append("rapports gardés au registre : mentions masquées")
    return (*found, *(f"dossier de sortie : {one.name}" for one in outputs))


def _emptied(campaign: Campaign, others: Leftovers) -> str:
    """Empty the store and tell it: a new run fills it again."""
    if others.dry_run:
        return "magasin des lectures : sera vidé, une nouvelle évaluation le reconstitue"
    deleted, faults = empty(campaign.register_folder / STORE)
    others.left.extend(faults)
    return f"magasin des lectures : {plural(deleted, 'lecture supprimée', 'lectures supprimées')}"


def _siret(text: str) -> str:
    number = re.sub(r"\s", "", text)
    if text and not siret_numbers.is_valid(number):
        raise UsageError("SIRET de structure invalide", fix="Recopiez ses 14 chiffres après --structure.")
    return number


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """Rows of a file where a person is named, by sheet: those asked for, all of them, how many are nearly so."""

    submitted: Submitted
    reading: FileReading
    rows: Rows
    everywhere: Rows
    owners: frozenset[str]
    near: int
    readable: bool


def _refuse_shared(found: Sequence[_Found], structure: str) -> None:
    owners = {owner for one in found for owner in one.owners}
    if len(owners) > 1 and not structure:
        raise UsageError(
            f"cet identifiant figure dans les lignes de {len(owners)} structures : ce peut être plusieurs personnes",
            fix="Indiquez celle qui fait la demande avec --structure SIRET.",
        )


class _Search:
    """Where a person is named, and what is done about it."""

    def __init__(self, reader: Reader, others: Leftovers, structure: str) -> None:
        self._reader, self._others, self._structure = reader, others, structure
        self._dry_run, self.left = others.dry_run, others.left
        short = others.word not in others.words
        self._near = pseudonyms(
            pl.Series(spellings(others.word) if short else [], dtype=pl.String), reader.key
        ).to_list()

    def find(self, submitted: Submitted) -> _Found:
        reading = self._reader.read(submitted)
        named = [self._of_person(one, [self._others.pseudonym]) for one in reading.tables]
        near = sum(self._of_person(one, self._near).height for one in reading.tables) if self._near else 0
        everywhere = _places(named)
        mine = pl.any_horizontal(pl.col("_owner", "_written") == self._structure)
        asked = [one.filter(mine) for one in named] if self._structure else named
        return _Found(
            submitted=submitted,
            # A campaign may have thousands of files: only those to rewrite are kept.
            reading=reading if everywhere else replace(reading, tables=()),
            rows=_places(asked),
            everywhere=everywhere,
            owners=frozenset(owner for one in named for owner in one["_owner"] if owner),
            near=near,
            readable=any(one.frame.height for one in reading.tables),
        )

    def in_file(self, found: _Found) -> Iterator[Deletion]:
        reading, rows, digest = found.reading, found.rows, found.reading.sha256
        if not digest:
            self.left.append(f"{reading.file} : fichier illisible ou hors du dossier, non cherché")
            return
        raw = found.submitted.path.read_bytes()
        emptied = blank_rows(raw, self._by_title(raw, rows)) if rows else raw
        if rows and not self._dry_run and not self._replaced(found, emptied):
            self.left.append(f"{reading.file} : {_count(rows)} ligne(s) à retirer à la main, réécriture impossible")
            return
        if rows:
            after = hashlib.sha256(emptied).hexdigest()
            yield Deletion(
                fichier=reading.file, action="réécrit", lignes=_count(rows), sha256_avant=digest, sha256_apres=after
            )
        others = _count(found.everywhere) - _count(rows)
        if others:
            told = f"{others} ligne(s) où il est présent aussi chez une autre structure, non demandé"
            self.left.append(f"{reading.file} : {told}")
        rest = blank_rows(raw, self._by_title(raw, found.everywhere)) if found.everywhere else raw
        places = sum(mentions(rest, word) for word in self._others.words)
        if places:
            self.left.append(f"{reading.file} : {places} mention(s) hors des colonnes de personnes")
        self._others.near(reading.file, rest)
        if found.near:
            self.left.append(f"{reading.file} : {found.near} ligne(s) d'un identifiant proche, à vérifier")
        if not found.readable:
            self.left.append(f"{reading.file} : illisible ou vide, {BY_HAND}")

    def _by_title(self, raw: bytes, rows: dict[str, set[int]]) -> dict[str, set[int]]:
        """Give sheets their own titles back, in place of those shown."""
        shown = {shown_name(title, self._reader.key): title for title in sheet_titles(raw)}
        return {shown.get(sheet, sheet): found for sheet, found in rows.items()}

    @staticmethod
    def _of_person(one: RawTable, wanted: Sequence[str]) -> pl.DataFrame:
        """Rows where the person is named, and whose they are: the sender's of a workbook, else the owner written."""
        types, frame = one.table.types(), one.frame
        persons = [name for name in frame.columns if types.get(name) is ColumnType.PERSONNE]
        named = pl.any_horizontal(pl.lit(False), *(pl.col(name).is_in(wanted) for name in persons))
        owner = pl.col(one.table.owner) if one.table.owner in frame.columns else pl.lit("")
        written = owner.str.replace_all(r"\s", "").fill_null("").alias("_written")
        sender = pl.when(pl.col("_sender") != "").then("_sender").otherwise(written).alias("_owner")
        return frame.filter(named).select("_sheet", "_row", sender, written)

    def _replaced(self, found: _Found, emptied: bytes) -> bool:
        """Put the rewritten file in place of the original, once it is read again and found to hold the rest."""
        path = found.submitted.path
        draft = path.with_name(f"{_DRAFT}{path.name}")
        try:
            write_private(draft, emptied)
            after = self._reader.read(replace(found.submitted, path=draft))
            if not _same_but(found.reading, after, found.rows):
                return False
            shutil.copystat(path, draft)
            draft.replace(path)
            return True
        except OSError:
            return False
        finally:
            with suppress(OSError):
                draft.unlink(missing_ok=True)


def _places(frames: Sequence[pl.DataFrame]) -> Rows:
    found: Rows = {}
    for frame in frames:
        for sheet, row in frame.select("_sheet", "_row").rows():
            found.setdefault(sheet or "", set()).add(row)
    return found


def _same_but(before: FileReading, after: FileReading, rows: Rows) -> bool:
    left = {one.table.id: one.frame for one in after.tables}
    for one in before.tables:
        gone = pl.any_horizontal(
            pl.lit(False), *((pl.col("_sheet") == sheet) & pl.col("_row").is_in(found) for sheet, found in rows.items())
        )
        kept = one.frame.filter(~gone).drop("_file")
        if one.table.id not in left or not kept.equals(left[one.table.id].drop("_file")):
            return False
    return True


def _count(rows: Rows) -> int:
    return sum(len(found) for found in rows.values())
