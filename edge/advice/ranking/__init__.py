"""Headquarters' ranking: what a chain of shops learns from, and how a shop uses what was learnt."""
