"""Phản ánh của người dân: what a citizen reports of an event, a place or a need; may be anonymous."""

from typing import Annotated, Any

from msgspec import Meta

from daumoi.kinds.envelope import PersonEnvelope
from daumoi.kinds.fields import Address, Instant, ShortText, Wire
from daumoi.kinds.kind import Kind


class CitizenReportData(Wire):
    """The report. Title and text are sealed: people name others in them."""

    category: ShortText
    text: Annotated[str, Meta(min_length=1, max_length=5000, extra={"mark": "personal"})]
    title: Annotated[str, Meta(min_length=1, max_length=300, extra={"mark": "personal"})] | None = None
    address: Address | None = None
    contact_allowed: bool | None = None
    attachments: Annotated[
        list[dict[str, Any]], Meta(max_length=0, description="Empty until there is a door for media.")
    ] = []
    external_status: ShortText | None = None
    external_agency: ShortText | None = None
    closed_at: Instant | None = None


class CitizenReport(PersonEnvelope):
    """One citizen's report; the subject is the reporter and may be absent."""

    data: CitizenReportData | None = None


KIND = Kind(
    name="citizen_report",
    number=3,
    version=1,
    wire=CitizenReport,
    subject="optional",
    title_en="Citizens' reports",
    title_vi="Phản ánh của người dân",
    example={
        "ref": "example-1",
        "occurred_at": "2021-08-15T19:20:00+07:00",
        "subject": {"full_name": "Lê Thị Mẫu", "phone": "0905123456"},
        "area": {"scheme": "vn-2024", "code": "48"},
        "location": {"lat": 16.0678, "lon": 108.2208, "accuracy_m": 50},
        "data": {
            "category": "crowd",
            "title": "Tụ tập đông người",
            "text": "Quán vẫn mở cửa, khoảng ba mươi người, không ai đeo khẩu trang.",
            "address": {"area": {"scheme": "vn-2024", "code": "48"}, "line": "Đường Mẫu"},
            "contact_allowed": True,
        },
    },
)
