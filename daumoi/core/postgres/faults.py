"""Why a start did not succeed, in words that say what to do."""


class StartFault(Exception):
    """The hub cannot start. The message says why and what to do; no library's or database's text stands in it."""


class StartEnded(StartFault):
    """The start was ended before it was complete. Nothing is lost; start again when you like."""

    def __init__(self) -> None:
        """Take the sentence above as the message."""
        super().__init__(self.__doc__)
