"""Loaders of official open files: each keeps its producer's name and layout, and leaves as canonical text rows."""
