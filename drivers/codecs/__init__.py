"""Bytes in, values out: no I/O, no clock, one error class each, so that any input can be tried in a test."""
