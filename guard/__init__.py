"""Madoguchi Guard: the moment a citizen's card is gone, nothing of them is left."""

from importlib.metadata import version

__version__ = version("madoguchi-guard")
