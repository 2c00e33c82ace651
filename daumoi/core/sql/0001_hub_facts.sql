-- Facts of the hub itself: the fingerprint of its master key, whether it is a demo.
CREATE TABLE hub_fact (
    name  text PRIMARY KEY,
    value text NOT NULL
);
