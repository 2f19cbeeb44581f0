"""Snapshots: a shop's whole replica as one file, made by a process of its own and served in pieces."""
