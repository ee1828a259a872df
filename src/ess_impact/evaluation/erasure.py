"""What a campaign forgets: raw files past their term (purge), one person wherever she is named (erase)."""

from __future__ import annotations

import hashlib
import hmac
import re
import shutil
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl

from ess_impact.data.personal import pseudonyms
from ess_impact.data.reading import RawTable
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import UsageError
from ess_impact.evaluation.blanking import blank_rows, mentions
from ess_impact.evaluation.campaign import Campaign, Submitted
from ess_impact.evaluation.certificates import Certificate, Deletion, write_certificate
from ess_impact.evaluation.private_files import write_private
from ess_impact.evaluation.reading_files import FileReading, Reader
from ess_impact.evaluation.register import ERASED, PURGED, Entry, read_register, write_register
from ess_impact.evaluation.store import STORE, forget

_MENTION = 5
"""Characters from which an identifier is looked for outside the columns of persons: shorter, it is any number."""
_ENTERPRISE = re.compile(r"\d{9}(\d{5})?")
_DRAFT = "effacement-"
_REWRITTEN = "supprimé (une nouvelle évaluation le réécrit)"


def purge(
    campaign: Campaign, *, today: date, tables: Collection[str] | None = None, dry_run: bool = False
) -> Certificate:
    """Delete the raw files whose term has come, and what the store keeps of them.

    Parameters
    ----------
    campaign : Campaign
        The campaign, evaluated at least once: what is not in its register is left alone.
    today : datetime.date
        Files kept until a day before this one are deleted.
    tables : collection of str, optional
        Only files that hold one of these tables.
    dry_run : bool, default False
        Tell what would be deleted, and delete nothing.

    Returns
    -------
    Certificate
        Written in the register, unless nothing was done. Digests, counts, reports and aggregates stay.

    Raises
    ------
    UsageError
        A table that does not exist.
    OSError
        A file that cannot be deleted.
    """
    for name in tables or ():
        campaign.catalogue.table(name)
    entries = read_register(campaign)
    due = [one for one in entries if _is_due(one, today) and (tables is None or set(tables) & set(one.tables.split()))]
    reader = Reader(catalogue=campaign.catalogue, root=campaign.folder, key=campaign.key())
    present = [one for one in due if reader.digest(campaign.folder / one.fichier) == one.sha256]
    certificate = Certificate(
        kind="purge",
        day=today,
        searched=("fichiers inscrits au registre de la campagne", "magasin des lectures (lignes pseudonymisées)"),
        done=tuple(
            Deletion(
                fichier=one.fichier,
                action=f"supprimé (à conserver jusqu'au {one.conserver_jusqu_au})",
                sha256_avant=one.sha256,
            )
            for one in present
        ),
        left=tuple(_unregistered(campaign, entries, reader)),
        executed=not dry_run,
    )
    if dry_run:
        return certificate
    forget(campaign.register_folder / STORE, [one.sha256 for one in due])
    for one in present:
        (campaign.folder / one.fichier).unlink()
    if present:
        gone = {one.key for one in present}
        day = today.isoformat()
        write_register(
            campaign, [replace(one, etat=PURGED, efface_le=day) if one.key in gone else one for one in entries]
        )
        write_certificate(campaign, certificate)
    return certificate


