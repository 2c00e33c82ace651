"""Why a start did not succeed, in words that say what to do."""


class StartFault(Exception):
    """The hub cannot start. The message says why and what to do; no library's or database's text stands in it."""
