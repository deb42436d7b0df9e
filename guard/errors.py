"""What can go wrong, sorted by whose fault it is.

The base cannot be raised itself; each leaf tells who can mend it. Every message is one clear sentence for a
person: what, where, what is allowed. None of them may carry a PIN, card data, page content or a URL beyond
its host.
"""


class GuardError(Exception):
    """Base of all errors of this package; raise one of its leaves.

    ``sentence`` is what a person gets to read.
    """

    def __init__(self, sentence: str) -> None:
        if type(self) is GuardError:
            raise TypeError("raise ConfigError, MachineError or BrokenPromiseError instead")
        super().__init__(sentence)
        self.sentence = sentence


class ConfigError(GuardError):
    """The operator's configuration or command is wrong; the operator can mend it."""


class MachineError(GuardError):
    """This PC lacks something or something on it failed; the IT section can mend it."""


class BrokenPromiseError(GuardError):
    """We broke a promise of our own; a defect to be reported."""
