"""Purposes, recipients and periods: who may use what of a customer, and the proof of it."""
