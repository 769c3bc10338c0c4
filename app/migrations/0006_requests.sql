-- An event says which request caused it.

ALTER TABLE events RENAME TO old_events;

CREATE TABLE events (            -- all that a client must hear of, in order, one line of numbers for each person
    user_id    INTEGER NOT NULL REFERENCES users (id),
    seq        INTEGER NOT NULL CHECK (seq > 0),
    type       TEXT NOT NULL,
    payload    TEXT NOT NULL CHECK (json_valid(payload)),            -- the frame as it goes out
    created_at TEXT NOT NULL,
    request_id TEXT,                         -- what caused it, as the log of `web` has it; NULL: the command line
    PRIMARY KEY (user_id, seq)               -- what has this person missed since seq?
) STRICT;

INSERT INTO events (user_id, seq, type, payload, created_at)
    SELECT user_id, seq, type, payload, created_at
    FROM old_events;

DROP TABLE old_events;

-- Schema 4 once forgot who hides when they are here.
UPDATE discovery
SET active_since = NULL,
    active_before = NULL
WHERE user_id IN (SELECT id FROM users WHERE hide_activity = 1);
