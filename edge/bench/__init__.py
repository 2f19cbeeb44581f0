"""Measurements, each beside a floor taken in the same run: `welkom bench NAME`."""