def _is_due(one: Entry, today: date) -> bool:
    return bool(one.conserver_jusqu_au and one.sha256) and one.conserver_jusqu_au < today.isoformat()


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
        An empty identifier, or the SIREN or SIRET of an enterprise.
    OSError
        A file that cannot be written to.
    """
    word = identifier.strip()
    if not word or _ENTERPRISE.fullmatch(word):
        raise UsageError(
            "identifiant d'une personne attendu",
            fix="Pour retirer l'envoi d'une structure, supprimez son classeur du dossier.",
        )
    key = campaign.key()
    pseudonym = str(pseudonyms(pl.Series([word]), key)[0])
    reader = Reader(catalogue=campaign.catalogue, root=campaign.folder, key=key)
    search = _Search(reader, word, pseudonym, structure, dry_run=dry_run)
    done = [one for submitted in campaign.files() for one in search.in_file(submitted)]
    done += [one for folder in outputs for one in search.in_output(folder)]
    certificate = Certificate(
        kind="effacement",
        day=today,
        searched=_searched(structure, outputs, word),
        done=tuple(done),
        left=tuple(search.left),
        reference=hmac.digest(key, f"effacement {pseudonym}".encode(), "sha256").hex()[:24],
        executed=not dry_run,
    )
    if not dry_run:
        _forget_all(campaign)
        _note(campaign, done, today)
        write_certificate(campaign, certificate)
    return certificate


def _searched(structure: str, outputs: Sequence[Path], word: str) -> tuple[str, ...]:
    only = f", lignes de la structure {structure} seulement" if structure else ""
    found = [f"fichiers reçus : colonnes qui désignent des personnes{only}"]
    if len(word) >= _MENTION:
        found.append("fichiers reçus : mentions ailleurs dans le texte, signalées sans être effacées")
    found += [
        "magasin des lectures : vidé, il sera reconstitué",
        *(f"dossier de sortie : {one.name}" for one in outputs),
    ]
    return tuple(found)


class _Search:
    """Where a person is named, and what is done about it."""

    def __init__(self, reader: Reader, word: str, pseudonym: str, structure: str, *, dry_run: bool) -> None:
        self._reader, self._words, self._pseudonym = reader, (word, pseudonym), pseudonym
        self._structure, self._dry_run = structure, dry_run
        self.left: list[str] = []

    def in_file(self, submitted: Submitted) -> Iterator[Deletion]:
        reading = self._reader.read(submitted)
        rows = self._rows(reading)
        digest = reading.sha256
        if not digest:
            self.left.append(f"{reading.file} : fichier illisible ou hors du dossier, non cherché")
            return
        raw = submitted.path.read_bytes()
        emptied = blank_rows(raw, rows) if rows else raw
        if rows and not self._dry_run and not self._replaced(submitted, reading, rows, emptied):
            self.left.append(f"{reading.file} : {_count(rows)} ligne(s) à retirer à la main, réécriture impossible")
            return
        if rows:
            after = hashlib.sha256(emptied).hexdigest()
            yield Deletion(
                fichier=reading.file, action="réécrit", lignes=_count(rows), sha256_avant=digest, sha256_apres=after
            )
        places = sum(mentions(emptied, word) for word in set(self._words) if len(word) >= _MENTION)
        if places:
            self.left.append(f"{reading.file} : {places} mention(s) hors des colonnes de personnes")

    def in_output(self, folder: Path) -> Iterator[Deletion]:
        for path in sorted(folder.rglob("*")):
            words = {word for word in self._words if len(word) >= _MENTION}
            if path.is_file() and not path.is_symlink() and any(mentions(path.read_bytes(), word) for word in words):
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                if not self._dry_run:
                    path.unlink()
                name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
                yield Deletion(
                    fichier=name, action="supprimé (une nouvelle évaluation le réécrit)", sha256_avant=digest
                )

    def _rows(self, reading: FileReading) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for one in reading.tables:
            for sheet, row in self._of_person(one).select("_sheet", "_row").rows():
                found.setdefault(sheet or "", set()).add(row)
        return found

    def _of_person(self, one: RawTable) -> pl.DataFrame:
        types, frame = one.table.types(), one.frame
        persons = [name for name in frame.columns if types.get(name) is ColumnType.PERSONNE]
        if not persons:
            return frame.clear()
        named = pl.any_horizontal(pl.col(name) == self._pseudonym for name in persons)
        if self._structure:
            owner = pl.col(one.table.owner) if one.table.owner in frame.columns else pl.lit("")
            mine = owner.str.replace_all(r"\s", "") == self._structure
            named &= mine | (pl.col("_sender") == self._structure)
        return frame.filter(named)

    def _replaced(self, submitted: Submitted, before: FileReading, rows: dict[str, set[int]], emptied: bytes) -> bool:
        """Put the rewritten file in place of the original, once it is read again and found to hold the rest."""
        path = submitted.path
        draft = path.with_name(f"{_DRAFT}{path.name}")
        try:
            write_private(draft, emptied)
            after = self._reader.read(replace(submitted, path=draft))
            if not _same_but(before, after, rows):
                return False
            shutil.copystat(path, draft)
            draft.replace(path)
            return True
        finally:
            draft.unlink(missing_ok=True)


def _same_but(before: FileReading, after: FileReading, rows: dict[str, set[int]]) -> bool:
    left = {one.table.id: one.frame for one in after.tables}
    for one in before.tables:
        gone = pl.any_horizontal(
            pl.lit(False), *((pl.col("_sheet") == sheet) & pl.col("_row").is_in(found) for sheet, found in rows.items())
        )
        kept = one.frame.filter(~gone).drop("_file")
        if one.table.id not in left or not kept.equals(left[one.table.id].drop("_file")):
            return False
    return True


def _count(rows: dict[str, set[int]]) -> int:
    return sum(len(found) for found in rows.values())


def _forget_all(campaign: Campaign) -> None:
    """Empty the store, drafts of an interrupted run included: a new run fills it again."""
    shutil.rmtree(campaign.register_folder / STORE, ignore_errors=True)


def _note(campaign: Campaign, done: Sequence[Deletion], today: date) -> None:
    changed = {(one.fichier, one.sha256_avant) for one in done if one.sha256_apres}
    entries = read_register(campaign)
    if not changed or not entries:
        return
    day = today.isoformat()
    write_register(
        campaign, [replace(one, etat=ERASED, efface_le=day) if one.key in changed else one for one in entries]
    )
