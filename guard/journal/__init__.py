"""What happened, written down so that an auditor can rely on it."""
