CREATE INDEX CONCURRENTLY held_closed_by_centre ON held (closed_at DESC, arrival) WHERE closed_by IS NOT NULL
