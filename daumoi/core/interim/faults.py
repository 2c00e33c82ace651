"""Why a start cannot succeed."""
class StartFault(Exception):
    """A start cannot succeed; the message says why and what to do."""
