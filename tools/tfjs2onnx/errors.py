class ConversionError(Exception):
    """The model holds something that cannot be converted; the text says what."""
