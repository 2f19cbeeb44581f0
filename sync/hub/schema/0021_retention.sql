-- What goes when its time is over is found without looking at what stays.
CREATE TABLE event_past (            -- up to where a box's facts are past their time and blanked
    device_id TEXT NOT NULL,
    epoch     INTEGER NOT NULL,
    seq       INTEGER NOT NULL,
    PRIMARY KEY (device_id, epoch)
) WITHOUT ROWID;
CREATE INDEX trait_until ON trait (until_ms) WHERE until_ms IS NOT NULL;
CREATE INDEX happening_at ON happening (at_ms);
CREATE INDEX consent_withdrawn ON consent (purpose, customer_id) WHERE state='withdrawn';
-- What stays is anonymous: cells that were published once, of days and months that are over. Nobody stands in them.
CREATE TABLE report_cell (
    report  TEXT NOT NULL,           -- visitors, segments
    period  TEXT NOT NULL,           -- 2026-11-22, 2026-11
    shop_id TEXT NOT NULL,
    part    TEXT NOT NULL,           -- a segment; empty: all
    people  INTEGER,                 -- NULL: too few to be said
    PRIMARY KEY (report, period, shop_id, part)
) WITHOUT ROWID;
CREATE INDEX event_visit ON event (at_ms) WHERE kind='visit_started';
