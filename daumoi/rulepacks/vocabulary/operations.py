"""The work of the response: grouping of records, cut-off hours, deadlines, gates, publication."""

from typing import Annotated, ClassVar

from msgspec import Meta

from daumoi.rulepacks.vocabulary.base import Parameters


class EventGrouping(Parameters, frozen=True, kw_only=True):
    """Within which time records of one person, kind and place are likely one event. One track a kind of event."""

    GROUP: ClassVar[str] = "event_grouping"
    TITLE_EN: ClassVar[str] = "Records of one event"
    TITLE_VI: ClassVar[str] = "Gộp bản ghi của cùng sự kiện"

    window_minutes: Annotated[int, Meta(ge=1)]


class Reporting(Parameters, frozen=True, kw_only=True):
    """When the figures of a day are cut. One track a body that reports."""

    GROUP: ClassVar[str] = "reporting"
    TITLE_EN: ClassVar[str] = "Cut-off of daily figures"
    TITLE_VI: ClassVar[str] = "Giờ chốt số liệu"

    cut_off_local_time: Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    """Hours and minutes in the pack's time zone."""


class ReportHandling(Parameters, frozen=True, kw_only=True):
    """When a report of a citizen is overdue."""

    GROUP: ClassVar[str] = "report_handling"
    TITLE_EN: ClassVar[str] = "Handling of citizens' reports"
    TITLE_VI: ClassVar[str] = "Thời hạn xử lý phản ánh"

    overdue_days: Annotated[int, Meta(ge=1)]


class CheckpointWork(Parameters, frozen=True, kw_only=True):
    """What a checkpoint has to be able to do."""

    GROUP: ClassVar[str] = "checkpoint_work"
    TITLE_EN: ClassVar[str] = "Work at checkpoints"
    TITLE_VI: ClassVar[str] = "Yêu cầu tại điểm kiểm dịch"

    decision_seconds_below: Annotated[float, Meta(gt=0)]
    offline_hours_min: Annotated[int, Meta(ge=1)]
    """For how long a reader must keep its data without a network."""


class Publication(Parameters, frozen=True, kw_only=True):
    """What is left out of figures that are published."""

    GROUP: ClassVar[str] = "publication"
    TITLE_EN: ClassVar[str] = "Publication of figures"
    TITLE_VI: ClassVar[str] = "Công bố số liệu"

    suppress_below: Annotated[int, Meta(ge=1)]
    """Cells of fewer people are not published."""


class TracingCapacity(Parameters, frozen=True, kw_only=True):
    """What tracing has to reckon with."""

    GROUP: ClassVar[str] = "tracing_capacity"
    TITLE_EN: ClassVar[str] = "Capacity of contact tracing"
    TITLE_VI: ClassVar[str] = "Năng lực truy vết"

    contacts_per_case_min: Annotated[int, Meta(ge=0)]
    contacts_per_case_max: Annotated[int, Meta(ge=0)]
    cases_per_day_and_province_max: Annotated[int, Meta(ge=1)]
    """Beyond so many new cases a day and province, tracing does not keep up."""
