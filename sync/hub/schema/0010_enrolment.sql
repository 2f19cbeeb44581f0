-- Codes with which one box may become a device, once and within 15 minutes.
CREATE TABLE enrolment (
    id        TEXT PRIMARY KEY,      -- from a hash of the code
    sealed    BLOB NOT NULL,         -- the code, sealed with hub_kek
    shop_id   TEXT NOT NULL,
    device_id TEXT NOT NULL,
    until_ms  INTEGER NOT NULL,
    used_by   BLOB NOT NULL          -- public key of the box that used it; empty: nobody yet
) WITHOUT ROWID;
