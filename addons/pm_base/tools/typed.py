"""What comes from addresses and forms, where anybody may write anything."""

# Ids, pages and years have no more; from some thousands of digits on Python refuses to make a number.
_DIGITS = 9


def typed_int(text, default=0):
    """The whole number that `text` writes in digits.

    :param text: str or None, as it came
    :param default: what is returned when it is no such number, is below zero or too long for one
    """
    text = str(text or "")
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else default


def typed_ids(texts):
    """The ids among `texts`, in their order; what is no id is left out."""
    return [number for text in texts if (number := typed_int(text))]
