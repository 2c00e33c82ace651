"""Claims that a release left behind are sealed and indexed again, and join as before."""

from daumoi.core.hub import Hub
from daumoi.people.refreshing import refresh_claims
from tests.integration.sending import a_system, send


def test_claims_of_older_rules_are_indexed_again_and_still_join(hub: Hub):
    system, other = a_system(hub), a_system(hub, "other")
    person = {"national_id": "001087000001", "full_name": "Nguyễn Văn Mẫu", "phone": "0912345678"}
    row = {"ref": "1", "occurred_at": "2021-08-01T08:00:00+07:00", "subject": person, "data": {"form": "daily"}}
    send(hub, system, "health_declaration", [row, row | {"ref": "2", "subject": {"full_name": "Lê Thị Mẫu"}}])
    with hub.pool.connection() as connection:
        before = connection.execute("SELECT hash, claim, type FROM claim_index ORDER BY 1, 2").fetchall()
        connection.execute("UPDATE claim SET rule_version = 0, name_index = NULL")
        connection.execute("DELETE FROM claim_index WHERE type <> 5")
        assert refresh_claims(connection, hub.keys) == 2
        assert refresh_claims(connection, hub.keys) == 0
        assert connection.execute("SELECT hash, claim, type FROM claim_index ORDER BY 1, 2").fetchall() == before
        assert connection.execute("SELECT count(*) FROM claim WHERE name_index IS NULL").fetchone() == (0,)
    send(hub, other, "health_declaration", [row])
    with hub.pool.connection() as connection:
        assert connection.execute("SELECT count(*) FROM person").fetchone() == (2,)
