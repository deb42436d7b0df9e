"""Who starts the guard again when it dies: the port, and the adapter to systemd behind it."""
