"""What occurs in tiles, for the legend of what the map shows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Seen:
    """How many features there are of each year, creator, organization and value, and what else occurs among them."""

    years: Counter[int] = field(default_factory=Counter)
    creators: Counter[str] = field(default_factory=Counter)
    organizations: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    has_undated: bool = False
    has_unscored: bool = False
    has_panoramas: bool = False
    has_flat: bool = False
    has_no_organization: bool = False

    def __add__(self, other: Seen) -> Seen:
        return Seen(
            self.years + other.years,
            self.creators + other.creators,
            self.organizations + other.organizations,
            self.values + other.values,
            self.has_undated or other.has_undated,
            self.has_unscored or other.has_unscored,
            self.has_panoramas or other.has_panoramas,
            self.has_flat or other.has_flat,
            self.has_no_organization or other.has_no_organization,
        )
