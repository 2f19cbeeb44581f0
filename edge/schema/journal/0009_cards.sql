-- What a credential is and since when it is somebody's: to be told apart by its owner, who is never shown a number.
ALTER TABLE credential ADD COLUMN kind TEXT NOT NULL DEFAULT '';  -- as its token: vas, sun, barcode …; empty: unknown
ALTER TABLE credential ADD COLUMN bound_ms INTEGER;
