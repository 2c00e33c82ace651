"""`daumoi log recount`, as an operator runs it when the alert has called."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from typer.testing import CliRunner, Result

from daumoi.cli.app import COMMANDS, made_of
from daumoi.core.clock import FixedClock, SystemClock
from daumoi.core.hub import Hub
from daumoi.situation.units import keep_table
from tests.hubs import as_url
from tests.integration.sending import a_report, a_system, send
from tests.integration.situation.test_counting import count_everything


@pytest.fixture
def run(make_hub: Callable[..., Hub], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs commands on a hub of three hours ago, of which one figure was changed by hand."""
    hub = make_hub(clock=FixedClock(SystemClock().now() - timedelta(hours=3)))
    with hub.pool.connection() as connection:
        keep_table(connection)
        send(hub, a_system(hub), "citizen_report", [a_report(f"r-{row}") for row in range(5)])
        count_everything(hub)
        connection.execute("UPDATE flow_figure SET accepted = 7")
    monkeypatch.setenv("DATABASE_URL", as_url(hub.dsn))

    def command(*arguments: str) -> Result:
        return CliRunner().invoke(made_of(COMMANDS), [*arguments, "--data-dir", str(hub.settings.data_dir)])

    return command


def test_what_differs_is_told_put_right_on_request_and_then_proved(run: Callable[..., Result]) -> None:
    wrong = run("log", "recount")
    assert wrong.exit_code == 1
    assert "5 records in 1 hours" in wrong.output
    assert "flow_figure: 2 rows differ." in wrong.output
    assert "--mend" in wrong.output
    mended = run("log", "recount", "--mend")
    assert (mended.exit_code, "2 rows differed and were put right" in mended.output) == (0, True)
    right = run("log", "recount")
    assert (right.exit_code, "flow_figure" in right.output) == (0, False)
