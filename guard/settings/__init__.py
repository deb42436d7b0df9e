"""The operator's choices: what exists, what is allowed, what was chosen."""
