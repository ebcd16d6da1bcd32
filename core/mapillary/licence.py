"""Whose the data is, and what has to be said of it wherever it is shown or passed on.

https://www.mapillary.com/terms (images and data under CC BY-SA 4.0, attribution with a link).
"""

from __future__ import annotations

SITE = "https://www.mapillary.com"

LICENCE = "CC BY-SA 4.0"
LICENCE_LINK = "https://creativecommons.org/licenses/by-sa/4.0/"
LICENCE_WITH_LINK = f"{LICENCE}, {LICENCE_LINK}"

RIGHTS = f"© Mapillary, {LICENCE}"
"""The credit of everything that is not one person's."""


ANYBODY = "Mapillary contributors"
"""Who made a picture of which nobody knows that."""


def credit_of(creator: str) -> str:
    """The credit of a picture, such as `© Mapillary user anna, CC BY-SA 4.0`; without a name that of them all."""
    return f"© Mapillary user {creator}, {LICENCE}" if creator else f"© {ANYBODY}, {LICENCE}"
