"""The ground on Linux."""
