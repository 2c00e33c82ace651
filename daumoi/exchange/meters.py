"""Figures of what is given out: pages of feeds and their records."""

from daumoi.core.meters import counter, histogram

PAGE = histogram("daumoi_feed_page_seconds", "Time to read and write one page of a feed, by kind.", ("kind",))
RECORDS = counter("daumoi_feed_records", "Records given out by feeds and streams, by kind.", ("kind",))
BYTES = counter("daumoi_feed_bytes", "Bytes of records given out by feeds and streams, by kind.", ("kind",))
