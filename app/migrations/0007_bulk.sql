-- Large accounts are deleted in steps, and blocks are read in pages.

CREATE TABLE erasures (          -- deleted accounts, some of whose rows are still to be deleted
    user_id    INTEGER PRIMARY KEY REFERENCES users (id),
    started_at TEXT NOT NULL
) STRICT;

CREATE INDEX blocks_by_user ON blocks (user_id, created_at, target_id); -- whom do I block, the latest first?
