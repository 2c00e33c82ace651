-- Groups of held rows are counted from this index alone, and a group is read page by page along it.
CREATE INDEX CONCURRENTLY held_group ON held (system_id, kind, code, arrival)
    INCLUDE (created_at, handed_back_at) WHERE closed_at IS NULL
