"""Many shops and their hub in one process, on one clock and one dice: see README.md."""
