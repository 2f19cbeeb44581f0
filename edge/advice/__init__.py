"""What to suggest to whom, and why: true reasons from purchases that may be used, in a process of its own."""
