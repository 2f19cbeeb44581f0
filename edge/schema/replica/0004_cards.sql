-- What a credential is and since when it is somebody's, as the hub knows it.
ALTER TABLE credential ADD COLUMN kind TEXT NOT NULL DEFAULT '';
ALTER TABLE credential ADD COLUMN bound_ms INTEGER;
