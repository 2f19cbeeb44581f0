-- Whom the journal names and a hub that was put back does not: asked after once, in the order of their ids.
-- NULL: nobody is to be asked after; else the last id (hex) that was.
ALTER TABLE hub ADD COLUMN asked_to TEXT;
