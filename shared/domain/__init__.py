"""Pure rules that two or more deployables share."""
