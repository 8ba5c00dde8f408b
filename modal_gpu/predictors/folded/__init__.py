"""What is alike in the answers of all models that fold protein and ligand together."""
