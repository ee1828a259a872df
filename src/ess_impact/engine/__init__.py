"""Engine: indicators of a table compiled to one SQL scan, run on DuckDB, printable for other dialects."""
