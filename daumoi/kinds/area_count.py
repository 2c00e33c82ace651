"""Số liệu tổng hợp theo địa bàn: one official figure of one area and day, as a system reported it."""

from typing import Annotated, Literal

from msgspec import Meta

from daumoi.kinds.envelope import Envelope
from daumoi.kinds.fields import Day, Instant, ShortText, Wire
from daumoi.kinds.kind import Kind

Indicator = Annotated[
    str, Meta(min_length=1, max_length=64, description="A listed indicator.", extra={"list": "indicator"})
]
VALUE_MAX = 10_000_000_000


class AreaCountData(Wire):
    """The figure. A figure that turns out wrong gets a new revision, never a figure that makes up for it."""

    day: Annotated[Day, Meta(description="The day of Viet Nam that the figure is of.")]
    indicator: Indicator
    value: Annotated[int, Meta(ge=0, le=VALUE_MAX, description="Persons, tests, doses or beds, by indicator.")]
    reported_at: Annotated[Instant, Meta(description="When the figure was made public or closed, as the sender says.")]
    span: Annotated[
        Literal["day", "to_date", "instant"],
        Meta(description="New on the day; all up to the end of the day; present at reported_at."),
    ] = "day"
    publication: ShortText | None = None


class AreaCount(Envelope):
    """One figure; its area is required, it is about no person."""

    data: AreaCountData | None = None


KIND = Kind(
    name="area_count",
    number=6,
    version=1,
    wire=AreaCount,
    subject="none",
    title_en="Official figures by area",
    title_vi="Số liệu tổng hợp theo địa bàn",
    requires_area=True,
    example={
        "ref": "example-1",
        "occurred_at": "2021-08-01T00:00:00+07:00",
        "area": {"scheme": "vn-2024", "code": "01"},
        "data": {
            "day": "2021-08-01",
            "indicator": "cases",
            "value": 77,
            "reported_at": "2021-08-01T18:00:00+07:00",
            "publication": "Bản tin 18 giờ",
        },
    },
)
