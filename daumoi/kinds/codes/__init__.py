"""Code lists: dated data, one JSON file a list, evaluated at the date of the event."""

from daumoi.kinds.codes.lists import CodeList, Entry, code_list, is_known

__all__ = ["CodeList", "Entry", "code_list", "is_known"]
