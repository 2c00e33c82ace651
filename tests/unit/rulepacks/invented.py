"""A second pack, of an invented disease in an invented unit: the same code answers for it."""

from daumoi.rulepacks.pack import Pack
from daumoi.rulepacks.reading import pack_of, parse

TEXT = """
[pack]
code = "sneezing-fever"
title_en = "Sneezing fever"
title_vi = "Sốt hắt hơi"
area = "XX"
time_zone = "America/Lima"

[[rule]]
group = "close_contact"
valid_from = 2030-01-01
sources = [{ text = "Order 1", body = "Ministry of Colds" }]
[rule.value]
any_of = [{ code = "near", vi = "Gần", en = "Near", within_m = 7.5, at_least_minutes = 40 }]

[[rule]]
group = "quarantine"
valid_from = 2030-01-01
valid_to = 2030-01-31
sources = [{ text = "Order 1", body = "Ministry of Colds" }]
[rule.value]
transition = "keep"
transition_text = "None."
paths = [
    { code = "recovered", vi = "Đã khỏi", en = "Recovered", days = 3, place = "home", any_of = [{ recovered_months_max = 2 }] },
    { code = "everybody", vi = "Mọi người", en = "Everybody", days = 40, place = "facility" },
]

[[rule]]
group = "quarantine"
valid_from = 2030-02-01
valid_to = 2030-02-28
no_rule = "The order ended before the next came."

[[rule]]
group = "quarantine"
valid_from = 2030-03-01
valid_to = 2030-03-31
sources = [{ text = "Order 2", body = "Ministry of Colds" }]
[rule.value]
transition = "keep"
transition_text = "Those in quarantine stay for the time they were told."
paths = [{ code = "everybody", vi = "Mọi người", en = "Everybody", days = 20, place = "facility" }]

[[rule]]
group = "quarantine"
valid_from = 2030-04-01
sources = [{ text = "Order 3", body = "Ministry of Colds" }]
[rule.value]
transition = "shorten"
transition_text = "Those in quarantine leave when they would by this order."
paths = [{ code = "everybody", vi = "Mọi người", en = "Everybody", days = 2, place = "home" }]

[[rule]]
group = "day_count"
track = "quarantine"
valid_from = 2030-01-01
sources = [{ text = "Order 1", body = "Ministry of Colds" }]
[rule.value]
counted_from = "last_contact"
first_day_is = 1
"""


def invented(text: str = TEXT) -> Pack:
    """The invented pack, or a changed writing of it."""
    heading, rules = parse(text)
    assert heading is not None
    return pack_of(heading, rules)
