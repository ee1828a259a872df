"""The example of the documentation raises no alerte of nomenclatures."""

from __future__ import annotations

from ess_impact.data.checking import check
from ess_impact.data.nomenclatures import check_nomenclatures, derive_ess_family
from ess_impact.data.synthetic.establishments import draw_establishments, yearly_answers
from ess_impact.definitions.catalogue import Catalogue


def test_the_example_is_clean() -> None:
    rows = yearly_answers(62, draw_establishments(62, expected=300, workbooks=8, siae=30))
    catalogue = Catalogue.load()
    one = check(rows, "structures", catalogue=catalogue)
    assert one.accepted["commune"].str.starts_with("F").any()
    assert check_nomenclatures({"structures": one}, catalogue)["structures"] is one
    families = derive_ess_family(rows["categorie_juridique"], rows["code_naf"])
    assert families.null_count() < rows.height / 10
    assert families.drop_nulls().n_unique() > 2
