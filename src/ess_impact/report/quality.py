"""What the book says of the data: files read, rows set aside, rules broken, silences, sources and open points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from markupsafe import Markup

from ess_impact.definitions.codelists import Codelist
from ess_impact.report.blocks import definition_list, details, is_workbook
from ess_impact.report.frames import Edition
from ess_impact.report.labels import PROVIDERS, french, label_of
from ess_impact.report.markup import trusted
from ess_impact.report.rule_names import rule_name
from ess_impact.report.tables import table
from ess_impact.text import format_date, format_number, format_value, plural, typeset

_UNIT_OF = {"part": "pourcent"}
WORKBOOKS = "classeurs individuels des structures"
_ROWS = ("lignes_lues", "lignes_acceptees", "lignes_remplacees", "lignes_ecartees")
SEVERITIES = {"rejet": "écartée", "alerte": "signalée"}


def _name_of_table(edition: Edition, name: object) -> str:
    known = edition.catalogue.tables.get(str(name))
    return french(known.name) if known else str(name or "non reconnue")


def answered(edition: Edition) -> str:
    """Say who answered.

    Parameters
    ----------
    edition : Edition
        The edition.

    Returns
    -------
    str
        One sentence, "" when the campaign expects nobody by name.
    """
    found = edition.provenance.reponse
    if not found.get("attendus"):
        return ""
    share = f" ({format_value(found['taux'], 'pourcent')})" if found.get("taux") is not None else ""
    silent = edition.provenance.silencieuses
    said = f" {plural(silent, 'structure')} {'n’ont' if silent > 1 else 'n’a'} rien envoyé." if silent else ""
    rest = int(found["attendus"]) - int(found.get("repondants", 0)) - silent
    if rest > 0:
        sent = (
            "ont envoyé des lignes, mais aucune acceptée" if rest > 1 else "a envoyé des lignes, mais aucune acceptée"
        )
        said += f" {plural(rest, 'autre')} {sent} pour cette année."
    expected, got = format_number(int(found["attendus"])), format_number(int(found.get("repondants", 0)))
    return f"{got} structures ont répondu sur {expected} attendues{share}.{said}"


def set_aside(edition: Edition) -> str:
    """Say what was set aside.

    Parameters
    ----------
    edition : Edition
        The edition.

    Returns
    -------
    str
        One sentence, "" when no table was read.
    """
    counts = edition.provenance.tables.values()
    read, aside = (sum(int(one.get(name, 0)) for one in counts) for name in ("lues", "ecartees"))
    if not read:
        return ""
    share = format_value(aside / read, "pourcent", decimals=2)
    return (
        f"{plural(read, 'ligne lue')}, dont {plural(aside, 'écartée')} ({share})\u00a0: "
        "une ligne fautive attend sa correction et n’entre dans aucun chiffre."
    )


def tables_table(edition: Edition) -> Markup:
    """Write the counts of rows by table.

    Parameters
    ----------
    edition : Edition
        The edition.

    Returns
    -------
    markupsafe.Markup
        The table.
    """
    keys = ("lues", "acceptees", "remplacees", "ecartees", "rejets", "alertes")
    rows = [
        [_name_of_table(edition, name), *(format_number(int(counts.get(key, 0))) for key in keys)]
        for name, counts in sorted(edition.provenance.tables.items())
    ]
    header = ["Table", "Lignes lues", "Acceptées", "Remplacées", "Écartées", "Fautes (rejet)", "Alertes"]
    return table("Lignes par table", header, rows, numeric=[False] + [True] * len(keys))


def files_table(edition: Edition) -> Markup:
    """Write the files read; workbooks of single structures are counted together in a public edition.

    Parameters
    ----------
    edition : Edition
        The edition.

    Returns
    -------
    markupsafe.Markup
        The table: file, table, rows, first characters of the sha256.
    """
    grouped: dict[tuple[str, str], Counter[str]] = {}
    digests: dict[tuple[str, str], str] = {}
    for one in edition.provenance.fichiers:
        single = is_workbook(one) and edition.diffusion == "public"
        key = (WORKBOOKS if single else str(one.get("fichier", "")), str(one.get("table", "")))
        counts = grouped.setdefault(key, Counter())
        for name in _ROWS:
            counts[name] += int(one.get(name) or 0)
        counts["fichiers"] += 1
        digests[key] = "–" if single else str(one.get("sha256", ""))[:12]
    rows = [
        [
            f"{file} ({counts['fichiers']})" if file == WORKBOOKS else file,
            _name_of_table(edition, name),
            *(format_number(counts[key]) for key in _ROWS),
            digests[(file, name)],
        ]
        for (file, name), counts in sorted(grouped.items())
    ]
    header = ["Fichier", "Table", "Lignes lues", "Acceptées", "Remplacées", "Écartées", "Empreinte"]
    return table("Fichiers lus", header, rows, numeric=[False, False, True, True, True, True, False], css="dense")


def rules_table(edition: Edition) -> Markup:
    """Write how many times each rule was broken.

    Parameters
    ----------
    edition : Edition
        The edition.

    Returns
    -------
    markupsafe.Markup
        The table, most broken first.
    """
    ordered = sorted(edition.provenance.regles, key=lambda one: (-int(one.get("nombre", 0)), str(one.get("regle"))))
    rows = [
        [
            rule_name(edition.catalogue, one),
            _name_of_table(edition, one.get("table")),
            label_of(SEVERITIES, str(one.get("severite", ""))),
            format_number(int(one.get("nombre", 0))),
        ]
        for one in ordered
    ]
    header = ["Règle", "Table", "Ligne", "Nombre"]
    return table("Fautes et alertes par règle", header, rows, numeric=[False, False, False, True], css="dense")


def conversions_table(edition: Edition) -> Markup:
    """Write the coercions made on reading, summed over files.

    Parameters
    ----------
    edition : Edition
        The edition.

    Returns
    -------
    markupsafe.Markup
        The table.
    """
    counts: Counter[str] = Counter()
    files: Counter[str] = Counter()
    for one in edition.provenance.conversions:
        counts[str(one.get("conversion", ""))] += int(one.get("nombre", 0))
        files[str(one.get("conversion", ""))] += int(one.get("fichiers", 1))
    rows = [[name, format_number(counts[name]), format_number(files[name])] for name in sorted(counts)]
    header = ["Conversion", "Cellules ou fichiers", "Fichiers concernés"]
    return table("Conversions faites à la lecture", header, rows, numeric=[False, True, True])


def sources_tables(edition: Edition) -> Markup:
    """Write the sheet of each collected table.

    Parameters
    ----------
    edition : Edition
        The edition.

    Returns
    -------
    markupsafe.Markup
        One folded sheet per table.
    """
    sheets = []
    for one in edition.catalogue.tables.values():
        retention = plural(one.retention_months, "mois", "mois") if one.retention_months else ""
        pairs: list[tuple[str, object]] = [
            ("Contenu", french(one.description)),
            ("Remise par", label_of(PROVIDERS, one.provider)),
            ("Source", typeset(one.source)),
            ("Colonnes", ", ".join(french(column.label) for column in one.columns)),
            ("Règles", str(len(one.rules)) if one.rules else ""),
            ("Conservation des fichiers", retention),
            ("À vérifier", typeset("\u00a0; ".join(point.rstrip(".") for point in one.a_verifier))),
        ]
        sheets.append(details(f"{french(one.name)} ({plural(len(one.columns), 'colonne')})", definition_list(pairs)))
    return trusted("\n").join(sheets)


def codelists_table(edition: Edition) -> Markup:
    """Write the nomenclatures with their source.

    Parameters
    ----------
    edition : Edition
        The edition.

    Returns
    -------
    markupsafe.Markup
        The table; what nobody has checked is flagged.
    """
    rows = []
    for one in sorted(edition.catalogue.codelists.values(), key=lambda one: french(one.name)):
        unsure = sum(code.a_verifier for code in one.codes)
        flag = plural(unsure, "code à vérifier", "codes à vérifier") if unsure else ""
        flag = "à vérifier" if one.a_verifier else flag
        rows.append([french(one.name), format_number(len(one.codes)), _in_force(one), typeset(one.source), flag])
    header = ["Nomenclature", "Codes", "En vigueur", "Source", "Réserve"]
    return table("Nomenclatures", header, rows, numeric=[False, True, False, False, False])


def _in_force(codelist: Codelist) -> str:
    """Say since when the codes hold, or the day of the source where that is all that is known."""
    starts = sorted(code.valid_from for code in codelist.codes if code.valid_from)
    told = [f"état de la source au {format_date(codelist.as_of)}"] if codelist.as_of else []
    if starts:
        some = "" if len(starts) == len(codelist.codes) else "certains codes "
        least = "" if starts[0] == starts[-1] else " au plus tôt"
        told.append(f"{some}depuis le {format_date(starts[0])}{least}")
    return "\u00a0; ".join(told)


def parameters_table(edition: Edition) -> Markup:
    """Write the dated parameters with their source.

    Parameters
    ----------
    edition : Edition
        The edition.

    Returns
    -------
    markupsafe.Markup
        The table.
    """
    rows = [
        [
            french(one.name),
            format_value(dated.value, _UNIT_OF.get(one.unit, one.unit)),
            format_date(dated.valid_from),
            typeset(dated.source),
            "à vérifier" if dated.a_verifier else "",
        ]
        for one in sorted(edition.catalogue.parameters.values(), key=lambda one: french(one.name))
        for dated in sorted(one.values, key=lambda value: value.valid_from)
    ]
    header = ["Paramètre", "Valeur", "En vigueur depuis", "Source", "Réserve"]
    return table("Paramètres datés", header, rows, numeric=[False, True, False, False, False])


def open_points(edition: Edition) -> Iterator[tuple[str, str]]:
    """Yield what nobody has checked in its source yet.

    Parameters
    ----------
    edition : Edition
        The edition.

    Yields
    ------
    tuple of str
        Where it matters, and what is to be checked.
    """
    for where, point in _open_points(edition):
        yield typeset(where), typeset(point)


def _open_points(edition: Edition) -> Iterator[tuple[str, str]]:
    for view in edition.views.values():
        yield from ((french(view.indicator.name), point) for point in view.indicator.a_verifier)
    for one in edition.catalogue.tables.values():
        yield from ((typeset(f"Table « {one.name.fr} »"), point) for point in one.a_verifier)
    for where, source in _unverified(edition):
        yield where, f"source à vérifier : {source}"


def _unverified(edition: Edition) -> Iterator[tuple[str, str]]:
    """Yield what rests on a source nobody has read: nomenclatures, parameters, references."""
    for codelist in edition.catalogue.codelists.values():
        if codelist.a_verifier:
            yield f"Nomenclature « {french(codelist.name)} »", codelist.source
        unsure = [code for code in codelist.codes if code.a_verifier]
        yield from (
            (f"Nomenclature « {french(codelist.name)} », « {french(code.label)} »", code.source or codelist.source)
            for code in unsure
        )
    for parameter in edition.catalogue.parameters.values():
        doubtful = [dated for dated in parameter.values if dated.a_verifier]
        yield from ((f"Paramètre « {french(parameter.name)} »", dated.source) for dated in doubtful)
    for objective in edition.plan.objectives if edition.plan else ():
        references = [one for placement in objective.placements for one in placement.references if one.a_verifier]
        yield from ((f"Repère « {french(one.label)} »", one.source) for one in references)
