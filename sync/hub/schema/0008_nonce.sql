-- Nonces of accepted signatures, so that one request counts once at whichever of several hubs it arrives.
CREATE TABLE nonce (
    device_id TEXT NOT NULL,
    nonce     TEXT NOT NULL,
    until_s   INTEGER NOT NULL,      -- from then on its signature is too old anyway
    PRIMARY KEY (device_id, nonce)
) WITHOUT ROWID;
CREATE INDEX nonce_until ON nonce (until_s);
