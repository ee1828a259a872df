"""Processes that read workbooks: each has its own pipe, so that the file on which one dies is known."""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from ess_impact.evaluation.campaign import Submitted
from ess_impact.evaluation.reading_files import FileReading, Reader, interrupted_reading
from ess_impact.evaluation.store import Store, decode, encode

_READY = b"pret"


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """A file on its way.

    Attributes
    ----------
    submitted : Submitted
        The file.
    kept : pathlib.Path or None
        Where the store keeps its reading.
    reading : FileReading or None
        What it holds, once read.
    """

    submitted: Submitted
    kept: Path | None
    reading: FileReading | None = None


def read_and_keep(reader: Reader, store: Store | None, job: Job) -> FileReading:
    """Read a file, and keep what it holds in the store.

    Parameters
    ----------
    reader : Reader
        How.
    store : Store or None
        Where.
    job : Job
        The file.

    Returns
    -------
    FileReading
        What it holds.
    """
    reading = reader.read(job.submitted)
    if store is not None and job.kept is not None:
        store.keep(job.kept, reading)
    return reading


@dataclass(slots=True, kw_only=True, eq=False)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    jobs: deque[Job] = field(default_factory=deque)
    ready: bool = False


class Workers:
    """Several processes that read files.

    Parameters
    ----------
    reader : Reader
        How files are read.
    store : Store or None
        Where readings are kept.
    number : int
        Number of processes; they start with the first file.
    """

    def __init__(self, reader: Reader, store: Store | None, number: int) -> None:
        self._reader, self._store, self._number = reader, store, number
        self._workers: list[_Worker] = []

    def give(self, job: Job) -> None:
        """Hand a file over to the process that has the fewest to read.

        Parameters
        ----------
        job : Job
            The file.
        """
        if len(self._workers) < self._number:
            self._start()
        if not self._workers:
            job.reading = read_and_keep(self._reader, self._store, job)
            return
        worker = min(self._workers, key=lambda one: len(one.jobs))
        worker.jobs.append(job)
        try:
            worker.pipe.send(job)
        except OSError:
            self._replace(worker)

    def finish(self, job: Job) -> FileReading:
        """Wait for a file.

        Parameters
        ----------
        job : Job
            A file handed over.

        Returns
        -------
        FileReading
            What it holds; one anomaly when the process that read it died.
        """
        while job.reading is None:
            heard = wait([worker.pipe for worker in self._workers])
            for worker in [one for one in self._workers if one.pipe in heard]:
                # One that died may have taken another's place in the meantime.
                if worker in self._workers:
                    self._receive(worker)
        return job.reading

    def stop(self) -> None:
        """Stop every process at once, whatever it is doing."""
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join()
            worker.pipe.close()
        self._workers.clear()

    def _start(self) -> None:
        context = get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=_serve, args=(there,), daemon=True)
        with _uninterrupted():
            process.start()
        there.close()
        self._workers.append(_Worker(process=process, pipe=here))
        # Not among the arguments: handing over more than a pipe holds to a child that died would wait for ever.
        with suppress(OSError):
            here.send((self._reader, self._store))

    def _receive(self, worker: _Worker) -> None:
        try:
            data = worker.pipe.recv_bytes()
        except (EOFError, OSError):
            self._replace(worker)
            return
        if worker.ready:
            worker.jobs.popleft().reading = decode(data, self._reader.catalogue.tables)
        worker.ready = True

    def _replace(self, worker: _Worker) -> None:
        """Give the files of a dead process to others, save the one it died of."""
        self._workers.remove(worker)
        worker.process.join()
        worker.pipe.close()
        if not worker.ready:
            # It could not even start: another would not either.
            self._number = len(self._workers)
        elif worker.jobs:
            job = worker.jobs.popleft()
            job.reading = self._reader.refused(job.submitted, interrupted_reading("arrêt brutal"))
        for job in worker.jobs:
            self.give(job)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold interruptions back, so that a process started meanwhile never hears of them: who asked decides."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(pipe: Connection) -> None:
    """Read files until there is nobody to read for."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, OSError):
        reader, store = pipe.recv()
        pipe.send_bytes(_READY)
        while True:
            job: Job = pipe.recv()
            pipe.send_bytes(encode(read_and_keep(reader, store, job)))
