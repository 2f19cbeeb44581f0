-- What the hub signed of a stay, for its own eyes: the shop says it with each line that a guest earns or redeems.
ALTER TABLE guest ADD COLUMN stay TEXT NOT NULL DEFAULT '';
