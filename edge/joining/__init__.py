"""Becoming known in the shop itself: somebody new, their cards, and a card that was lost."""
