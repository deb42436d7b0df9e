"""Short secrets in the operating system's keyring: the staff book's, and the mark of the journal's end."""
