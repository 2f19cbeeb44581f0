"""Headquarters: imports that can be taken back, the API, webhooks, exports and the fleet."""
