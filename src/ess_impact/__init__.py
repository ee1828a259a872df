"""Evaluate a territorial policy for the social and solidarity economy."""

from __future__ import annotations

__version__ = "0.1.0"
