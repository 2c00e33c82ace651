"""Why a command cannot go on; apart, so that the command line catches it without loading what a hub needs."""


class Stopped(Exception):
    """A command cannot go on; the message says why and what to do."""
