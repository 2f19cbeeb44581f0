-- The highest epoch that a box said it has, where that is above the one known here: a hub that was put back from a
-- backup may have given it one that the backup does not know, and gives no number twice.
ALTER TABLE device ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
