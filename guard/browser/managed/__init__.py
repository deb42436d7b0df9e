"""An installed Chrome, Edge or Chromium, inside its container: managed, watched, kept in one window."""
