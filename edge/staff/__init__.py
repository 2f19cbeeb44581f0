"""Staff and their tablets: who is paired, who signs in, and who did what."""
