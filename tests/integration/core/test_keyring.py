"""The master key: made once, and never made anew for a database that another key sealed."""

import pytest

from daumoi.core import keyring
from daumoi.core.hub import Hub


def test_a_missing_key_file_is_said_and_no_new_key_is_made(hub: Hub):
    path = keyring.key_file(hub.settings)
    with hub.pool.connection() as connection:
        first = keyring.ensure(hub.settings, connection)
        kept = path.read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
        path.unlink()
        with pytest.raises(keyring.KeyFault, match="is missing"):
            keyring.ensure(hub.settings, connection)
        assert not path.exists()
        path.write_bytes(kept[::-1])
        with pytest.raises(keyring.KeyFault, match="not the one"):
            keyring.ensure(hub.settings, connection)
        path.write_bytes(kept)
        assert keyring.ensure(hub.settings, connection).fingerprint == first.fingerprint
