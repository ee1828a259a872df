"""Zip archives whose bytes depend on their content alone."""

from __future__ import annotations

import io
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX = 3


def without_clock(archive: bytes) -> bytes:
    """Rewrite a zip archive (spreadsheet, document) without the time and machine it was made on.

    Parameters
    ----------
    archive : bytes
        A zip archive written by a trusted library.

    Returns
    -------
    bytes
        Same entries, same order; same content, same bytes.

    Examples
    --------
    >>> source = io.BytesIO()
    >>> with ZipFile(source, "w") as made:
    ...     made.writestr("a.txt", "bonjour")
    >>> ZipFile(io.BytesIO(without_clock(source.getvalue()))).infolist()[0].date_time
    (1980, 1, 1, 0, 0, 0)
    """
    target = io.BytesIO()
    with ZipFile(io.BytesIO(archive)) as read, ZipFile(target, "w", ZIP_DEFLATED) as written:
        for entry in read.infolist():
            plain = ZipInfo(entry.filename, _DATE)
            plain.create_system = _UNIX
            written.writestr(plain, read.read(entry), ZIP_DEFLATED)
    return target.getvalue()
