"""What scanners and vendor readers print or type: lines, keys, codes, and what stands on a fob."""
