-- People block, unmatch and report each other, moderators suspend and ban them, and they may hide when they are here.

PRAGMA legacy_alter_table = ON;  -- what refers to users goes on referring to that name

ALTER TABLE users RENAME TO old_users;

CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    username      TEXT NOT NULL,             -- as it was typed
    canonical     TEXT NOT NULL UNIQUE,      -- equal for names that are one: "Bob " and "bob"
    password_hash TEXT NOT NULL,             -- bcrypt
    name          TEXT,
    gender        TEXT,
    interested_in TEXT,
    bio           TEXT,
    photo_url     TEXT,
    location      TEXT,
    latitude      REAL CHECK (latitude BETWEEN -90 AND 90),
    longitude     REAL CHECK (longitude BETWEEN -180 AND 180),
    birthday      TEXT CHECK (birthday LIKE '____-__-__'),
    created_at    TEXT NOT NULL,
    last_active   TEXT,                      -- to the minute
    hide_activity INTEGER NOT NULL DEFAULT 0 CHECK (hide_activity IN (0, 1)),  -- others do not learn when they are here
    event_seq     INTEGER NOT NULL DEFAULT 0 CHECK (event_seq >= 0),  -- the seq of their latest event
    terms_accepted_at TEXT,                  -- NULL: the client never said so
    suspended_until TEXT,                    -- before that they are shut out
    banned_at     TEXT,                      -- since then they are, for good
    deleted_at    TEXT,                      -- they left; the row stands for somebody who is gone
    CHECK ((latitude IS NULL) = (longitude IS NULL))
) STRICT;

INSERT INTO users (id, username, canonical, password_hash, name, gender, interested_in, bio, photo_url, location,
                   latitude, longitude, birthday, created_at, last_active, event_seq, terms_accepted_at, deleted_at)
    SELECT id, username, canonical, password_hash, name, gender, interested_in, bio, photo_url, location,
           latitude, longitude, birthday, created_at, last_active, event_seq, terms_accepted_at, deleted_at
    FROM old_users;

ALTER TABLE chats RENAME TO old_chats;
DROP INDEX chats_by_user1;
DROP INDEX chats_by_user2;

CREATE TABLE chats (             -- a match of two people
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    user1_id        INTEGER NOT NULL REFERENCES users (id),
    user2_id        INTEGER NOT NULL REFERENCES users (id),
    created_at      TEXT NOT NULL,
    last_message_id INTEGER NOT NULL DEFAULT 0,                      -- 0: no message yet
    closed_at       TEXT,                                            -- nothing can be sent any more
    unmatched_by    INTEGER REFERENCES users (id),                   -- who closed it; the two do not meet again
    hidden_at       TEXT,                                            -- one blocked the other; neither sees it any more
    CHECK (user1_id < user2_id),
    CHECK (closed_at IS NOT NULL OR (unmatched_by IS NULL AND hidden_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX chats_open ON chats (user1_id, user2_id) WHERE closed_at IS NULL; -- two have one chat at a time
CREATE INDEX chats_by_pair ON chats (user1_id, user2_id, id);        -- which chats did these two ever have?
CREATE INDEX chats_by_user1 ON chats (user1_id, last_message_id, id); -- my chats, newest activity first?
CREATE INDEX chats_by_user2 ON chats (user2_id, last_message_id, id); -- the same, where I stand second

INSERT INTO chats (id, user1_id, user2_id, created_at, last_message_id, closed_at)
    SELECT id, user1_id, user2_id, created_at, last_message_id, closed_at
    FROM old_chats;

-- Ids that were given once are never given again.

DELETE FROM sqlite_sequence WHERE name IN ('users', 'chats');
UPDATE sqlite_sequence SET name = substr(name, 5) WHERE name IN ('old_users', 'old_chats');

DROP TABLE old_chats;
DROP TABLE old_users;

PRAGMA legacy_alter_table = OFF;

CREATE TABLE blocks (            -- the two do not exist for each other
    user_id    INTEGER NOT NULL REFERENCES users (id),
    target_id  INTEGER NOT NULL REFERENCES users (id),
    created_at TEXT NOT NULL,
    PRIMARY KEY (user_id, target_id),        -- did I block them?
    CHECK (user_id <> target_id)
) STRICT;
CREATE INDEX blocks_by_target ON blocks (target_id, user_id);        -- did they block me?

CREATE TABLE reports (           -- what people tell the moderators of each other
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    target_id  INTEGER NOT NULL REFERENCES users (id),
    category   TEXT NOT NULL,
    priority   INTEGER NOT NULL CHECK (priority > 0),                -- of the category; 1 is the most urgent
    comment    TEXT NOT NULL,
    chat_id    INTEGER REFERENCES chats (id),
    message_id INTEGER REFERENCES messages (id),
    evidence   TEXT NOT NULL CHECK (json_valid(evidence)),           -- the target's profile and the chat as they were
    created_at TEXT NOT NULL,
    decision   TEXT CHECK (decision IN ('dismissed', 'suspended', 'banned')),
    decided_at TEXT,
    CHECK (user_id <> target_id),
    CHECK ((decision IS NULL) = (decided_at IS NULL))
) STRICT;
CREATE UNIQUE INDEX reports_open ON reports (user_id, target_id) WHERE decided_at IS NULL; -- did I report them already?
CREATE INDEX reports_queue ON reports (priority, id) WHERE decided_at IS NULL; -- what is to be looked into first?
CREATE INDEX reports_by_user ON reports (user_id, created_at);       -- how many did I make today?
CREATE INDEX reports_by_target ON reports (target_id, id);           -- what was ever said of this person?
CREATE INDEX reports_by_chat ON reports (chat_id);                   -- and of this chat?
CREATE INDEX reports_by_message ON reports (message_id);             -- and of this message?

CREATE TABLE decisions (         -- what moderators did
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    action     TEXT NOT NULL CHECK (action IN ('dismiss', 'suspend', 'ban', 'unban')),
    target_id  INTEGER NOT NULL REFERENCES users (id),
    report_id  INTEGER REFERENCES reports (id),                      -- of a dismissal
    until      TEXT,                                                 -- of a suspension
    moderator  TEXT NOT NULL,
    reason     TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;
CREATE INDEX decisions_by_target ON decisions (target_id, id);       -- what was done about this person before?
CREATE INDEX decisions_by_report ON decisions (report_id);           -- who dismissed this report?

CREATE TABLE bans (              -- names that nobody may take again, also after the account is deleted
    name_hmac  TEXT PRIMARY KEY,             -- of users.canonical, by the ban_key in settings
    user_id    INTEGER NOT NULL UNIQUE REFERENCES users (id),
    created_at TEXT NOT NULL
) STRICT;

CREATE VIEW open_reports AS
    SELECT reports.id, reports.priority, reports.category, reports.target_id AS user_id, target.username AS reported,
           reporter.username AS reporter, reports.comment, reports.created_at
    FROM reports
    JOIN users AS target ON target.id = reports.target_id
    JOIN users AS reporter ON reporter.id = reports.user_id
    WHERE reports.decided_at IS NULL;
