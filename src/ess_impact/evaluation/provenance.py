"""Where figures come from: files and their hashes, row counts, rules broken, definitions used."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

import polars as pl

from ess_impact._version import __version__
from ess_impact.data.checking import Checked
from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.fingerprint import definition_hash
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.evaluation.campaign import Campaign
from ess_impact.evaluation.collecting import Collected, FileReport
from ess_impact.evaluation.pile import FRAME_TABLE


def source_hashes(collected: Collected) -> dict[str, str]:
    """Return, for each table, one hash of all the files behind it.

    Parameters
    ----------
    collected : Collected
        Files read.

    Returns
    -------
    dict
        Table id to 16 hexadecimal digits.
    """
    by_table: dict[str, list[str]] = {}
    for report in collected.files:
        by_table.setdefault(report.table, []).append(report.sha256)
    return {
        table: hashlib.sha256("".join(sorted(found)).encode()).hexdigest()[:16] for table, found in by_table.items()
    }


def provenance_of(
    catalogue: Catalogue,
    checked: Mapping[str, Checked],
    campaign: Campaign | None = None,
    collected: Collected | None = None,
) -> dict[str, Any]:
    """Return everything needed to trace a figure.

    Parameters
    ----------
    catalogue : Catalogue
        Definitions.
    checked : mapping of str to Checked
        Tables read.
    campaign : Campaign, optional
        Settings, when a campaign was read.
    collected : Collected, optional
        Its files and anomalies.

    Returns
    -------
    dict
        Ready to be written as JSON; no clock, no path of the machine, no personal value.
    """
    anomalies = collected.anomalies if collected else _concatenated(checked)
    found: dict[str, Any] = {
        "version": __version__,
        "tables": _tables(checked, anomalies, collected.files if collected else ()),
        "regles": _rules(anomalies),
        "indicateurs": {
            one.id: {"version": one.version, "hash": definition_hash(catalogue, one)}
            for one in catalogue.values()
            if one.status == "active"
        },
    }
    if campaign is not None and collected is not None:
        found |= _campaign(campaign) | _collected(campaign, collected)
    return found


def _campaign(campaign: Campaign) -> dict[str, Any]:
    settings = campaign.settings
    return {
        "campagne": settings.campagne,
        "departement": settings.departement,
        "plan": campaign.plan.id,
        "date_reference": settings.date_reference.isoformat(),
        "synthetique": settings.synthetique,
        "diffusion": settings.diffusion,
        "secret": {"min_count": settings.secret.min_count},
        "comparaison": {"pairs": list(campaign.plan.peers)},
    }


def _collected(campaign: Campaign, collected: Collected) -> dict[str, Any]:
    files = [
        {
            "fichier": one.file,
            "table": one.table,
            "sha256": one.sha256,
            "lignes_lues": one.read,
            "lignes_acceptees": one.accepted,
            "lignes_ecartees": one.set_aside,
            "lignes_hors_champ": one.out_of_scope,
            "lignes_remplacees": one.replaced,
        }
        for one in _grouped(campaign.catalogue, collected.files)
    ]
    conversions = [
        {"fichier": file, "conversion": name, "nombre": sum(counts), "fichiers": len(counts)}
        for (file, name), counts in sorted(_conversions(collected).items())
    ]
    found: dict[str, Any] = {
        "fichiers": files,
        "conversions": conversions,
        "alertes_confirmees": collected.confirmed.height,
    }
    if "departements" in collected.checked:
        found["comparaison"] = _groups(campaign, collected.checked["departements"].accepted)
    return found | _response(campaign, collected)


_WORKBOOK = re.compile(r"structures/\d{14}\b[^/]*\.xlsx")


def _conversions(collected: Collected) -> dict[tuple[str, str], list[int]]:
    """Put together the conversions of all workbooks: one date by row would count the persons of a structure."""
    found: dict[tuple[str, str], list[int]] = {}
    for file, name, count in collected.conversions:
        place = "structures/ (classeurs)" if _WORKBOOK.fullmatch(file) else file
        found.setdefault((place, name), []).append(count)
    return found


def _grouped(catalogue: Catalogue, reports: Sequence[FileReport]) -> list[FileReport]:
    """Put together the workbooks of a table about persons: how many one structure follows is its own affair."""
    kept: list[FileReport] = []
    workbooks: dict[str, list[FileReport]] = {}
    for one in reports:
        about_persons = ColumnType.PERSONNE in catalogue.table(one.table).types().values()
        if about_persons and _WORKBOOK.fullmatch(one.file):
            workbooks.setdefault(one.table, []).append(one)
        else:
            kept.append(one)
    for table, found in sorted(workbooks.items()):
        digest = hashlib.sha256("".join(sorted(one.sha256 for one in found)).encode()).hexdigest()
        read, accepted = sum(one.read for one in found), sum(one.accepted for one in found)
        replaced = sum(one.replaced for one in found)
        name = f"structures/ ({len(found)} classeurs)"
        kept.append(FileReport(file=name, table=table, sha256=digest, read=read, accepted=accepted, replaced=replaced))
    return sorted(kept, key=lambda one: (one.file, one.table))


def _groups(campaign: Campaign, departements: pl.DataFrame) -> dict[str, list[str]]:
    own = departements.filter(pl.col("code_departement") == campaign.settings.departement)
    regions = own["code_region"].drop_nulls().unique().to_list()
    members = departements.filter(pl.col("code_region").is_in(regions))["code_departement"].unique().sort()
    return {"pairs": list(campaign.plan.peers), "region": members.to_list()}


def _response(campaign: Campaign, collected: Collected) -> dict[str, Any]:
    if collected.expected is None or FRAME_TABLE not in collected.checked:
        return {}
    answers = collected.checked[FRAME_TABLE].accepted
    answered = answers.filter(pl.col("annee") == campaign.settings.campagne)["siret"].unique()
    asked = collected.expected.height
    respondents = collected.expected.filter(pl.col("siret").is_in(answered.to_list())).height
    sent = set(answered.to_list()) | set(collected.senders) | _named_in(collected)
    silent = collected.expected.filter(~pl.col("siret").is_in(sorted(sent))).height
    return {
        "reponse": {"attendus": asked, "repondants": respondents, "taux": respondents / asked if asked else None},
        "silencieuses": silent,
    }


def _named_in(collected: Collected) -> set[str]:
    """Structures that sent something, were it unreadable: owner of a faulty row, or SIRET that names a file."""
    files = [*collected.anomalies["file"].unique().to_list(), *(one.file for one in collected.files)]
    return {*collected.anomalies["siret"].unique().to_list(), *(PurePosixPath(file).stem for file in files)}


def _concatenated(checked: Mapping[str, Checked]) -> pl.DataFrame:
    return pl.concat([one.anomalies for one in checked.values()])


def _tables(
    checked: Mapping[str, Checked], anomalies: pl.DataFrame, files: Sequence[FileReport]
) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for name, one in sorted(checked.items()):
        own = anomalies.filter(pl.col("table") == name)
        reports = [report for report in files if report.table == name]
        read = sum(report.read - report.out_of_scope for report in reports) if reports else one.rows_read
        aside = sum(report.set_aside for report in reports) if reports else one.rows_read - one.rows_accepted
        replaced = sum(report.replaced for report in reports)
        found[name] = {
            "lues": read,
            "acceptees": read - aside - replaced,
            "ecartees": aside,
            "remplacees": replaced,
            "rejets": own.filter(pl.col("severity") == "rejet").height,
            "alertes": own.filter(pl.col("severity") == "alerte").height,
        }
    return found


def _rules(anomalies: pl.DataFrame) -> list[dict[str, Any]]:
    counted = anomalies.group_by("table", "rule", "severity").len().sort("table", "rule", "severity")
    return [
        {"table": table, "regle": rule, "severite": severity, "nombre": int(count)}
        for table, rule, severity, count in counted.iter_rows()
    ]
