"""Why a back-up or a restore did not succeed, in words that say what to do."""


class BackupFault(Exception):
    """A back-up cannot be made, or one cannot be used. No text of a program or a library stands in the message."""
