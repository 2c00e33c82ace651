"""Bulk intake over HTTP and feed catch-up on a hub of its own, beside their budgets (design, section 9)."""

import json
import tempfile
import time
from pathlib import Path

from tests.hubs import HubServer

RECORDS = 50_000
BUDGET_INTAKE, BUDGET_FEED = 25_000, 50_000


def main() -> None:
    """Send passages of 8,000 people through one checkpoint, read them back, and print records per second."""
    folder = Path(tempfile.mkdtemp(prefix="daumoi-bench-"))
    folder.chmod(0o755)
    server = HubServer(folder / "hub")
    server.start()
    try:
        partner = server.new_system(send="all", read="all", identity="given")
        gate = partner.get("/api/v1/kinds/checkpoint/example").json()
        partner.receipt("checkpoint", gate)
        example = partner.get("/api/v1/kinds/checkpoint_passage/example").json()
        lines = []
        for number in range(RECORDS):
            person = {"national_id": f"{79000000000 + number % 8000:012d}", "full_name": f"NGUYEN VAN {number % 8000}"}
            lines.append(json.dumps(example | {"ref": f"b{number}", "subject": person}).encode())
        began = time.perf_counter()
        answer = partner.post_body("checkpoint_passage", b"\n".join(lines))
        intake = RECORDS / (time.perf_counter() - began)
        assert answer.json()["accepted"] == RECORDS, answer.text[:500]
        began, after = time.perf_counter(), 0
        while (page := partner.feed("checkpoint_passage", after=after, limit=10_000)).lines:
            after = page.next
        feed = after / (time.perf_counter() - began)
        print(f"bulk intake over HTTP   {intake:10,.0f} records/s   budget {BUDGET_INTAKE:,}")
        print(f"feed catch-up           {feed:10,.0f} records/s   budget {BUDGET_FEED:,}")
    finally:
        server.stop()


if __name__ == "__main__":
    main()
