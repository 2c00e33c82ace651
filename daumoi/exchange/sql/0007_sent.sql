-- Between taking out and sending an agreement may get another version, and less leaves than was taken: how much less, and
-- under which version; NULL where it is the one it was taken under. `digest` is of the lines that were sent.
ALTER TABLE stretch ADD COLUMN withheld bigint NOT NULL DEFAULT 0,
                    ADD COLUMN sent_agreement integer,
                    ADD COLUMN sent_version integer;
-- When its receiver first had it: going again later, it is not made less.
ALTER TABLE webhook_message ADD COLUMN delivered_at timestamptz;
UPDATE webhook_message SET delivered_at = closed_at WHERE state = 'delivered';
