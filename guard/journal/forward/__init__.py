"""Records leave the PC as they happen: to the platform's log and to the town hall's syslog server."""
