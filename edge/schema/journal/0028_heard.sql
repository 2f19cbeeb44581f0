-- When the hub was last heard (shop time); 0: not told yet, a start finds it by the lease.
ALTER TABLE hub ADD COLUMN heard_ms INTEGER NOT NULL DEFAULT 0;
