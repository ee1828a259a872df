"""Certificates of what was deleted: a French page to hand over, and the same as data; neither names anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal

from ess_impact._version import __version__
from ess_impact.evaluation.campaign import Campaign
from ess_impact.evaluation.private_files import make_private_folder, write_private
from ess_impact.text import format_date, plural

CERTIFICATES = "certificats"
_TITLES = {"purge": "Certificat de purge", "effacement": "Certificat d'effacement"}
_REACH = (
    "les copies envoyées ailleurs (messages, partages, impressions) et les sauvegardes du poste ou du serveur",
    "les résultats déjà publiés : ce sont des agrégats, où les petits effectifs sont masqués",
    "les originaux restés chez la structure, qui tient son propre registre",
    "les dossiers de sortie qui n'ont pas été indiqués",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """What was done to one file.

    Attributes
    ----------
    fichier : str
        Name of the file.
    action : str
        What was done, in French.
    lignes : int
        Rows emptied.
    sha256_avant, sha256_apres : str
        Digests, the second one empty when the file was deleted or left as it was.
    """

    fichier: str
    action: str
    lignes: int = 0
    sha256_avant: str = ""
    sha256_apres: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What was searched, what was deleted, and what cannot be reached.

    Attributes
    ----------
    kind : {"purge", "effacement"}
        What was asked.
    day : datetime.date
        When.
    searched : tuple of str
        Where one looked, in French.
    done : tuple of Deletion
        Each file changed or deleted.
    left : tuple of str
        What a person must still look at.
    reference : str
        Keyed digest of who asked: the campaign's key proves that it is about one identifier, without naming it.
    executed : bool
        False for a list of what would be done.
    """

    kind: Literal["purge", "effacement"]
    day: date
    searched: tuple[str, ...]
    done: tuple[Deletion, ...]
    left: tuple[str, ...] = ()
    reference: str = ""
    executed: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return the certificate as plain data.

        Returns
        -------
        dict
            Ready to be written as JSON.
        """
        return {
            "nature": self.kind,
            "date": self.day.isoformat(),
            "execute": self.executed,
            "reference": self.reference,
            "recherche": list(self.searched),
            "fichiers": [asdict(one) for one in self.done],
            "a_verifier": list(self.left),
            "hors_de_portee": list(_REACH),
            "version": __version__,
        }

    def text(self) -> str:
        """Return the certificate for a person.

        Returns
        -------
        str
            French text.
        """
        return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        title = _TITLES[self.kind] if self.executed else "Ce qui serait fait (rien n'a été modifié)"
        yield from (title, "=" * len(title), "", f"Date : {format_date(self.day)}")
        if self.reference:
            yield f"Référence de la demande : {self.reference}"
        yield from ("", "Où l'on a cherché :", *(f"- {one}" for one in self.searched), "")
        if not self.done:
            yield "Rien trouvé : aucun fichier n'a été modifié ni supprimé."
        else:
            yield f"{plural(len(self.done), 'élément concerné', 'éléments concernés')} :"
            for one in self.done:
                yield from _told(one)
        if self.left:
            yield from ("", "À vérifier à la main :", *(f"- {one}" for one in self.left))
        yield from ("", "Ce qui ne peut pas être atteint :", *(f"- {one} ;" for one in _REACH[:-1]), f"- {_REACH[-1]}.")


def _told(one: Deletion) -> Iterator[str]:
    rows = f" ({plural(one.lignes, 'ligne vidée', 'lignes vidées')})" if one.lignes else ""
    yield f"- {one.fichier} : {one.action}{rows}"
    if one.sha256_avant:
        yield f"  empreinte avant : {one.sha256_avant}"
    if one.sha256_apres:
        yield f"  empreinte après : {one.sha256_apres}"


def write_certificate(campaign: Campaign, certificate: Certificate) -> Path:
    """Write a certificate in the register of a campaign, as text and as JSON; none is ever replaced.

    Parameters
    ----------
    campaign : Campaign
        The campaign.
    certificate : Certificate
        What was done.

    Returns
    -------
    pathlib.Path
        The text; the JSON has the same name.

    Raises
    ------
    OSError
        The folder cannot be written to.
    """
    folder = campaign.register_folder / CERTIFICATES
    make_private_folder(folder)
    stem = f"{certificate.kind}-{certificate.day.isoformat()}"
    rank = 1
    while (folder / f"{stem}-{rank}.json").exists():
        rank += 1
    data = json.dumps(certificate.to_dict(), ensure_ascii=False, indent=2) + "\n"
    write_private(folder / f"{stem}-{rank}.json", data.encode())
    path = folder / f"{stem}-{rank}.txt"
    write_private(path, certificate.text().encode())
    return path
