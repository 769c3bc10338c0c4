-- A refresh token stays good until its successor is used, and expired sessions are found and deleted.

ALTER TABLE sessions RENAME TO old_sessions;

CREATE TABLE sessions (          -- a signed-in device; no token is stored
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id         INTEGER NOT NULL REFERENCES users (id),
    device_id       TEXT NOT NULL,
    counter         INTEGER NOT NULL DEFAULT 0 CHECK (counter >= 0),  -- of the latest refresh token; the one before is good too
    imported_sha256 TEXT UNIQUE,             -- of the refresh token that the first server gave, which stands for counter 0
    created_at      TEXT NOT NULL,
    last_used_at    TEXT NOT NULL,           -- to the minute
    expires_at      TEXT NOT NULL,           -- unless it is refreshed before
    ends_at         TEXT NOT NULL,           -- however often it is refreshed
    UNIQUE (user_id, device_id)
) STRICT;

INSERT INTO sessions (id, user_id, device_id, counter, imported_sha256, created_at, last_used_at, expires_at, ends_at)
    SELECT id, user_id, device_id, counter, imported_sha256, created_at, last_used_at, expires_at, ends_at
    FROM old_sessions;

-- Ids that were given once are never given again.
DELETE FROM sqlite_sequence WHERE name = 'sessions';
UPDATE sqlite_sequence SET name = 'sessions' WHERE name = 'old_sessions';

DROP TABLE old_sessions;

CREATE INDEX sessions_by_use ON sessions (user_id, last_used_at, id); -- which devices of mine were used last?
CREATE INDEX sessions_by_end ON sessions (expires_at);               -- which have expired?
CREATE INDEX users_by_password_cost ON users (substr(password_hash, 5, 2)); -- which cost is the highest?
