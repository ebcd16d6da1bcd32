"""Whole runs over real HTTP on the generated town."""

import threading
from datetime import date

import pytest

from mapillary_coverage.core.area.area import Area, area_of_box
from mapillary_coverage.core.area.tiling import TileId, tile_box
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.download.report import remarks, result_line, warnings
from mapillary_coverage.core.errors import CancelledError, InvalidRequestError
from mapillary_coverage.core.mapillary.schema import SEQUENCE
from mapillary_coverage.core.request.filters import CoverageFilter
from mapillary_coverage.core.request.request import CoverageRequest
from tests.conftest import access_to, request_for
from tests.emulator import Town

FIRST, LAST = TileId(14, 8528, 5974), TileId(14, 8531, 5977)


def ids(table):
    return table.columns["id"]


def test_a_town_comes_whole_and_each_image_once(emulator, engine):
    server = emulator(Town(images_per_tile=200))
    result = download_coverage(request_for(FIRST, LAST), access_to(server))
    assert len(result.images) == len(set(ids(result.images))) == 200 * 16
    assert len(result.sequences) == len(set(ids(result.sequences))) == 64
    assert {record.status for record in result.ledger} == {"ok"}
    assert sum(record.features for record in result.ledger) > 200 * 16 + 64, "tiles repeat images in their buffers"
    assert result_line(result) == "3,200 images and 64 sequences; 16 tiles: 16 ok."
    assert remarks(result) == warnings(result) == []


def test_each_tile_is_asked_for_once(emulator):
    server = emulator()
    download_coverage(request_for(FIRST, LAST), access_to(server))
    paths = [seen.path for seen in server.requests]
    assert len(paths) == len(set(paths)) == 16
    assert all(path.startswith("/maps/vtp/mly1_public/2/14/") for path in paths)


def test_the_result_does_not_depend_on_the_order_of_replies(emulator):
    first = download_coverage(request_for(FIRST, LAST), access_to(emulator()))
    second = download_coverage(request_for(FIRST, LAST), access_to(emulator(delay=0.02)))
    assert first.images == second.images
    assert first.sequences == second.sequences


def test_computed_positions_come_from_their_own_tileset(emulator):
    server = emulator()
    original = download_coverage(request_for(FIRST, LAST), access_to(server))
    computed = download_coverage(request_for(FIRST, LAST, position="computed"), access_to(server))
    places = dict(zip(ids(original.images), original.images.geometries))
    moved = [
        image for image, place in zip(ids(computed.images), computed.images.geometries) if places.get(image) != place
    ]
    assert len(moved) > len(original.images) * 0.9
    assert computed.ledger[0].tileset == "mly1_computed_public"


def test_half_an_extent_over_a_tile_border_is_clipped_exactly(emulator, engine):
    town = Town(images_per_tile=800)
    server = access_to(emulator(town))
    whole = download_coverage(request_for(TileId(14, 8529, 5975), TileId(14, 8530, 5976)), server)
    left, right = tile_box(TileId(14, 8529, 5975)), tile_box(TileId(14, 8530, 5976))
    middle_west, middle_east = (left.west + left.east) / 2, (right.west + right.east) / 2
    area = area_of_box(middle_west, (right.south + right.north) / 2, middle_east, (left.south + left.north) / 2)
    part = download_coverage(CoverageRequest(area), server)
    expected = {
        image for image, place in zip(ids(whole.images), whole.images.geometries) if area.boxes[0].contains(*place)
    }
    assert len(ids(part.images)) == len(set(ids(part.images)))
    assert set(ids(part.images)) == expected
    assert 0 < len(expected) < len(whole.images)
    touching = {s for s, parts in zip(ids(whole.sequences), whole.sequences.geometries) if area.touches(parts)}
    assert set(ids(part.sequences)) == touching
    kept = dict(zip(ids(part.sequences), part.sequences.geometries))
    for sequence, parts in zip(ids(whole.sequences), whole.sequences.geometries):
        assert sequence not in touching or kept[sequence] == parts, "sequences are not cut"


