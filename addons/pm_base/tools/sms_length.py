"""How many parts an SMS has: carriers count, charge and split by parts (3GPP TS 23.038, 23.040)."""

# The basic character set; those of the second string need two septets each.
_GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_EXTENDED = set("\f^{}\\[~]|€")


def sms_parts(text):
    """Return the number of parts of ``text``: 160/153 characters a part, 70/67 as soon as one is Chinese.

    :return: 0 for an empty text
    """
    if not text:
        return 0
    if all(char in _GSM or char in _GSM_EXTENDED for char in text):
        size, single, part = sum(2 if char in _GSM_EXTENDED else 1 for char in text), 160, 153
    else:
        # UTF-16 units: an emoji or a rare character counts twice.
        size, single, part = len(text.encode("utf-16-le")) // 2, 70, 67
    return 1 if size <= single else -(-size // part)
