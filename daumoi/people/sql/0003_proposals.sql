-- Pairs that the nightly comparison finds carry a score from 0 to 1 and what spoke for it, without a value. Pairs found
-- while claims came in have none, and stand first.
ALTER TABLE person_candidate
    ADD COLUMN score double precision CHECK (score BETWEEN 0 AND 1),
    ADD COLUMN evidence jsonb,
    ADD COLUMN found_at timestamptz,
    ADD COLUMN rank double precision GENERATED ALWAYS AS (coalesce(score, 2)) STORED;
CREATE INDEX person_candidate_rank ON person_candidate (rank, low, high, reason);
CREATE INDEX person_candidate_high ON person_candidate (high);

-- What somebody proposes to do with people, and what another decided. Kept for good; the hub itself proposes what it
-- found by comparison ('hub').
CREATE TABLE identity_proposal (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    action      text NOT NULL CHECK (action IN ('merge', 'split', 'undo')),
    keep        bigint NOT NULL,             -- the person that stays
    other       bigint,                      -- merge: whose claims go to it
    undoes      bigint REFERENCES identity_proposal,
    reason      text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    proposed_by text NOT NULL,
    proposed_at timestamptz NOT NULL,
    outcome     text CHECK (outcome IN ('approved', 'rejected', 'withdrawn')),
    decided_by  text,
    decided_at  timestamptz CHECK (decided_at >= proposed_at),
    note        text CHECK (length(note) BETWEEN 1 AND 500),
    keeps_apart boolean NOT NULL DEFAULT false,  -- the two sides are not the same person
    undone      boolean NOT NULL DEFAULT false,
    CHECK ((action = 'merge') = (other IS NOT NULL)),
    CHECK ((action = 'undo') = (undoes IS NOT NULL)),
    CHECK (num_nonnulls(outcome, decided_by, decided_at, note) IN (0, 4)),
    -- Four eyes: nobody decides what they proposed, and nobody else withdraws it.
    CHECK (outcome IS NULL OR (outcome = 'withdrawn') = (decided_by = proposed_by))
);
CREATE UNIQUE INDEX identity_proposal_open_merge ON identity_proposal (least(keep, other), greatest(keep, other))
    WHERE action = 'merge' AND outcome IS NULL;
CREATE UNIQUE INDEX identity_proposal_open_undo ON identity_proposal (undoes) WHERE action = 'undo' AND outcome IS NULL;
CREATE INDEX identity_proposal_open ON identity_proposal (id) WHERE outcome IS NULL;

-- The claims of both sides when it was proposed, and anew when it was decided: people move, claims stay. Side 1 belongs
-- to the person that stays, side 2 is what moves.
CREATE TABLE identity_proposal_claim (
    proposal bigint NOT NULL REFERENCES identity_proposal,
    side     smallint NOT NULL CHECK (side IN (1, 2)),
    claim    bigint NOT NULL,
    PRIMARY KEY (proposal, side, claim)
);
CREATE INDEX identity_proposal_claim_claim ON identity_proposal_claim (claim);

-- What an approval moved: the inverse undoes it.
CREATE TABLE identity_proposal_move (
    proposal bigint NOT NULL REFERENCES identity_proposal,
    claim    bigint NOT NULL,
    source   bigint NOT NULL,
    target   bigint NOT NULL,
    PRIMARY KEY (proposal, claim)
);
CREATE INDEX identity_proposal_move_claim ON identity_proposal_move (claim);

-- Whether somebody decided that two people are not one, and nothing has come since that speaks for it: a strong
-- identifier that both have now, and that the claims decided upon did not share. Follows claims wherever they went.
CREATE FUNCTION kept_apart_v1(one bigint, another bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM claim a
        JOIN identity_proposal_claim x ON x.claim = a.id
        JOIN identity_proposal p ON p.id = x.proposal AND p.keeps_apart
        JOIN identity_proposal_claim y ON y.proposal = p.id AND y.side <> x.side
        JOIN claim b ON b.id = y.claim AND b.person = another
        WHERE a.person = one
          AND NOT EXISTS (
              SELECT FROM claim c
              JOIN claim_index i ON i.claim = c.id AND i.type < 100 AND i.type <> 5
              JOIN claim_index j ON j.hash = i.hash
              JOIN claim d ON d.id = j.claim AND d.person = another
              WHERE c.person = one AND (
                  SELECT count(DISTINCT s.side) FROM identity_proposal_claim s
                  JOIN claim_index k ON k.claim = s.claim WHERE s.proposal = p.id AND k.hash = i.hash
              ) < 2
          )
    )
$$;

-- Each comparison of all people, and the model it used: shares alone, no value of a person.
CREATE TABLE comparison_run (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    began_at  timestamptz NOT NULL,
    ended_at  timestamptz NOT NULL,
    rows      bigint NOT NULL,
    pairs     bigint NOT NULL,
    threshold double precision NOT NULL,
    model     jsonb NOT NULL
);
