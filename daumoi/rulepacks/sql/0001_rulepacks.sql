-- A rule pack: the rules on one disease in one country. Its rules stand in its versions.
CREATE TABLE rule_pack (
    code          text PRIMARY KEY CHECK (code ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    created_at    timestamptz NOT NULL,
    bundle_digest bytea CHECK (length(bundle_digest) = 32)   -- of the files of the product that were looked at last
);

-- A version: all rules of its pack at once. What it says never changes; its status goes forward only.
CREATE TABLE rule_pack_version (
    pack         text NOT NULL REFERENCES rule_pack,
    version      integer NOT NULL CHECK (version > 0),
    content      jsonb NOT NULL,
    based_on     integer CHECK (based_on < version),         -- the version that was active when this one was drafted
    bundled      boolean NOT NULL DEFAULT false,              -- came with the product
    status       text NOT NULL CHECK (status IN ('draft', 'proposed', 'active', 'superseded', 'withdrawn')),
    drafted_by   text NOT NULL CHECK (length(drafted_by) BETWEEN 1 AND 100),
    drafted_at   timestamptz NOT NULL,
    proposed_by  text CHECK (length(proposed_by) BETWEEN 1 AND 100),
    proposed_at  timestamptz,
    activated_by text CHECK (length(activated_by) BETWEEN 1 AND 100),
    activated_at timestamptz,
    ended_at     timestamptz,
    PRIMARY KEY (pack, version),
    FOREIGN KEY (pack, based_on) REFERENCES rule_pack_version (pack, version),
    CHECK ((proposed_by IS NULL) = (proposed_at IS NULL)),
    CHECK ((activated_by IS NULL) = (activated_at IS NULL)),
    CHECK ((ended_at IS NOT NULL) = (status IN ('superseded', 'withdrawn'))),
    CHECK ((activated_at IS NOT NULL) = (status IN ('active', 'superseded'))),
    CHECK (status <> 'draft' OR proposed_by IS NULL),
    CONSTRAINT rule_pack_version_is_proposed CHECK (
        status NOT IN ('proposed', 'active', 'superseded') OR proposed_by IS NOT NULL
        -- the first version of a pack that comes with the product is active without anybody's decision
        OR (bundled AND version = 1)
    ),
    CONSTRAINT rule_pack_version_needs_a_second_person CHECK (
        activated_by IS NULL
        OR (lower(activated_by) <> lower(proposed_by) AND lower(activated_by) <> lower(drafted_by))
        OR (bundled AND version = 1 AND proposed_by IS NULL)
    )
);
CREATE UNIQUE INDEX rule_pack_version_one_active ON rule_pack_version (pack) WHERE status = 'active';

-- Every step of a version: who, when, and what was said of it.
CREATE TABLE rule_pack_step (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    pack    text NOT NULL,
    version integer NOT NULL,
    step    text NOT NULL CHECK (step IN ('drafted', 'proposed', 'activated', 'superseded', 'withdrawn')),
    actor   text NOT NULL CHECK (length(actor) BETWEEN 1 AND 100),
    at      timestamptz NOT NULL,
    remark  text NOT NULL CHECK (length(remark) BETWEEN 1 AND 1000),
    FOREIGN KEY (pack, version) REFERENCES rule_pack_version (pack, version)
);
CREATE INDEX rule_pack_step_version ON rule_pack_step (pack, version, id);

-- History is not edited, by whatever way somebody comes to the database.
CREATE FUNCTION rule_pack_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of rule packs is not edited' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER rule_pack_step_stays BEFORE UPDATE OR DELETE ON rule_pack_step
    FOR EACH ROW EXECUTE FUNCTION rule_pack_refuse();
CREATE TRIGGER rule_pack_step_is_not_emptied BEFORE TRUNCATE ON rule_pack_step EXECUTE FUNCTION rule_pack_refuse();
CREATE TRIGGER rule_pack_version_stays BEFORE DELETE ON rule_pack_version
    FOR EACH ROW EXECUTE FUNCTION rule_pack_refuse();
CREATE TRIGGER rule_pack_version_is_not_emptied BEFORE TRUNCATE ON rule_pack_version EXECUTE FUNCTION rule_pack_refuse();

-- A version goes draft → proposed → active → superseded, or is withdrawn before it was active; nothing else changes.
CREATE FUNCTION rule_pack_version_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.pack, NEW.version, NEW.content, NEW.based_on, NEW.bundled, NEW.drafted_by, NEW.drafted_at)
           IS DISTINCT FROM (OLD.pack, OLD.version, OLD.content, OLD.based_on, OLD.bundled, OLD.drafted_by, OLD.drafted_at)
       OR (OLD.status, NEW.status) NOT IN (('draft', 'proposed'), ('proposed', 'active'), ('active', 'superseded'),
                                           ('draft', 'withdrawn'), ('proposed', 'withdrawn'))
       OR (OLD.proposed_by IS NOT NULL AND (NEW.proposed_by, NEW.proposed_at)
               IS DISTINCT FROM (OLD.proposed_by, OLD.proposed_at))
       OR (OLD.activated_by IS NOT NULL AND (NEW.activated_by, NEW.activated_at)
               IS DISTINCT FROM (OLD.activated_by, OLD.activated_at)) THEN
        RAISE EXCEPTION 'the history of rule packs is not edited' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rule_pack_version_goes_forward BEFORE UPDATE ON rule_pack_version
    FOR EACH ROW EXECUTE FUNCTION rule_pack_version_goes_forward();
