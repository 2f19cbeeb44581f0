-- The shop's own tags, which are nobody: they hang somewhere and prove that scanners hear, or a manager measures with one.

CREATE TABLE tag (
    id          BLOB PRIMARY KEY,    -- 16 bytes, made here: what sightings call the tag
    sealed      BLOB NOT NULL,       -- the identity key, with a key of this box
    exponent    INTEGER NOT NULL,    -- an identifier lasts 2^exponent seconds
    zero_s      INTEGER NOT NULL,    -- unix time at which the tag's clock read nought
    shift_s     INTEGER NOT NULL,    -- what was learnt of its drift since then
    heard_day   INTEGER NOT NULL,    -- days since 1970 when that was last compared
    zone        TEXT NOT NULL        -- where it hangs; empty: it is carried around a calibration walk
) WITHOUT ROWID;
