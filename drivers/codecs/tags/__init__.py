"""Tags and cards: NDEF messages, Type 2 and Type 4, and the cards that are none of our business."""
