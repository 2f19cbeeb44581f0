-- What the hub signed of the stay of a guest who asked: they may have left before it hears of it.
ALTER TABLE own_request ADD COLUMN stay TEXT NOT NULL DEFAULT '';
