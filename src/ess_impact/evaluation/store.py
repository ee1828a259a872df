"""The store of a campaign (``registre/magasin``): what each file held, pseudonymised, so that it is read once."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from ess_impact._version import __version__
from ess_impact.data.anomalies import Anomaly
from ess_impact.data.reading import RawTable
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.tables import Table
from ess_impact.evaluation.campaign import Campaign, Submitted
from ess_impact.evaluation.private_files import make_private_folder, write_private
from ess_impact.evaluation.reading_files import FileReading

STORE = "magasin"
_META = b"ess-impact"
_TABLE = "_table"
_SEAL = 32
_SUFFIX = ".arrow"
_OWN = re.compile(r"[0-9a-f]{64}-[0-9a-f]{24}\.arrow|\..*\.arrow\.\d+\.tmp")
"""Names of the readings, and of those an interrupted run left half written."""


def encode(reading: FileReading) -> bytes:
    """Write what a file holds as one Arrow file: rows of all its tables, the rest as JSON in the schema.

    Parameters
    ----------
    reading : FileReading
        Its persons are pseudonyms already.

    Returns
    -------
    bytes
        Arrow IPC file, compressed.
    """
    parts = [one.frame.with_columns(pl.lit(one.table.id).alias(_TABLE)) for one in reading.tables]
    frame = pl.concat(parts, how="diagonal") if parts else pl.DataFrame({_TABLE: []}, schema={_TABLE: pl.String})
    meta = {
        "file": reading.file,
        "sha256": reading.sha256,
        "sender": reading.sender,
        "workbook": reading.workbook,
        "sirets": dict(reading.sirets),
        "anomalies": [asdict(one) for one in reading.anomalies],
        "tables": [_described(one) for one in reading.tables],
    }
    text = json.dumps(meta, ensure_ascii=False, separators=(",", ":")).encode()
    table = frame.to_arrow(compat_level=pl.CompatLevel.oldest()).replace_schema_metadata({_META: text})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def decode(data: bytes, tables: Mapping[str, Table]) -> FileReading:
    """Read back what :func:`encode` wrote.

    Parameters
    ----------
    data : bytes
        Arrow IPC file.
    tables : mapping of str to Table
        Definitions in force when it was written.

    Returns
    -------
    FileReading
        The same.
    """
    content = pa.ipc.open_file(pa.BufferReader(data)).read_all()
    meta = json.loads(content.schema.metadata[_META])
    frame = pl.DataFrame(pl.from_arrow(content.replace_schema_metadata(None)))
    return FileReading(
        file=meta["file"],
        sha256=meta["sha256"],
        sender=meta["sender"],
        workbook=meta["workbook"],
        sirets=meta["sirets"],
        anomalies=_anomalies(meta["anomalies"]),
        tables=tuple(_restored(one, frame, tables) for one in meta["tables"]),
    )


def _described(one: RawTable) -> dict[str, Any]:
    return {
        "id": one.table.id,
        "columns": one.frame.columns,
        "sha256": one.sha256,
        "rows_read": one.rows_read,
        "coercions": one.coercions,
        "conversions": [[file, kind, number] for (file, kind), number in one.conversions.items()],
        "anomalies": [asdict(fault) for fault in one.anomalies],
    }


def _restored(one: dict[str, Any], frame: pl.DataFrame, tables: Mapping[str, Table]) -> RawTable:
    return RawTable(
        table=tables[one["id"]],
        frame=frame.filter(pl.col(_TABLE) == one["id"]).select(one["columns"]),
        anomalies=_anomalies(one["anomalies"]),
        coercions=one["coercions"],
        sha256=one["sha256"],
        rows_read=one["rows_read"],
        conversions={(file, kind): number for file, kind, number in one["conversions"]},
    )


def _anomalies(found: Iterable[dict[str, Any]]) -> tuple[Anomaly, ...]:
    return tuple(Anomaly(**one) for one in found)


@cache
def _software() -> str:
    """Return a digest of the code that reads files: another code may read them otherwise."""
    digest = hashlib.sha256(__version__.encode())
    digest.update((files("ess_impact.evaluation") / "reading_files.py").read_bytes())
    folders = [files("ess_impact.data")]
    while folders:
        for one in sorted(folders.pop().iterdir(), key=lambda entry: entry.name):
            if one.is_dir():
                folders.append(one)
            elif not one.name.endswith(".pyc"):
                digest.update(one.read_bytes())
    return digest.hexdigest()


def fingerprint(catalogue: Catalogue, key: bytes) -> bytes:
    """Return what the readings of a campaign depend on, files apart: definitions, key and software.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions of the tables, and the lists reading looks up: the charts say what a ledger gives.
    key : bytes
        Key of the pseudonyms; it cannot be found again from the fingerprint.

    Returns
    -------
    bytes
        32 bytes.
    """
    definitions = [
        one.model_dump_json()
        for kind in (catalogue.tables, catalogue.codelists, catalogue.parameters)
        for _, one in sorted(kind.items())
    ]
    return hmac.digest(key, json.dumps([_software(), *definitions]).encode(), "sha256")


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Readings kept from one run to the next, one sealed Arrow file for each file read.

    Attributes
    ----------
    folder : pathlib.Path
        Where they lie; readable by its owner alone.
    tables : mapping of str to Table
        Definitions of the tables.
    seal : bytes
        :func:`fingerprint` of the run: what was kept under another one is not read.
    writable : bool
        Whether readings are kept.
    """

    folder: Path
    tables: Mapping[str, Table]
    seal: bytes = field(repr=False)
    writable: bool = True

    @classmethod
    def of(cls, campaign: Campaign, key: bytes, *, writable: bool) -> Store:
        """Open the store of a campaign.

        Parameters
        ----------
        campaign : Campaign
            The campaign.
        key : bytes
            Key of its pseudonyms.
        writable : bool
            Whether readings are to be kept; a folder that cannot be written to, or a link, keeps none.

        Returns
        -------
        Store
            Possibly empty.
        """
        folder = campaign.register_folder / STORE
        writable = writable and not is_linked(folder)
        if writable:
            try:
                make_private_folder(folder)
            except OSError:
                writable = False
        seal = fingerprint(campaign.catalogue, key)
        return cls(folder=folder, tables=campaign.catalogue.tables, seal=seal, writable=writable)

    def path(self, submitted: Submitted, digest: str, neighbours: Sequence[str] = ()) -> Path:
        """Return where the reading of a file lies.

        Parameters
        ----------
        submitted : Submitted
            The file and what it is taken for.
        digest : str
            Digest of its bytes.
        neighbours : sequence of str
            Digests of the files that complete it.

        Returns
        -------
        pathlib.Path
            Its name starts with the digest of the file.
        """
        words = [submitted.path.parent.name, submitted.path.name, submitted.folder, submitted.form, submitted.table]
        address = hmac.digest(self.seal, json.dumps([words, *neighbours]).encode(), "sha256").hex()
        return self.folder / f"{digest}-{address[:24]}{_SUFFIX}"

    def load(self, path: Path) -> FileReading | None:
        """Return a reading kept earlier.

        Parameters
        ----------
        path : pathlib.Path
            Place of the reading.

        Returns
        -------
        FileReading or None
            None when there is none, or when it is damaged: the file is then read again.
        """
        if is_linked(self.folder):
            return None
        try:
            sealed = path.read_bytes()
            data = sealed[_SEAL:]
            if not hmac.compare_digest(sealed[:_SEAL], hmac.digest(self.seal, data, "sha256")):
                return None
            return decode(data, self.tables)
        except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
            return None

    def keep(self, path: Path, reading: FileReading) -> None:
        """Keep a reading, whole or not at all; a full disk costs the next run a reading, nothing else.

        Parameters
        ----------
        path : pathlib.Path
            Place of the reading.
        reading : FileReading
            What the file holds.
        """
        if not self.writable or not reading.sha256 or not path.name.startswith(reading.sha256):
            return
        data = encode(reading)
        with suppress(OSError):
            write_private(path, hmac.digest(self.seal, data, "sha256") + data)

    def prune(self, used: Iterable[Path]) -> None:
        """Delete the readings of files that are no longer there: nothing is kept longer than its file.

        Parameters
        ----------
        used : iterable of pathlib.Path
            Readings of the files of this run.
        """
        if not self.writable:
            return
        kept = set(used)
        for one in readings(self.folder):
            if one not in kept:
                with suppress(OSError):
                    one.unlink(missing_ok=True)


