-- Up to where everything that was taken away is gone here, and up to where the hub has this shop's receipt for it.
ALTER TABLE hub ADD COLUMN gone_part TEXT NOT NULL DEFAULT '';
ALTER TABLE hub ADD COLUMN gone_to INTEGER NOT NULL DEFAULT 0;
ALTER TABLE hub ADD COLUMN receipt_to INTEGER NOT NULL DEFAULT 0;
