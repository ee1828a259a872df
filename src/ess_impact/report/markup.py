"""Untrusted text made harmless in HTML and in MyST, and raw HTML placed inside a MyST page."""

from __future__ import annotations

import html
import re

from markupsafe import Markup

from ess_impact.text import typeset

_SPACES = re.compile(r"[\x00-\x20\x7f\u2028\u2029]+")
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")
_PUNCTUATION = re.compile(r"[!-+\--/:-@\[-`{-~]")
_FENCE = re.compile(r"((?:`{3,}|:{3,}|~{3,})[ \t]*)\{([^}\n]*)\}")
_VERBATIM = re.compile(r"(```.*?```|\$\$.*?\$\$|\$[^$\n]*\$|`[^`\n]*`|^\|.*?$)", re.DOTALL | re.MULTILINE)
_ROLE = re.compile(r"\{([A-Za-z][\w:+-]*)\}(?=`)")

NOTE_DIRECTIVES = frozenset(
    {"math", "note", "warning", "tip", "important", "admonition", "table", "list-table", "seealso", "glossary"}
)
"""Directives a method note may use; any other is shown as text."""
NOTE_ROLES = frozenset({"math", "eq", "ref", "numref", "doc", "term"})
"""Roles a method note may use."""


def _one_line(value: object) -> str:
    return _SPACES.sub(" ", _DIRECTION.sub("", str(value))).strip()


def trusted(text: str) -> Markup:
    """Declare safe a text this package wrote itself, its untrusted parts already escaped.

    Parameters
    ----------
    text : str
        HTML or MyST.

    Returns
    -------
    markupsafe.Markup
        The same text.
    """
    return Markup(text)  # noqa: S704 - the only place; every caller escapes what it inserts


def as_html(value: object) -> Markup:
    """Return text safe inside HTML, on one line.

    Parameters
    ----------
    value : object
        Any text; a ``Markup`` is already safe and returned as it is.

    Returns
    -------
    markupsafe.Markup
        Backticks are escaped too: the HTML is placed in a MyST fence.

    Examples
    --------
    >>> as_html("<script>`x`")
    Markup('&lt;script&gt;&#96;x&#96;')
    """
    if isinstance(value, Markup):
        return value
    return trusted(html.escape(_one_line(value)).replace("`", "&#96;"))


def as_code(text: str) -> Markup:
    """Return code safe inside HTML, its lines and their indentation kept.

    Parameters
    ----------
    text : str
        SQL or any source text.

    Returns
    -------
    markupsafe.Markup
        A ``<pre>`` element.

    Examples
    --------
    >>> as_code("SELECT\\n  a < b")
    Markup('<pre class="code"><code>SELECT\\n  a &lt; b</code></pre>')
    """
    safe = html.escape(_DIRECTION.sub("", text)).replace("`", "&#96;")
    return trusted(f'<pre class="code"><code>{safe}</code></pre>')


def as_myst(value: object) -> Markup:
    """Return text that MyST shows as it is: no markup, role, directive, formula or link can start in it.

    Parameters
    ----------
    value : object
        Any text; a ``Markup`` is already safe and returned as it is.

    Returns
    -------
    markupsafe.Markup
        Every ASCII sign but the comma becomes a character reference, which CommonMark never reads as structure.

    Examples
    --------
    >>> as_myst("{raw}`<b>`")
    Markup('&#123;raw&#125;&#96;&#60;b&#62;&#96;')
    """
    if isinstance(value, Markup):
        return value
    return trusted(_PUNCTUATION.sub(lambda found: f"&#{ord(found.group())};", _one_line(value)))


def block(content: str) -> Markup:
    """Place HTML in a MyST page.

    Parameters
    ----------
    content : str
        HTML whose untrusted parts went through :func:`as_html`.

    Returns
    -------
    markupsafe.Markup
        A ``{raw} html`` directive.
    """
    lines = "\n".join(line for line in content.splitlines() if line.strip())
    return trusted(f"```{{raw}} html\n{lines}\n```")


def link(url: str, text: object) -> Markup:
    """Write an HTML link.

    Parameters
    ----------
    url : str
        A page of the book, or an ``http`` address; anything else gives the text alone.
    text : object
        What the reader sees.

    Returns
    -------
    markupsafe.Markup
        An ``<a>`` element.

    Examples
    --------
    >>> link("javascript:alert(1)", "ici")
    Markup('ici')
    """
    if not re.match(r"https?://|[\w-]+\.html(#[\w-]+)?$|#[\w-]+$", url):
        return as_html(text)
    return trusted(f'<a href="{as_html(url)}">{as_html(text)}</a>')


def _tame_fence(found: re.Match[str]) -> str:
    opening, name = found.groups()
    if name.strip() in NOTE_DIRECTIVES:
        return found.group()
    return f"{opening}{{note}}" if ":" in opening else f"{opening}text"


def tame_note(body: str) -> Markup:
    """Neutralise what a method note has no use for: raw HTML, included files, executed cells, images.

    Parameters
    ----------
    body : str
        MyST text of the note.

    Returns
    -------
    markupsafe.Markup
        The same text with the spaces and apostrophes of print, formulas and code apart; other directives are
        shown as plain text, other roles lose their name.

    Examples
    --------
    >>> tame_note("```{include} /etc/passwd\\n```")
    Markup('```text /etc/passwd\\n```')
    """
    safe = _FENCE.sub(_tame_fence, body).replace("![", "[")
    safe = _ROLE.sub(lambda found: found.group() if found.group(1) in NOTE_ROLES else "", safe)
    pieces = _VERBATIM.split(safe)
    return trusted("".join(piece if place % 2 else typeset(piece) for place, piece in enumerate(pieces)))
