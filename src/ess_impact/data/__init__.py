"""Reading, parsing, checking and linking of what is collected."""
