"""Evaluation: definitions, data and statistics meet here and become results."""
