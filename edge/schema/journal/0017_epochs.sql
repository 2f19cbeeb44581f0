-- Facts of earlier epochs, which the hub has acknowledged: kept 35 days, as those of this epoch are.
CREATE TABLE outbox_past (
    epoch INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    kind  TEXT NOT NULL,
    body  BLOB NOT NULL,
    hash  BLOB NOT NULL,
    PRIMARY KEY (epoch, seq)
) WITHOUT ROWID;

-- What the hub does not hold of a restored box gets numbers of a newer epoch; the amounts stay.
DROP TRIGGER ledger_amounts_stay;
CREATE TRIGGER ledger_amounts_stay
BEFORE UPDATE OF line_id, instrument, delta, why, role, staff_id, at_ms ON ledger BEGIN
    SELECT raise(ABORT, 'a line of the ledger is never changed');
END;
CREATE TRIGGER ledger_numbers_rise BEFORE UPDATE OF epoch, seq ON ledger WHEN new.epoch <= old.epoch BEGIN
    SELECT raise(ABORT, 'a line of the ledger gets another number in a newer epoch only');
END;
