"""Claims a released ligand and starts its model run."""
