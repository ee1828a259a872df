"""French where the command-line library speaks English: help option and usage errors."""

from __future__ import annotations

import re
from typing import Any

from typer import rich_utils
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from ess_impact.errors import did_you_mean

_HELP = "Affiche cette aide."

rich_utils.ARGUMENTS_PANEL_TITLE = "Arguments"
rich_utils.COMMANDS_PANEL_TITLE = "Commandes"
rich_utils.OPTIONS_PANEL_TITLE = "Options"
rich_utils.REQUIRED_LONG_STRING = "[obligatoire]"
rich_utils.DEFAULT_STRING = "[par défaut : {}]"


class FrenchCommand(TyperCommand):
    """A command whose ``--help`` option is described in French."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return the help option.

        Parameters
        ----------
        ctx : click context
            Current context.

        Returns
        -------
        option
            Its help in French.
        """
        return _in_french(super().get_help_option(ctx))


class FrenchGroup(TyperGroup):
    """The group of commands, likewise."""

    def get_help_option(self, ctx: Any) -> Any:
        """Return the help option.

        Parameters
        ----------
        ctx : click context
            Current context.

        Returns
        -------
        option
            Its help in French.
        """
        return _in_french(super().get_help_option(ctx))


def _in_french(option: Any) -> Any:
    if option is not None:
        option.help = _HELP
    return option


def usage_message(error: TyperException, commands: list[str]) -> str:
    """Say a usage error in French.

    Parameters
    ----------
    error : TyperException
        Raised by the command-line library.
    commands : list of str
        Commands that exist.

    Returns
    -------
    str
        Problem and remedy.
    """
    kind = type(error).__name__
    text = str(getattr(error, "message", error) or error)
    if kind == "NoSuchOption":
        name = str(getattr(error, "option_name", ""))
        return f"option inconnue : {name}. {did_you_mean(name, getattr(error, 'possibilities', None) or [])}".strip()
    if kind == "MissingParameter":
        return f"il manque {_parameter(error)}. Voir --help."
    command = re.match(r"No such command '([^']*)'", text)
    if command:
        group = getattr(getattr(error, "ctx", None), "command", None)
        known = list(getattr(group, "commands", commands))
        return f"commande inconnue : {command.group(1)}. {did_you_mean(command.group(1), known)}".strip()
    if kind == "BadParameter":
        day = re.search(r"'(.*)' does not match the formats? '%Y-%m-%d'", text)
        if day:
            return f"« {day.group(1)} » n'est pas une date : écrivez AAAA-MM-JJ"
        listed = re.search(r"'(.*)' is not one of (.*)", text)
        reason = f"« {listed.group(1)} » n'est pas dans {listed.group(2)}" if listed else text
        return f"valeur refusée pour {_parameter(error)} : {reason}"
    return f"commande mal formée : {text}"


def _parameter(error: TyperException) -> str:
    parameter = getattr(error, "param", None)
    names = [*getattr(parameter, "opts", ())]
    metavar = getattr(parameter, "metavar", None)
    return str(metavar or " / ".join(names) or "un argument")
