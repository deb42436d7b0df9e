"""Is a card there? The port, and the PC/SC adapter behind it."""
