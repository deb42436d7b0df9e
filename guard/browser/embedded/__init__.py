"""The embedded browser, inside its container: a pywebview window on the Qt engine."""
