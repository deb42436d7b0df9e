"""What the operating system is about to do: the port, and the adapter to logind behind it."""
