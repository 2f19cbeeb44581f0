-- What a credential is (as its token: vas, sun, barcode; empty: unknown) and since when it is somebody's.
ALTER TABLE credential ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE credential ADD COLUMN bound_ms INTEGER;
