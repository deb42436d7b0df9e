"""Paper for citizens: a page's PDF goes to one printer, and a session's jobs end with the session."""
