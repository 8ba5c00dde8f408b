"""Takes a screen: checks it, stores it, releases its first ligands."""
