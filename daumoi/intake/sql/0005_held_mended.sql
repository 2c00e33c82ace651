CREATE INDEX CONCURRENTLY held_mended ON held (kind, mended_seq) WHERE mended_seq IS NOT NULL
