-- Shops in which somebody is known only because a card that became theirs was: an undo takes them out of these again.
CREATE TABLE merge_shop (
    merge_id BLOB NOT NULL,
    shop_id  TEXT NOT NULL,
    PRIMARY KEY (merge_id, shop_id)
) WITHOUT ROWID;
-- A yes that ran out is found without looking at those that hold.
CREATE INDEX consent_until ON consent (purpose, until_ms) WHERE until_ms IS NOT NULL;
