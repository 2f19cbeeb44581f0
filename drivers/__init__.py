"""The hardware. It runs alone and knows nothing of the rest; README.md says how to add a reader."""