def is_linked(folder: Path) -> bool:
    """Tell whether the store is somewhere else than in the register: what lies there is not its own to delete.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the store.

    Returns
    -------
    bool
        True when the folder, or the register it lies in, is a symbolic link.
    """
    return folder.is_symlink() or folder.parent.is_symlink()


def readings(folder: Path) -> list[Path]:
    """List what the store itself wrote in its folder, unfinished readings included, and nothing else.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the store.

    Returns
    -------
    list of pathlib.Path
        Regular files; empty when the store is a link or cannot be listed.
    """
    if is_linked(folder):
        return []
    try:
        found = sorted(folder.iterdir())
        return [one for one in found if _OWN.fullmatch(one.name) and one.is_file() and not one.is_symlink()]
    except OSError:
        return []


def forget(folder: Path, digests: Iterable[str]) -> int:
    """Delete what the store keeps of some files.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the store.
    digests : iterable of str
        Digests of the files.

    Returns
    -------
    int
        Readings deleted.

    Raises
    ------
    OSError
        A reading that cannot be deleted.
    """
    wanted = {digest for digest in digests if digest}
    found = [one for one in readings(folder) if one.name.partition("-")[0] in wanted]
    for one in found:
        one.unlink(missing_ok=True)
    return len(found)


def empty(folder: Path) -> tuple[int, list[str]]:
    """Delete every reading: a new run fills the store again.

    Parameters
    ----------
    folder : pathlib.Path
        Folder of the store; where it is a link, the link alone is removed.

    Returns
    -------
    int
        Readings deleted.
    list of str
        What could not be done, or must be looked at by a person (French).
    """
    if folder.parent.is_symlink():
        return 0, ["registre : c'est un lien, le magasin qu'il désigne n'a pas été vidé"]
    if folder.is_symlink():
        return 0, [_unlinked(folder)]
    deleted, failed = 0, 0
    for one in readings(folder):
        try:
            one.unlink(missing_ok=True)
            deleted += 1
        except OSError:
            failed += 1
    left = [f"magasin des lectures : {failed} lecture(s) impossible(s) à supprimer"] if failed else []
    others = _others(folder)
    if others:
        left.append(f"magasin des lectures : {others} élément(s) qui n'en viennent pas, laissés en place")
    return deleted, left


def _unlinked(folder: Path) -> str:
    try:
        folder.unlink()
    except OSError:
        return "magasin des lectures : c'est un lien, impossible à retirer ; ce qu'il désigne n'a pas été vidé"
    return "magasin des lectures : c'était un lien, retiré ; ce qu'il désignait n'a pas été vidé"


def _others(folder: Path) -> int:
    try:
        return sum(1 for one in folder.iterdir() if not _OWN.fullmatch(one.name))
    except FileNotFoundError:
        return 0
    except OSError:
        return 1