def test_across_the_antimeridian_both_sides_come_and_only_their_tiles(emulator):
    town = Town(images_per_tile=100, west=2**14 - 2, north=8190)
    server = emulator(town)
    upper, lower = tile_box(TileId(14, 16382, 8190)), tile_box(TileId(14, 1, 8193))
    area = area_of_box(upper.west, lower.south, lower.east, upper.north)
    result = download_coverage(CoverageRequest(area), access_to(server))
    assert len(result.images) == 100 * 16
    longitudes = [lon for lon, _ in result.images.geometries]
    assert min(longitudes) < -179.9
    assert max(longitudes) > 179.9
    columns = {int(seen.path.split("/")[-2]) for seen in server.requests}
    assert columns == {16382, 16383, 0, 1}
    assert len(result.sequences) == 64, "a sequence over the antimeridian is one"


@pytest.mark.parametrize("panorama", ["only", "without"])
def test_panoramas_split_the_town_exactly(emulator, panorama):
    server = access_to(emulator())
    everything = download_coverage(request_for(FIRST, LAST), server)
    part = download_coverage(request_for(FIRST, LAST, filter=CoverageFilter(panorama=panorama)), server)
    wanted = {
        image
        for image, is_pano in zip(ids(everything.images), everything.images.columns["is_pano"])
        if is_pano is (panorama == "only")
    }
    assert set(ids(part.images)) == wanted
    assert set(part.sequences.columns["is_pano"]) == {panorama == "only"}


def test_an_area_without_coverage_says_so(emulator):
    result = download_coverage(request_for(TileId(14, 100, 100)), access_to(emulator()))
    assert result.failure is None
    assert result.ledger[0].status == "empty"
    assert remarks(result) == ["Mapillary has no coverage in this area."]


def test_a_result_that_the_filter_emptied_says_so(emulator):
    request = request_for(TileId(14, 8528, 5974), filter=CoverageFilter(date(2099, 1, 1)))
    result = download_coverage(request, access_to(emulator(Town(images_per_tile=50, size=1))))
    assert remarks(result)[0] == "0 of 50 images in the tiles pass the filter: 50 of another date."
    assert result_line(result) == "0 images and 0 sequences; 1 tile: 1 ok."


def test_images_outside_a_small_extent_are_not_called_missing(emulator):
    box = tile_box(TileId(14, 8529, 5975))
    sliver = area_of_box(box.west, box.south, box.west + 1e-7, box.south + 1e-7)
    result = download_coverage(CoverageRequest(sliver), access_to(emulator()))
    assert len(result.images) == 0
    assert remarks(result)[0].startswith("The tiles hold ")


def test_what_was_cut_at_the_poles_is_said(emulator):
    request = CoverageRequest(area_of_box(10, 85, 10.01, 86))
    assert "beyond 85.0511" in " ".join(remarks(download_coverage(request, access_to(emulator()))))


def test_only_what_is_asked_for_is_read(emulator):
    result = download_coverage(request_for(FIRST, source_layers=(SEQUENCE,)), access_to(emulator()))
    assert len(result.images) == 0
    assert len(result.sequences) == 8
    assert result.ledger[0].features == 8
    with pytest.raises(InvalidRequestError, match="Nothing was asked for"):
        request_for(FIRST, source_layers=())


def test_more_tiles_than_a_day_allows_are_refused():
    with pytest.raises(InvalidRequestError, match="268,435,456 tiles, more than the 50,000"):
        CoverageRequest(area_of_box(-180, -90, 180, 90))


def test_progress_ends_at_the_total(emulator):
    seen = []
    download_coverage(
        request_for(FIRST, LAST), access_to(emulator()), on_progress=lambda done, total: seen.append((done, total))
    )
    assert seen == sorted(seen)
    assert seen[-1] == (16, 16)


def test_cancel_ends_a_run_that_waits_for_replies_and_its_threads(emulator):
    server = emulator(delay=30)
    cancelled = threading.Event()
    asked = threading.Event()

    def watch():
        while len(server.requests) < 6:
            asked.wait(0.01)
        cancelled.set()

    threading.Thread(target=watch).start()
    before = {thread for thread in threading.enumerate() if thread.name.startswith("mapillary_tiles")}
    result = download_coverage(request_for(FIRST, LAST), access_to(server), cancelled.is_set)
    assert isinstance(result.failure, CancelledError)
    assert {record.status for record in result.ledger} == {"skipped"}
    for thread in threading.enumerate():
        if thread.name.startswith("mapillary_tiles") and thread not in before:
            thread.join(10)
            assert not thread.is_alive()
    assert len(server.requests) == 6


def test_an_area_of_nothing_touches_nothing():
    assert not Area(()).contains(0, 0)
