-- The customer's own page. Of codes and sessions there are only hashes.

CREATE TABLE portal_code (           -- lets a phone in, once
    code_hash   BLOB PRIMARY KEY,
    customer_id BLOB NOT NULL,
    until_ms    INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE portal_session (        -- a phone that is in
    token_hash  BLOB PRIMARY KEY,
    customer_id BLOB NOT NULL,
    language    TEXT NOT NULL,
    until_ms    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX portal_session_customer ON portal_session (customer_id);

CREATE INDEX event_dead ON event (device_id) WHERE code IS NOT NULL;
CREATE INDEX residency_shop ON residency (shop_id);
