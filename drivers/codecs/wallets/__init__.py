"""Passes and apps on phones: Apple Wallet, Google Wallet, the shop's own app."""
