"""The ground on Windows."""
