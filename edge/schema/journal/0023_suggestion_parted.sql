-- A suggestion lets go of its visit when that is over, and of its minute: it is not to be laid beside who helped or looked.
-- What `edge.advice.outcomes.part` does as a visit ends, for those that ended before.
UPDATE suggestion SET visit_id=randomblob(16), shown_ms=shown_ms-shown_ms%900000
WHERE visit_id NOT IN (SELECT id FROM visit WHERE ended_ms IS NULL);
