-- When a visit's customer was last heard by radio. It keeps the visit open, and moves nobody up the list.

ALTER TABLE visit ADD COLUMN near_ms INTEGER;
