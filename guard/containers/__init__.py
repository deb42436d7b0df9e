"""A sealed place for processes that the operating system itself destroys whole."""
