-- How customers come onto their own page, and what they set there.

ALTER TABLE portal_code ADD COLUMN way TEXT NOT NULL DEFAULT 'code';      -- how it went out: code, link, shop
ALTER TABLE portal_session ADD COLUMN way TEXT NOT NULL DEFAULT 'code';   -- how it came in: code, link, shop, passkey
ALTER TABLE portal_session ADD COLUMN device TEXT NOT NULL DEFAULT '';    -- a word for it, so that they know it again
ALTER TABLE portal_session ADD COLUMN since_ms INTEGER NOT NULL DEFAULT 0;

CREATE TABLE portal_address (        -- where a link may be sent, once they showed that it is theirs
    customer_id BLOB NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('mail', 'phone')),
    mark        BLOB NOT NULL,       -- HMAC of kind and address: found by it, never read from it
    sealed      BLOB NOT NULL,       -- the address, with the customer's own key
    language    TEXT NOT NULL,
    since_ms    INTEGER NOT NULL,
    digest_ms   INTEGER,             -- the last overview that was sent; NULL: they did not ask for any
    PRIMARY KEY (customer_id, kind)
) WITHOUT ROWID;
CREATE INDEX portal_address_mark ON portal_address (mark);
CREATE INDEX portal_address_digest ON portal_address (digest_ms) WHERE digest_ms IS NOT NULL;

CREATE TABLE portal_claim (          -- an address that was given and not shown to be theirs yet
    code_hash   BLOB PRIMARY KEY,
    customer_id BLOB NOT NULL,
    kind        TEXT NOT NULL,
    sealed      BLOB NOT NULL,
    until_ms    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX portal_claim_customer ON portal_claim (customer_id);

CREATE TABLE portal_passkey (        -- public halves; the private ones never leave the phone
    id          BLOB PRIMARY KEY,
    customer_id BLOB NOT NULL,
    public_key  BLOB NOT NULL,       -- SubjectPublicKeyInfo, DER
    uses        INTEGER NOT NULL,    -- the authenticator's own, 0 where it keeps none
    device      TEXT NOT NULL,
    since_ms    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX portal_passkey_customer ON portal_passkey (customer_id);

CREATE TABLE portal_challenge (      -- those that were answered, until nobody could answer them any more
    challenge_hash BLOB PRIMARY KEY,
    until_ms       INTEGER NOT NULL
) WITHOUT ROWID;
