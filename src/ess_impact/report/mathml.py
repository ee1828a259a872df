"""Sphinx math renderer that writes MathML when the book is built: no script, nothing loaded by the reader."""

from __future__ import annotations

import re
from html import unescape
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sphinx.util.math import get_node_equation_number

from ess_impact.errors import DefinitionError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator

nodes: Any = import_module("docutils.nodes")
_DECIMAL_COMMA = re.compile(r"(?<=\d)(?:\{,\}|,)(?=\d)")


def _parse(latex: str, display: str) -> Element:
    from latex2mathml import exceptions
    from latex2mathml.converter import convert_to_element

    known = tuple(one for one in vars(exceptions).values() if isinstance(one, type) and issubclass(one, Exception))
    try:
        element: Element = convert_to_element(_DECIMAL_COMMA.sub(".", latex), display=display)
    except known as error:
        raise DefinitionError(
            f"formule illisible : « {latex[:80]} » ({type(error).__name__})", fix="Corrigez la formule de la note."
        ) from error
    return element


def to_mathml(latex: str, *, block: bool = False) -> str:
    r"""Write a LaTeX formula as MathML.

    Parameters
    ----------
    latex : str
        The formula, without dollars.
    block : bool, default False
        True for a formula on its own line.

    Returns
    -------
    str
        A ``<math>`` element, its source kept as ``alttext``; every text of the formula is escaped.

    Raises
    ------
    DefinitionError
        The formula cannot be read.

    Examples
    --------
    >>> to_mathml("x < 1{,}5")
    '<math ...alttext="x &lt; 1{,}5"><mrow><mi>x</mi><mo>&lt;</mo><mn>1,5</mn></mrow></math>'
    """
    from xml.etree.ElementTree import tostring

    element = _parse(latex, "block" if block else "inline")
    for node in element.iter():
        if node.text:
            node.text = unescape(node.text)
            if node.tag == "mn":
                node.text = node.text.replace(".", ",")
    element.set("alttext", " ".join(latex.split()))
    return tostring(element, encoding="unicode")


def _visit_inline(self: HTML5Translator, node: Any) -> None:
    self.body.append(f'<span class="formule">{to_mathml(node.astext())}</span>')
    raise nodes.SkipNode


def _visit_block(self: HTML5Translator, node: Any) -> None:
    self.body.append(self.starttag(node, "div", CLASS="formule-seule"))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})</span>')
    self.body.extend(to_mathml(part, block=True) for part in node.astext().split("\n\n") if part.strip())
    self.body.append("</div>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer; the book asks for it with ``html_math_renderer: mathml``.

    Parameters
    ----------
    app : sphinx.application.Sphinx
        The running build.

    Returns
    -------
    dict
        Sphinx's extension metadata.
    """
    app.add_html_math_renderer("mathml", (_visit_inline, None), (_visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
