"""Every problem a caller can act on: a stable code, a status, and a sentence each in English and Vietnamese.

Contract, section 1. No sentence repeats a value that was sent.
"""

from typing import Any, NamedTuple


class Explanation(NamedTuple):
    """What a code means and what to do, in two languages."""

    en: str
    vi: str


class CallCode(NamedTuple):
    """A problem of a whole call."""

    status: int
    title: str
    en: str
    vi: str


ROW_CODES: dict[str, Explanation] = {
    "malformed_json": Explanation(
        "The row is not one JSON object. Send one complete object a row.",
        "Dòng không phải là một đối tượng JSON. Mỗi dòng cần đúng một đối tượng đầy đủ.",
    ),
    "not_utf8": Explanation(
        "The row is not UTF-8. Convert the text to UTF-8 and send the row again.",
        "Dòng không ở dạng UTF-8. Hãy chuyển văn bản sang UTF-8 rồi gửi lại.",
    ),
    "line_too_long": Explanation(
        "The line is longer than the limit published at /api/v1/kinds.",
        "Dòng dài quá giới hạn công bố tại /api/v1/kinds.",
    ),
    "too_deep": Explanation("The JSON is nested deeper than 32 levels.", "JSON lồng sâu quá 32 tầng."),
    "duplicate_key": Explanation(
        "A key is given twice in one object; keep one of them.",
        "Một khóa xuất hiện hai lần trong cùng một đối tượng; chỉ giữ lại một.",
    ),
    "unknown_field": Explanation(
        "The field is not part of this kind; see its schema for the right name.",
        "Trường này không thuộc loại bản ghi; hãy xem lược đồ để biết tên đúng.",
    ),
    "missing_field": Explanation("A required field is missing.", "Thiếu một trường bắt buộc."),
    "wrong_type": Explanation(
        "The value has another JSON type than the schema asks for.",
        "Giá trị có kiểu JSON khác với lược đồ.",
    ),
    "out_of_range": Explanation(
        "The value, or its length, lies outside the range the schema gives.",
        "Giá trị hoặc độ dài nằm ngoài khoảng cho phép của lược đồ.",
    ),
    "not_in_list": Explanation(
        "The value is not one of those the schema lists.",
        "Giá trị không có trong danh sách của lược đồ.",
    ),
    "bad_instant": Explanation(
        "An instant is RFC 3339 with an offset, such as 2021-08-01T08:00:00+07:00.",
        "Thời điểm phải theo RFC 3339 và có độ lệch múi giờ, ví dụ 2021-08-01T08:00:00+07:00.",
    ),
    "instant_out_of_range": Explanation(
        "Instants lie in 1900–2199, and what happened lies at most 24 hours after its receipt.",
        "Thời điểm phải nằm trong 1900–2199 và không muộn hơn lúc nhận quá 24 giờ.",
    ),
    "bad_date": Explanation(
        "A date is YYYY-MM-DD and exists in the calendar; a birth date may also be YYYY or YYYY-MM.",
        "Ngày phải có dạng YYYY-MM-DD và có thật; ngày sinh có thể chỉ ghi YYYY hoặc YYYY-MM.",
    ),
    "bad_identifier": Explanation(
        "The identifier has not the shape of its type.", "Số định danh không đúng dạng của loại giấy tờ."
    ),
    "no_identity": Explanation(
        "A person needs at least one identifier or a full name.",
        "Cần ít nhất một số định danh hoặc họ và tên của người này.",
    ),
    "text_not_storable": Explanation(
        "The text holds U+0000 or half of a surrogate pair; remove it.",
        "Văn bản chứa ký tự U+0000 hoặc nửa cặp thay thế; hãy xóa đi.",
    ),
    "unknown_area": Explanation(
        "No administrative unit has this code in this scheme.",
        "Không có đơn vị hành chính nào mang mã này trong bộ mã đã nêu.",
    ),
    "unknown_checkpoint": Explanation(
        "Your system has no checkpoint of this code yet. Send the checkpoint, then replay the held passage.",
        "Hệ thống của bạn chưa có điểm kiểm dịch mang mã này. Hãy gửi điểm kiểm dịch rồi chạy lại dòng đang chờ.",
    ),
    "code_in_use": Explanation(
        "Another checkpoint of your system has this code already.",
        "Một điểm kiểm dịch khác của hệ thống bạn đã dùng mã này.",
    ),
    "unknown_code": Explanation(
        "The code is not in its list at the date of the event; the schema names the list.",
        "Mã không có trong danh mục tại ngày xảy ra; lược đồ nêu tên danh mục.",
    ),
    "revision_conflict": Explanation(
        "This ref and revision came before with other content. Send the change as a higher revision.",
        "Mã và số lần sửa này đã được gửi với nội dung khác. Hãy gửi thay đổi với số lần sửa cao hơn.",
    ),
    "ref_is_personal": Explanation(
        "The ref is an identifier of a person. Use an id of the record instead.",
        "Mã bản ghi là số định danh của một người. Hãy dùng mã riêng của bản ghi.",
    ),
}

