-- A "no" that is to be held against what the hub says, once all is fetched again: it was put back from a backup.
ALTER TABLE consent ADD COLUMN owed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE credential ADD COLUMN owed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX consent_owed ON consent (customer_id) WHERE owed=1;
CREATE INDEX credential_owed ON credential (customer_id) WHERE owed=1;
