"""Untrusted text, method notes and formulas: shown, never obeyed."""

from __future__ import annotations

import pytest
from book_factory import HOSTILE
from markupsafe import Markup

from ess_impact.errors import DefinitionError
from ess_impact.report.labels import in_sentence
from ess_impact.report.markup import as_html, as_myst, block, link, tame_note
from ess_impact.report.mathml import to_mathml


@pytest.mark.parametrize("text", HOSTILE.values())
def test_myst_text_keeps_no_sign_of_structure(text: str) -> None:
    safe = as_myst(text)
    assert not set("`<>{}[]()*_$|:~^%\\\"'!+-.@=/") & set(safe.replace("&#", "").replace(";", ""))
    assert "\n" not in safe


def test_direction_marks_and_controls_are_dropped() -> None:
    assert as_html("a\u202eb\x00\n c") == "ab c"


def test_safe_markup_is_not_escaped_twice() -> None:
    assert as_html(Markup("<b>")) == as_myst(Markup("<b>")) == "<b>"


def test_a_block_cannot_be_left() -> None:
    assert "\n\n" not in block(f"<p>{as_html('``` fin')}</p>\n\n<p></p>")
    assert block(as_html("```")).count("```") == 2


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//exemple.invalid", "../../etc/passwd"])
def test_only_plain_addresses_are_linked(url: str) -> None:
    assert link(url, "ici") == "ici"
    assert link("page.html#a-b", "ici") == '<a href="page.html#a-b">ici</a>'


@pytest.mark.parametrize(
    ("note", "absent"),
    [
        ("```{raw} html\n<script>\n```", "{raw}"),
        ("> ```{include} ../secret\n> ```", "{include}"),
        (":::{eval-rst}\n:::", "eval-rst"),
        ("{download}`/etc/passwd`", "download"),
        ("![x](http://exemple.invalid/a.png)", "!["),
    ],
)
def test_notes_lose_what_they_have_no_use_for(note: str, absent: str) -> None:
    assert absent not in tame_note(note)


def test_notes_keep_formulas_and_get_their_spaces() -> None:
    assert tame_note("soit $x ; y : z$ : 50 %") == "soit $x ; y : z$\u00a0: 50\u202f%"
    assert tame_note("```{math}\nx : y\n```") == "```{math}\nx : y\n```"


def test_formulas_escape_their_text() -> None:
    assert "<script>" not in to_mathml(r"\text{<script>} < 1")
    assert "<mn>1,96</mn>" in to_mathml("1{,}96", block=True)


@pytest.mark.parametrize("latex", ["", r"\left( a"])
def test_a_formula_that_cannot_be_read_is_named(latex: str) -> None:
    with pytest.raises(DefinitionError, match="formule illisible"):
        to_mathml(latex)


@pytest.mark.parametrize(("text", "shown"), [("EPCI", "EPCI"), ("Zone", "zone"), ("Évaluation", "évaluation")])
def test_acronyms_keep_their_capitals(text: str, shown: str) -> None:
    assert in_sentence(text) == shown
