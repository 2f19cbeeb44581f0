-- Until when consents count without a word from the hub (shop time); 2^62: for ever, as in a shop without a hub.
ALTER TABLE hub ADD COLUMN lease_until_ms INTEGER NOT NULL DEFAULT 4611686018427387904;
