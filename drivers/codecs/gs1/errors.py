"""The one error of the GS1 codecs."""


class Gs1Error(ValueError):
    """Not GS1 data, or damaged; the text names the place and the identifier, never a value."""
