-- Leads from a record to the submission it came with.
CREATE INDEX CONCURRENTLY submission_numbers ON submission (system_id, kind, first_seq DESC) WHERE first_seq IS NOT NULL
