"""A shop's own figures: how often something happened on a day, never to whom."""
