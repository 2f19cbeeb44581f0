"""The conversation between the shops and the centre: the wire, the agent in the shop, the hub."""
