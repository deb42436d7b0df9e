"""How the embedded browser is started in its container."""

from __future__ import annotations

from guard.browser.capsule import Launch


def embedded() -> Launch:
    """Return it; it needs nothing that the guard does not need itself."""
    return Launch(
        module="guard.browser.embedded.window",
        environment={"PYWEBVIEW_LOG": "CRITICAL", "QT_API": "pyside6"},
    )
