"""Where a person may still be named once her rows are emptied: kept reports, outputs, files nobody reads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ess_impact.data.personal import shown_file
from ess_impact.evaluation.blanking import mask_word, mentions, near_mentions
from ess_impact.evaluation.campaign import FOLDERS, Campaign
from ess_impact.evaluation.certificates import Deletion
from ess_impact.evaluation.private_files import write_private

MENTION = 5
"""Characters from which an identifier is looked for outside the columns of persons: shorter, it is any number."""
BY_HAND = "à vérifier à la main"
STUCK = "suppression impossible (fichier ouvert ailleurs, ou dossier en lecture seule)"
REWRITTEN = "supprimé (une nouvelle évaluation le réécrit)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """What is looked for, and what a person must still look at.

    Attributes
    ----------
    word, pseudonym : str
        The person, as the structure names her and as the campaign does.
    key : bytes
        Key of the campaign, for the names shown.
    dry_run : bool
        Tell what would be done, and do nothing.
    left : list of str
        What could not be done, in French; it grows with the search.
    """

    word: str
    pseudonym: str
    key: bytes = field(repr=False)
    dry_run: bool
    left: list[str]

    @property
    def words(self) -> set[str]:
        """Words long enough to be looked for anywhere."""
        return {one for one in (self.word, self.pseudonym) if len(one) >= MENTION}

    def near(self, name: str, content: bytes) -> None:
        """Tell where the person may be named, otherwise spelled.

        Parameters
        ----------
        name : str
            Name of the file, as shown.
        content : bytes
            What it holds.
        """
        places = near_mentions(content, self.word) if self.word in self.words else 0
        if places:
            self.left.append(f"{name} : {places} mention(s) proche(s), à vérifier")

    def beside(self, campaign: Campaign) -> None:
        """Tell what is not read: hidden and temporary files, those of subfolders, mentions of a short identifier.

        Parameters
        ----------
        campaign : Campaign
            The campaign.
        """
        known = {one.path for one in campaign.files()}
        for path in (one for name in FOLDERS for one in sorted((campaign.folder / name).rglob("*"))):
            if path.is_file() and path not in known and path.resolve() != campaign.expected_path:
                name = shown_file(path.relative_to(campaign.folder).as_posix(), self.key)
                self.left.append(f"{name} : fichier que l'outil ne lit pas, {BY_HAND}")
        if self.word not in self.words:
            self.left.append(
                f"identifiant de moins de {MENTION} caractères : ses mentions hors des colonnes de personnes, dans les "
                "rapports gardés et dans les sorties n'ont pas été cherchées"
            )

    def in_reports(self, folder: Path) -> Iterator[Deletion]:
        """Mask the person in the reports the register keeps; one that is no text is deleted.

        Parameters
        ----------
        folder : pathlib.Path
            Folder of the reports; a link is not followed.

        Yields
        ------
        Deletion
            Each report changed or deleted.
        """
        if folder.is_symlink() or folder.parent.is_symlink():
            self.left.append(f"registre/{folder.name} : c'est un lien, {BY_HAND}")
            return
        for path in sorted(one for one in folder.rglob("*") if one.is_file() and not one.is_symlink()):
            yield from self._in_report(path, f"registre/{folder.name}/{path.relative_to(folder).as_posix()}")

    def in_output(self, folder: Path, paths: Sequence[Path]) -> Iterator[Deletion]:
        """Delete what names the person in an output folder: a new run writes it again.

        Parameters
        ----------
        folder : pathlib.Path
            The folder.
        paths : sequence of pathlib.Path
            Files a run wrote there.

        Yields
        ------
        Deletion
            Each file deleted.
        """
        for path in paths:
            name = shown_file(f"{folder.name}/{path.relative_to(folder).as_posix()}", self.key)
            content = self._content(path, name)
            if any(mentions(content, word) for word in self.words):
                yield from self._dropped(path, name, content)
            else:
                self.near(name, content)

    def _in_report(self, path: Path, name: str) -> Iterator[Deletion]:
        masked = content = self._content(path, name)
        for word in self.words:
            masked = mask_word(masked, word)
        if any(mentions(masked, word) for word in self.words):
            yield from self._dropped(path, name, content)
            return
        self.near(name, masked)
        if masked != content and self._written(path, name, masked):
            before, after = (hashlib.sha256(one).hexdigest() for one in (content, masked))
            yield Deletion(fichier=name, action="mentions masquées", sha256_avant=before, sha256_apres=after)

    def _content(self, path: Path, name: str) -> bytes:
        try:
            return path.read_bytes()
        except OSError:
            self.left.append(f"{name} : illisible, {BY_HAND}")
            return b""

    def _written(self, path: Path, name: str, content: bytes) -> bool:
        try:
            if not self.dry_run:
                write_private(path, content)
        except OSError:
            self.left.append(f"{name} : réécriture impossible, {BY_HAND}")
            return False
        return True

    def _dropped(self, path: Path, name: str, content: bytes) -> Iterator[Deletion]:
        try:
            if not self.dry_run:
                path.unlink()
        except OSError:
            self.left.append(f"{name} : {STUCK}")
            return
        yield Deletion(fichier=name, action=REWRITTEN, sha256_avant=hashlib.sha256(content).hexdigest())
