"""The library from which Windows' viewer takes the texts of our events."""
