"""A finished batch as a PDF to read and to pass on; a function of its facts, so always the same bytes."""
