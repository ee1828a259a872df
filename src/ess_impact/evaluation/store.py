"""The store of a campaign (``registre/magasin``): what each file held, pseudonymised, so that it is read once."""

from __future__ import annotations

import hashlib
import hmac
import json
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
from ess_impact.definitions.tables import Table
from ess_impact.evaluation.campaign import Campaign, Submitted
from ess_impact.evaluation.private_files import make_private_folder, write_private
from ess_impact.evaluation.reading_files import FileReading

STORE = "magasin"
_META = b"ess-impact"
_TABLE = "_table"
_SEAL = 32
_SUFFIX = ".arrow"


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
    folders = [files("ess_impact.data")]
    while folders:
        for one in sorted(folders.pop().iterdir(), key=lambda entry: entry.name):
            if one.is_dir():
                folders.append(one)
            elif one.name.endswith(".py"):
                digest.update(one.read_bytes())
    return digest.hexdigest()


def fingerprint(tables: Mapping[str, Table], key: bytes) -> bytes:
    """Return what the readings of a campaign depend on, files apart: definitions, key and software.

    Parameters
    ----------
    tables : mapping of str to Table
        Definitions of the tables.
    key : bytes
        Key of the pseudonyms; it cannot be found again from the fingerprint.

    Returns
    -------
    bytes
        32 bytes.
    """
    definitions = [tables[name].model_dump_json() for name in sorted(tables)]
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
            Whether readings are to be kept; a folder that cannot be written to keeps none.

        Returns
        -------
        Store
            Possibly empty.
        """
        tables = campaign.catalogue.tables
        folder = campaign.register_folder / STORE
        if writable:
            try:
                make_private_folder(folder)
            except OSError:
                writable = False
        return cls(folder=folder, tables=tables, seal=fingerprint(tables, key), writable=writable)

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
        for one in self.folder.glob("*"):
            if one not in kept:
                one.unlink(missing_ok=True)


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
    """
    wanted = {digest for digest in digests if digest}
    found = [one for one in folder.glob(f"*{_SUFFIX}") if one.name.partition("-")[0] in wanted]
    for one in found:
        one.unlink(missing_ok=True)
    return len(found)
