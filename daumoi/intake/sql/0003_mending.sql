-- What the centre did with a held row: who closed it and which record it became; that it was handed back, and why.
ALTER TABLE held
    ADD COLUMN closed_by      text,         -- the member of staff, as the audit names them; null: the sender, or time
    ADD COLUMN mended_seq     bigint,       -- number of the record that the centre's mending made
    ADD COLUMN handed_back_at timestamptz,
    ADD COLUMN handed_back_by text,
    ADD COLUMN remark         text CHECK (length(remark) <= 500);  -- for the sender; holds no personal data
