"""Every file of a campaign, in order: taken from the store where nothing changed, else read, by several processes."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from ess_impact.evaluation.campaign import Submitted
from ess_impact.evaluation.reading_files import FileReading, Reader
from ess_impact.evaluation.store import Store
from ess_impact.evaluation.workers import Job, Workers, read_and_keep

Progress = Callable[[str, int, int], None]
"""Called with a French label, a position (from 1) and a total."""

_ALONE = 50
"""Workbooks read by this process before others are started: starting one costs as much."""
_AHEAD = 4
"""Workbooks given ahead to each process: what is in memory does not grow with the campaign."""


def processors() -> int:
    """Return the number of processors this process may use.

    Returns
    -------
    int
        At least 1.
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Gathering:
    """Read the files of a campaign in their order, whatever the number of processes.

    Parameters
    ----------
    reader : Reader
        How a file is read.
    store : Store or None
        Where readings are kept.
    processes : int
        Processes that read workbooks; 1 to read everything here.
    used : list of pathlib.Path, optional
        Completed with the readings of the store that stand for a file of this run.
    """

    def __init__(
        self, reader: Reader, store: Store | None = None, *, processes: int = 1, used: list[Path] | None = None
    ) -> None:
        self._reader, self._store = reader, store
        self._workers = Workers(reader, store, processes) if processes > 1 else None
        self._ahead = _AHEAD * processes if processes > 1 else 0
        self._read_here = 0
        self._given: set[Job] = set()
        self._neighbours: dict[Path, list[str]] = {}
        self.used: list[Path] = [] if used is None else used

    def read(self, files: Sequence[Submitted], progress: Progress) -> Iterator[FileReading]:
        """Read files.

        Parameters
        ----------
        files : sequence of Submitted
            In the order wanted.
        progress : callable
            Called once for each file.

        Yields
        ------
        FileReading
            Of each file, in the same order.
        """
        jobs: deque[Job] = deque()
        position = 0
        try:
            for submitted in files:
                jobs.append(self._start(submitted))
                if len(jobs) > self._ahead:
                    position += 1
                    progress(f"Lecture : {self._shown(jobs[0])}", position, len(files))
                    yield self._finish(jobs.popleft())
            for job in jobs:
                position += 1
                progress(f"Lecture : {self._shown(job)}", position, len(files))
                yield self._finish(job)
        finally:
            if self._workers is not None:
                self._workers.stop()

    def _shown(self, job: Job) -> str:
        return PurePosixPath(self._reader.name(job.submitted.path)).name

    def _start(self, submitted: Submitted) -> Job:
        job = Job(submitted=submitted, kept=None)
        if self._store is not None:
            digest = self._reader.digest(submitted.path)
            folder = submitted.path.parent
            if folder not in self._neighbours:
                self._neighbours[folder] = self._reader.neighbours(folder)
            job.kept = self._store.path(submitted, digest, self._neighbours[folder]) if digest else None
            job.reading = self._known(job.kept)
        if job.reading is None and submitted.form == "classeur" and self._workers is not None:
            self._read_here += 1
            if self._read_here > _ALONE:
                self._given.add(job)
                self._workers.give(job)
        return job

    def _known(self, kept: Path | None) -> FileReading | None:
        found = self._store.load(kept) if self._store is not None and kept is not None else None
        if found is None or any(self._reader.sirets.get(siren, "") != siret for siren, siret in found.sirets.items()):
            return None
        return found

    def _finish(self, job: Job) -> FileReading:
        if job.kept is not None:
            self.used.append(job.kept)
        if job.reading is not None:
            return job.reading
        if self._workers is not None and job in self._given:
            self._given.discard(job)
            return self._workers.finish(job)
        return read_and_keep(self._reader, self._store, job)
