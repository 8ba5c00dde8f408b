"""The commands of ``omtx``; each translates between the terminal and the functions."""
