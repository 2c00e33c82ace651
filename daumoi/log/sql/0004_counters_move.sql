-- The counters are kept by the room `situation` from here on; its reader counts from the first record that is kept.
-- The table stays until the next release, empty, because the last one's code reads it.
TRUNCATE record_count;
DELETE FROM consumer WHERE name = 'counters';
