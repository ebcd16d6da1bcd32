"""Numbers and lists as people read them."""

from __future__ import annotations

from collections.abc import Sequence

_SHOWN = 5


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 image`, `10,231 images`."""
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def listed(texts: Sequence[str], rest: str = " and {:,} more") -> str:
    """The first five; `rest` says how many there are more, or that there are."""
    hidden = len(texts) - _SHOWN
    return ", ".join(texts[:_SHOWN]) + (rest.format(hidden) if hidden > 0 else "")


def joined(words: Sequence[str], last: str = "and") -> str:
    """All of them, with a word before the last: `images, sequences and objects`."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
