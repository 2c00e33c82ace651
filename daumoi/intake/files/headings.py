"""Names that offices give to columns, and the fields they usually mean. Only for drafts, which a person checks."""

from daumoi.people.folding import name_key

_MEANINGS: dict[str, str] = {
    "ref": "id; mã; mã số; mã phiếu; số phiếu; mã tờ khai; mã phản ánh; mã lượt; unique key; reference; code",
    "occurred_at": "ngày giờ; thời gian; thời điểm; ngày khai; ngày khai báo; ngày giờ khai báo; ngày; ngày phản ánh;"
    " giờ vào; thời gian vào; timestamp; date; time; datetime; created; created date",
    "area.code": "mã phường; mã xã; mã phường xã; mã xã phường; mã đvhc; mã đơn vị hành chính; ward code; area code",
    "location.lat": "vĩ độ; lat; latitude",
    "location.lon": "kinh độ; lon; lng; long; longitude",
    "subject.full_name": "họ và tên; họ tên; tên; họ tên người khai; full name; name; người khai; người phản ánh",
    "subject.national_id": "cccd; số cccd; cccd/cmnd; cmnd/cccd; số cmnd/cccd; số cccd/cmnd; căn cước;"
    " căn cước công dân; số căn cước; số định danh; số định danh cá nhân; national id; id number",
    "subject.old_national_id": "cmnd; số cmnd; chứng minh nhân dân; chứng minh thư",
    "subject.passport.number": "hộ chiếu; số hộ chiếu; passport; passport number",
    "subject.health_insurance_no": "bhyt; số bhyt; thẻ bhyt; mã bhyt; số thẻ bhyt; health insurance",
    "subject.phone": "điện thoại; số điện thoại; sđt; đt; số đt; di động; phone; mobile; telephone",
    "subject.birth_date": "ngày sinh; năm sinh; ngày tháng năm sinh; sinh ngày; dob; birth date; date of birth; yob",
    "subject.sex": "giới tính; giới; sex; gender; nam/nữ",
    "subject.nationality": "quốc tịch; nationality",
    "data.address.line": "địa chỉ; nơi ở; chỗ ở hiện nay; địa chỉ liên hệ; address; street",
    "data.text": "nội dung; nội dung phản ánh; mô tả; description; text; content",
    "data.title": "tiêu đề; title; subject",
    "data.category": "loại phản ánh; loại; lĩnh vực; category; type",
    "data.code": "mã chốt; mã điểm; mã điểm kiểm dịch",
    "data.name": "tên chốt; tên điểm; tên điểm kiểm dịch; địa điểm; chốt; điểm",
    "data.type": "loại chốt; loại điểm; loại hình; loại; type",
    "data.operator": "đơn vị quản lý; đơn vị phụ trách; operator",
    "data.checkpoint": "mã chốt; chốt; mã điểm; điểm kiểm dịch; checkpoint",
    "data.direction": "chiều; hướng; vào/ra; vào ra; direction",
    "data.method": "hình thức; cách kiểm tra; method",
    "data.decision": "kết quả; quyết định; xử lý; decision",
    "data.reason": "lý do; reason",
    "data.form": "loại tờ khai; mẫu tờ khai; form",
    "data.temperature_c": "nhiệt độ; thân nhiệt; nhiệt độ cơ thể; temperature",
    "data.vehicle_plate": "biển số; biển số xe; biển kiểm soát; plate",
    "data.purpose": "mục đích; lý do di chuyển; purpose",
    "data.note": "ghi chú; note; notes; remark",
}

BY_HEADING: dict[str, list[str]] = {}
"""Fields by folded heading, the likeliest first."""
for _field, _headings in _MEANINGS.items():
    for _heading in _headings.split(";"):
        BY_HEADING.setdefault(name_key(_heading.replace("/", " ")), []).append(_field)


def meanings(heading: str) -> list[str]:
    """Return the fields a heading may mean; of joined headings the last part decides."""
    for text in (heading, heading.rsplit(" / ", 1)[-1]):
        found = BY_HEADING.get(name_key(text.replace("/", " ").replace("_", " ")))
        if found:
            return found
    return []