CALL_CODES: dict[str, CallCode] = {
    "unauthorized": CallCode(
        401,
        "Not signed in",
        "The call needs a valid token of an active client.",
        "Lệnh gọi cần mã truy cập còn hiệu lực của một hệ thống đang hoạt động.",
    ),
    "unknown_kind": CallCode(
        404, "Unknown kind", "No kind has this name; /api/v1/kinds lists them.", "Không có loại bản ghi mang tên này."
    ),
    "no_right": CallCode(
        403,
        "No right to send",
        "Your system may not send this kind. Ask the centre for the right.",
        "Hệ thống của bạn chưa được quyền gửi loại bản ghi này. Hãy đề nghị Trung tâm cấp quyền.",
    ),
    "no_agreement": CallCode(
        403,
        "No sharing agreement",
        "No agreement in force lets your system read this kind.",
        "Chưa có thỏa thuận chia sẻ còn hiệu lực cho phép hệ thống của bạn đọc loại bản ghi này.",
    ),
    "malformed_body": CallCode(
        400,
        "The body cannot be read",
        "The body is broken, or is not what its type or encoding says.",
        "Nội dung gửi bị hỏng hoặc không đúng với kiểu và cách mã hóa đã khai.",
    ),
    "body_too_large": CallCode(
        413,
        "The body is too large",
        "The body is larger than the limit published at /api/v1/kinds.",
        "Nội dung lớn hơn giới hạn công bố tại /api/v1/kinds.",
    ),
    "unsupported_media_type": CallCode(
        415,
        "Unsupported type or encoding",
        "Send application/json or application/x-ndjson, plain, gzip or zstd.",
        "Hãy gửi application/json hoặc application/x-ndjson, không nén hoặc nén gzip, zstd.",
    ),
    "rows_refused": CallCode(
        422,
        "Rows refused",
        "Some rows are bad and nothing was stored, as on_problem=reject asks.",
        "Có dòng sai nên không dòng nào được lưu, đúng như yêu cầu on_problem=reject.",
    ),
    "rate_limited": CallCode(
        429,
        "Too many calls",
        "Wait as long as Retry-After says, then try again.",
        "Hãy chờ đủ thời gian ghi ở Retry-After rồi thử lại.",
    ),
    "too_many_bad_rows": CallCode(
        422,
        "Too many bad rows",
        "More rows are bad than the limits at /api/v1/kinds allow. Check the mapping, mend or replay what is held "
        "(GET /api/v1/held), then send on.",
        "Số dòng sai vượt giới hạn công bố tại /api/v1/kinds. Hãy kiểm tra cách ánh xạ, sửa hoặc chạy lại các dòng "
        "đang chờ (GET /api/v1/held), rồi gửi tiếp.",
    ),
    "storage_low": CallCode(
        503,
        "Storage is low",
        "The hub takes no records until its operator has made room. Nothing accepted is lost; try again later.",
        "Hệ thống tạm ngừng nhận vì sắp hết chỗ lưu. Dữ liệu đã nhận vẫn an toàn; hãy thử lại sau.",
    ),
    "gone_before": CallCode(
        410,
        "Numbers dropped by retention",
        "The numbers asked for are no longer kept; go on from Daumoi-Oldest.",
        "Các số thứ tự này đã hết hạn lưu; hãy đọc tiếp từ Daumoi-Oldest.",
    ),
    "bad_parameter": CallCode(
        400,
        "A parameter cannot be used",
        "A query parameter is unknown or has a value that is not allowed.",
        "Tham số không có hoặc có giá trị không được phép.",
    ),
    "not_found": CallCode(404, "Not found", "Nothing is at this address.", "Không có gì tại địa chỉ này."),
    "method_not_allowed": CallCode(
        405, "Method not allowed", "This address does not take this method.", "Địa chỉ này không nhận phương thức đó."
    ),
    "headers_too_large": CallCode(
        431,
        "The headers are too large",
        "Address and headers of a call are longer, or more, than the limits published at /api/v1/kinds.",
        "Địa chỉ và các tiêu đề của lệnh gọi dài hoặc nhiều quá giới hạn công bố tại /api/v1/kinds.",
    ),
    "not_ready": CallCode(
        503,
        "Not ready",
        "The hub cannot take this just now; try again after Retry-After.",
        "Hệ thống chưa sẵn sàng; hãy thử lại sau thời gian ghi ở Retry-After.",
    ),
    "internal_error": CallCode(
        500,
        "A fault of the hub",
        "The hub failed. What was answered with 200 is kept. Send again, and tell the centre the request id.",
        "Hệ thống gặp lỗi. Những gì đã trả lời 200 đều được giữ. Hãy gửi lại và báo cho Trung tâm mã yêu cầu.",
    ),
}


class CallProblem(Exception):
    """A call cannot be answered as asked; carries what the answer says (RFC 9457)."""

    def __init__(
        self,
        code: str,
        detail: str | None = None,
        *,
        receipt: Any = None,
        extra: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Name a code of CALL_CODES; `receipt` is the receipt so far; `extra` are further members of the answer."""
        self.code = code
        self.detail = detail or CALL_CODES[code].en
        self.receipt = receipt
        self.extra = extra or {}
        self.headers = headers or {}
        super().__init__(code)

    @property
    def status(self) -> int:
        """The HTTP status of the code."""
        return CALL_CODES[self.code].status
