"""Loading folders: what is found where, what is refused, and what the catalogue answers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from ess_impact.definitions.catalogue import Catalogue
from ess_impact.definitions.vocabulary import ColumnType
from ess_impact.errors import DefinitionError, UnknownNameError

NOTE = "---\nid: maison\nnom: {fr: Maison}\nfonction: ess_impact.stats.proportion.wilson\n---\n\n# Maison\n\nTexte.\n"
CODELIST = "id: sexes\nname: {fr: x}\nsource: x\ncodes: [{code: a, label: {fr: a}}]\n"
PARAMETER = "id: seuil\nname: {fr: Seuil}\nunit: x\nvalues:\n  - {valid_from: 2020-01-01, value: 3, source: essai}\n"


def test_documents_are_found_by_folder(shelf: Any) -> None:
    catalogue = shelf.load(extra={"methodes/maison.md": NOTE, "racine.yaml": _indicator("racine")})
    assert len(catalogue) == 9
    assert list(catalogue) == sorted(catalogue)
    assert (set(catalogue.tables), set(catalogue.plans)) == ({"essai", "autre"}, {"plan"})
    assert (set(catalogue.codelists), set(catalogue.parameters)) == ({"sexes", "themes", "poids"}, {"seuil"})
    assert "Texte." in catalogue.methods["maison"].body
    assert (catalogue.folders["part"], catalogue.folders["racine"]) == ("o1_essai", "")
    assert catalogue.paths["part"].name == "part.yaml"


def _indicator(name: str, **changes: str) -> str:
    words = "".join(f"{one}: {{fr: Un}}\n" for one in ("name", "definition", "rationale", "limitations"))
    fields = {
        "id": name, "version": "1.0.0", "valid_from": "2024-01-01", "status": "draft", "disponibilite": "collecte",
        "niveau": "resultat", "unit": "nombre", "source": "{provider: x, dataset: x}", "examples": "[{expect: {}}]",
        "kind": "derived", "from": "{a: lignes}", "formula": "a + 1",
    } | changes  # fmt: skip
    return words + "".join(f"{key}: {value}\n" for key, value in fields.items())


@pytest.mark.parametrize(
    ("extra", "where", "words"),
    [
        ({"o1_essai/autre_nom.yaml": _indicator("ailleurs")}, "autre_nom.yaml:5", "ailleurs.yaml"),
        ({"o2_essai/part.yaml": _indicator("part")}, "part.yaml:5", "déjà défini"),
        ({"codelists/sous/sexes.yaml": CODELIST}, "sexes.yaml:1", "codelists/sexes.yaml et "),
        ({"codelists/sous/sexes.yaml": CODELIST}, "sexes.yaml:1", "codelists/sous/sexes.yaml. Retirez"),
        ({"methodes/bootstrap.md": NOTE.replace("maison", "bootstrap")}, "bootstrap", "déjà défini"),
        ({"methodes/maison.md": "# Sans en-tête\n"}, "maison.md:1", "en-tête"),
        ({"methodes/maison.md": NOTE.replace(".wilson", ".wilsson")}, "maison.md:4", "Vouliez-vous dire « wilson »"),
        ({"methodes/maison.md": NOTE.replace("proportion.", "absent.")}, "maison.md:4", "introuvable"),
        ({"o1_essai/x.yaml": _indicator("x", kind="proportionn")}, "x.yaml:14", "proportion"),
        ({"o1_essai/x.yaml": _indicator("x").replace("kind: derived\n", "")}, "x.yaml:1", "kind"),
        ({"o1_essai/x.yaml": "a: [1\n"}, "x.yaml:2", "YAML incorrect"),
        ({"tables/x.yaml": "id: x\n"}, "x.yaml:1", "obligatoire"),
    ],
)  # fmt: skip
def test_a_document_that_cannot_be_taken_is_a_bad_definition(shelf: Any, extra: Any, where: str, words: str) -> None:
    found = shelf.faults(extra=extra)
    assert found
    assert all(isinstance(fault, DefinitionError) and fault.exit_code == 3 for fault in found)
    assert {fault.where for fault in found} == {where}
    assert any(words in str(fault) for fault in found)


def test_an_absent_folder_is_a_bad_definition(tmp_path: Any) -> None:
    with pytest.raises(DefinitionError, match="introuvable"):
        Catalogue.load(tmp_path / "absent", shipped_catalogue=False)


def test_an_extra_folder_joins_the_shipped_catalogue_and_may_not_repeat_it(shelf: Any) -> None:
    shelf.write({"parametres/seuil.yaml": PARAMETER})
    assert {"seuil", "heures_min_eiti"} <= set(Catalogue.load(shelf.root).parameters)
    shelf.write({"parametres/heures_min_eiti.yaml": PARAMETER.replace("id: seuil", "id: heures_min_eiti")})
    with pytest.raises(DefinitionError, match="déjà défini") as caught:
        Catalogue.load(shelf.root)
    name = "parametres/heures_min_eiti.yaml"
    assert f"catalogue livré ({name}) et {shelf.root / name}" in str(caught.value)


def test_a_readme_among_notes_is_no_note(shelf: Any) -> None:
    assert "README" not in shelf.load(extra={"methodes/README.md": "# Notes\n"}).methods


def test_a_file_that_is_not_utf8_is_a_bad_definition(shelf: Any) -> None:
    (shelf.root / "methodes").mkdir()
    (shelf.root / "methodes" / "maison.md").write_bytes(NOTE.encode().replace(b"Texte", b"\xe9t\xe9"))
    (fault,) = shelf.faults()
    assert "maison.md" in fault.where


@pytest.mark.parametrize(
    ("ask", "near"),
    [
        (lambda catalogue: catalogue["par"], "part"),
        (lambda catalogue: catalogue.table("esai"), "essai"),
        (lambda catalogue: catalogue.plan("plam"), "plan"),
    ],
)
def test_an_unknown_name_offers_its_neighbours(shelf: Any, ask: Any, near: str) -> None:
    with pytest.raises(UnknownNameError, match=near):
        ask(shelf.load())
    with pytest.raises(KeyError):
        ask(shelf.load())


def test_the_catalogue_is_a_mapping(shelf: Any) -> None:
    catalogue = shelf.load()
    assert "part" in catalogue
    assert "absent" not in catalogue
    assert catalogue.get("absent") is None
    assert catalogue.plan("plan").id == "plan"


def test_columns_brought_by_a_link_may_be_named(shelf: Any) -> None:
    catalogue = shelf.load()
    table = catalogue.table("essai")
    columns = catalogue.columns_of(table)
    assert columns["zone"].type is ColumnType.TEXTE
    assert {"siret", "duree", "zone"} <= set(columns)
    assert "zone" not in table.types()


def test_a_column_of_its_own_is_not_replaced_by_a_brought_one(shelf: Any) -> None:
    line = "  - {name: zone, type: booleen, label: {fr: Zone}}\nderived:"
    catalogue = shelf.load(("tables/essai.yaml", "derived:", line))
    assert catalogue.columns_of(catalogue.table("essai"))["zone"].type is ColumnType.BOOLEEN


def test_links_to_nothing_bring_nothing(shelf: Any) -> None:
    catalogue = shelf.load()
    table = catalogue.table("essai")
    alone = Catalogue(indicators={}, tables={"essai": table}, codelists={}, parameters={}, plans={}, methods={})
    assert set(alone.columns_of(table)) == set(table.types())
    assert alone.scope(table).codes_of == {}


@pytest.mark.parametrize(
    ("day", "value"), [(date(2019, 1, 1), 1), (date(2020, 1, 1), 1), (date(2024, 6, 1), 2), (None, 3)]
)
def test_the_scope_reads_dated_parameters_on_a_day(shelf: Any, day: Any, value: int) -> None:
    dated = "".join(
        f"  - {{valid_from: {one}, value: {number}, source: essai}}\n"
        for one, number in (("2030-01-01", 3), ("2020-01-01", 1), ("2024-01-01", 2))
    )
    catalogue = shelf.load(("parametres/seuil.yaml", "  - {valid_from: 2020-01-01, value: 80, source: essai}\n", dated))
    scope = catalogue.scope(catalogue.table("essai"), day)
    assert scope.parameters == {"seuil": Decimal(value)}
    assert scope.codes_of["sexe"] == ("F", "H")
    assert scope.codelists["poids"] == ("F", "H")
