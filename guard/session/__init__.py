"""The session table: frozen events in, (session, effects) out; no I/O, no clock, no thread."""
