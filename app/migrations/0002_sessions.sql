-- Sessions say when they were used, let a refresh be repeated for some seconds, and end for good after 90 days.

ALTER TABLE sessions RENAME TO old_sessions;

CREATE TABLE sessions (          -- a signed-in device; no token is stored
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id         INTEGER NOT NULL REFERENCES users (id),
    device_id       TEXT NOT NULL,
    counter         INTEGER NOT NULL DEFAULT 0 CHECK (counter >= 0),  -- refreshes so far; names the one valid token
    imported_sha256 TEXT UNIQUE,             -- of the refresh token that the first server gave, good while counter is 0
    created_at      TEXT NOT NULL,
    last_used_at    TEXT NOT NULL,           -- to the minute
    refreshed_at    TEXT,                    -- for some seconds after it the token before the current one is good, too
    expires_at      TEXT NOT NULL,           -- unless it is refreshed before
    ends_at         TEXT NOT NULL,           -- however often it is refreshed
    UNIQUE (user_id, device_id)
) STRICT;

INSERT INTO sessions (id, user_id, device_id, counter, imported_sha256, created_at, last_used_at, expires_at, ends_at)
    SELECT id, user_id, device_id, counter, imported_sha256, created_at, created_at, expires_at,
           rfc3339(datetime('now', '+90 days'))
    FROM old_sessions;

-- Ids that were given once are never given again.

DELETE FROM sqlite_sequence WHERE name = 'sessions';
UPDATE sqlite_sequence SET name = 'sessions' WHERE name = 'old_sessions';

DROP TABLE old_sessions;
