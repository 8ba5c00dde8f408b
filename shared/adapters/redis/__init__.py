"""Redis: shared by all instances and quick, and never the only place of anything that must not be lost."""
