"""Fetching the replica anew, whole: downloaded, loaded beside the old one, and put in its place in one step."""
