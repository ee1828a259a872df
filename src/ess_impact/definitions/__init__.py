"""Definitions: models, strict YAML loading, typed expressions, catalogue and plans."""
