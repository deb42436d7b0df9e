"""The capsule: one citizen's browser, born, shown, logged out, ended, proven gone."""
