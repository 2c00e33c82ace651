"""Reads when a certificate ends."""

from datetime import datetime
from pathlib import Path

from cryptography import x509


def ends_at(file: Path) -> datetime | None:
    """Return the instant after which the first certificate of a PEM file is no longer valid; None when it is none."""
    try:
        return x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        return None
