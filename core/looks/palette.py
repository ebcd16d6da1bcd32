"""The colours of the looks, told apart also by people who do not see all colours.

Fills are never dark, and every mark has a dark casing: on a dark ground the fill stands out, on a light one the casing.
"""

from __future__ import annotations

COVERAGE = "#05cb63"
"""Mapillary's green."""

CASING = "#14232e"

YEARS = ("#ffe945", "#ffb52e", "#fb8050", "#e8568a", "#c251c4", "#8d62d6", "#6677c9")
"""From the newest, in even steps of lightness."""

PANORAMA, FLAT = "#ff9f2e", "#45aef5"

QUALITY = ("#ffe945", "#7fd34e", "#22a48c", "#4d70b8")
"""From the best."""

PEOPLE = ("#f0a202", "#56b4e9", "#1eb980", "#f7ee5b", "#3f7fd0", "#ef5f3c", "#e58cc3")
"""For creators and organizations."""

OTHERS = "#a9b4bd"
UNKNOWN = "#f4f6f7"
"""Where the value that is shown is absent."""
