"""The colours of the looks, told apart also by people who do not see all colours.

Fills are never dark, and every mark has a dark casing: on a dark ground the fill stands out, on a light one the casing.
"""

from __future__ import annotations

COVERAGE = "#05cb63"
"""Mapillary's green."""

CASING = "#14232e"

YEARS = ("#f5ee18", "#dabe39", "#eaa663", "#ff8295", "#c57fb7", "#b962ff", "#8e6dce")
"""From the newest and lightest."""

PANORAMA, FLAT = "#ff9f2e", "#45aef5"

QUALITY = ("#ffd81d", "#9dcc5b", "#25c791", "#8479e5")
"""From the best."""

PEOPLE = ("#e3cb08", "#88d4ff", "#4a9f65", "#c5ff8d", "#716ffc", "#d4770d", "#c162c3")
"""For creators and organizations."""

OTHERS = "#a9b4bd"
UNKNOWN = "#f4f6f7"
"""Where the value that is shown is absent."""
