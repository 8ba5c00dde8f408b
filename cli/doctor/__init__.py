"""``omtx doctor``: measure this installation, decide what is wrong, say how to mend it."""
