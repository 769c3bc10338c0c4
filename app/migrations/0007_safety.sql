-- Undo, likes, ended sessions and birthdays are remembered; names are kept after a deletion.

CREATE TABLE latest_swipes (     -- what DELETE /swipe/last takes back
    user_id   INTEGER PRIMARY KEY REFERENCES users (id),
    target_id INTEGER NOT NULL REFERENCES users (id),  -- of the latest swipe, also when it is gone
    undone_id INTEGER REFERENCES users (id), -- the target of the latest undone swipe
    undone_at TEXT,
    CHECK ((undone_id IS NULL) = (undone_at IS NULL))
) STRICT;

CREATE TABLE likes_given (       -- likes of the last 24 hours, also those taken back since
    id         INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX likes_given_by_user ON likes_given (user_id, created_at); -- how many in 24 hours?

-- A swipe has a higher id than those before it, whatever the clock said.
INSERT INTO latest_swipes (user_id, target_id)
    SELECT user_id, target_id
    FROM swipes
    WHERE id IN (SELECT max(id) FROM swipes GROUP BY user_id);

CREATE TABLE ended_sessions (    -- sessions that their user ended; a repeated DELETE succeeds
    session_id INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    ended_at   TEXT NOT NULL
) STRICT;
CREATE INDEX ended_sessions_by_user ON ended_sessions (user_id, ended_at); -- which are old?

CREATE TABLE birthday_changes (  -- limited, since a birthday tells which ages others wish to meet
    id         INTEGER PRIMARY KEY,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX birthday_changes_by_user ON birthday_changes (user_id, created_at); -- how many this year?

ALTER TABLE bans RENAME TO old_bans;

CREATE TABLE bans (              -- names that cannot be registered: of banned users, and of deleted users
    -- while a suspension lasts or a report is open, so that deleting the account evades neither
    name_hmac  TEXT PRIMARY KEY,             -- of users.canonical, by the ban_key in settings
    user_id    INTEGER NOT NULL UNIQUE REFERENCES users (id),
    created_at TEXT NOT NULL
) STRICT;

INSERT INTO bans (name_hmac, user_id, created_at)
    SELECT name_hmac, user_id, created_at
    FROM old_bans;

DROP TABLE old_bans;
