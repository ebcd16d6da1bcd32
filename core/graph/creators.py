"""User names to ids: tiles know creators by id only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Callable, Optional

from ..errors import InvalidRequestError
from ..network.access import Access
from ..request.filters import CoverageFilter
from .entity_cache import EntityCache


def with_creators(
    chosen: CoverageFilter, access: Optional[Access], is_cancelled: Callable[[], bool] = lambda: False
) -> CoverageFilter:
    """The filter with the ids of its creators; each name is looked up once and then remembered. `access` may be None
    where it has none.

    Raises InvalidRequestError for a name that nobody with images has, CancelledError and what the graph raises.
    """
    if not chosen.creators or access is None:
        return chosen
    cache = EntityCache.of(access)
    try:
        ids = cache.creators(chosen.creators)
        ids.update(_looked_up([name for name in chosen.creators if name not in ids], access, is_cancelled))
        for name, creator_id in ids.items():
            cache.keep_creator(name, creator_id)
    finally:
        cache.close()
    return chosen.with_creators(ids)


def _looked_up(names: Sequence[str], access: Access, is_cancelled: Callable[[], bool]) -> dict[str, str]:
    from .graph_run import run_jobs

    outcomes = run_jobs(names, lambda client, name: client.creator_id(name), access, is_cancelled)
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
        if outcome.value is None:
            raise InvalidRequestError(
                f"Mapillary knows no user “{outcome.job}” with images. Write the name as it stands on mapillary.com."
            )
    return {outcome.job: outcome.value for outcome in outcomes}
