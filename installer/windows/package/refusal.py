"""What ends the making of a package."""


class Refusal(Exception):  # noqa: N818 -- it is said to a person: "build-msi: …"
    """One sentence for whoever builds: what is wrong."""
