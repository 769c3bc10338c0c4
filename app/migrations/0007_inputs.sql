-- A photo is an http or https URL with a host, since clients render it. Other values are kept in set_aside.
-- "unknown" is the first clients' word for a gender or an interest that was never chosen.

INSERT INTO set_aside (table_name, row_id, reason, original, created_at)
    SELECT 'users', id, 'not an http or https URL with a host: the account lives on without a photo',
           json_object('id', id, 'photo_url', photo_url), rfc3339(datetime('now'))
    FROM users
    WHERE photo_url <> ''
      AND NOT is_web_url(photo_url);

UPDATE users
SET photo_url = NULL
WHERE photo_url <> ''
  AND NOT is_web_url(photo_url);

UPDATE discovery
SET is_pictured = 0
WHERE is_pictured = 1
  AND NOT EXISTS (
      SELECT 1
      FROM users
      WHERE users.id = discovery.user_id
        AND users.photo_url <> '');

UPDATE users
SET gender = NULL
WHERE lower(trim(gender)) = 'unknown';

UPDATE users
SET interested_in = NULL
WHERE lower(trim(interested_in)) = 'unknown';

UPDATE discovery
SET gender = words(gender),
    interested_in = words(interested_in)
WHERE instr(gender, ' unknown ') > 0
   OR instr(interested_in, ' unknown ') > 0;

-- An activity in the future would show the user as present, and first among the active ones, until then.
UPDATE users
SET last_active = NULL
WHERE last_active > rfc3339(datetime('now', '+1 minute'));

UPDATE discovery
SET active_since = NULL
WHERE active_since > rfc3339(datetime('now', '+1 minute'));
