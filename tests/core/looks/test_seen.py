"""What occurs in tiles, against mapbox-vector-tile's reading of them."""

from collections import Counter
from datetime import datetime, timezone

import mapbox_vector_tile
import pytest
from mapbox_vector_tile.Mapbox import vector_tile_pb2

from mapillary_coverage.core.errors import DamagedTileError
from mapillary_coverage.core.looks.seen import Seen
from mapillary_coverage.core.mvt.display import displayable
from mapillary_coverage.core.mvt.tally import tally
from tests.emulator import Town
from tests.emulator.encoding import LINE, POINT, Feature, encode

TOWN = Town(images_per_tile=60)
LINES = [[(0, 0), (5, 5)]]


def rows(body, layer):
    return [feature["properties"] for feature in mapbox_vector_tile.decode(body)[layer]["features"]]


def year(row):
    return datetime.fromtimestamp(row["captured_at"] / 1000, timezone.utc).year


@pytest.mark.parametrize(("address", "layer"), [((14, 8529, 5975), "sequence"), ((4, 8, 5), "overview")])
def test_coverage_is_counted_by_its_sequences(address, layer):
    body = TOWN.tile("mly1_public", *address)
    found = rows(body, layer)
    seen = Seen.of_tile(body, "mly1_public")
    assert found
    assert seen.years == Counter(map(year, found))
    assert seen.creators == Counter(str(row["creator_id"]) for row in found)
    assert seen.organizations == Counter(str(row["organization_id"]) for row in found if "organization_id" in row)
    assert seen.has_no_organization == any("organization_id" not in row for row in found)
    assert seen.has_unscored == any("quality_score" not in row for row in found)
    assert seen.has_panoramas == any(row["is_pano"] for row in found)
    assert seen.has_flat == any(not row["is_pano"] for row in found)
    assert not seen.has_undated
    assert not seen.values


@pytest.mark.parametrize(
    ("tileset", "layer"), [("mly_map_feature_point", "point"), ("mly_map_feature_traffic_sign", "traffic_sign")]
)
def test_map_features_are_counted_by_value(tileset, layer):
    body = TOWN.tile(tileset, 14, 8529, 5975)
    assert Seen.of_tile(body, tileset) == Seen(values=Counter(row["value"] for row in rows(body, layer)))


def test_impossible_values_are_none():
    odd = {"captured_at": 0, "creator_id": 0, "organization_id": 0, "is_pano": 1, "quality_score": 0}
    body = encode({"sequence": [Feature(LINE, LINES, odd), Feature(LINE, LINES, {"captured_at": 2**62})]})
    expected = Seen(has_undated=True, has_unscored=True, has_panoramas=True, has_flat=True, has_no_organization=True)
    assert Seen.of_tile(body, "mly1_public") == expected


def test_the_digits_of_a_tile_for_display_count_the_same():
    body = TOWN.tile("mly1_public", 14, 8529, 5975)
    assert Seen.of_tile(displayable(body), "mly1_public") == Seen.of_tile(body, "mly1_public")


def test_nothing_occurs_in_an_empty_tile():
    assert Seen.of_tile(b"", "mly1_public") == Seen.of_tile(b"", "mly_map_feature_point") == Seen()


def test_together_they_add_up():
    bodies = [TOWN.tile("mly1_public", 14, x, 5975) for x in (8529, 8530)]
    first, second = (Seen.of_tile(body, "mly1_public") for body in bodies)
    both = first + second
    assert sum(both.years.values()) == sum(len(rows(body, "sequence")) for body in bodies)
    assert both.has_flat == (first.has_flat or second.has_flat)
    assert sum([first, second], Seen()) == both


def test_genuine_tiles_are_counted_whole(recorded):
    body = (recorded / "tiles" / "unplaced" / "coverage_10231_images.mvt").read_bytes()
    found = rows(body, "sequence")
    seen = Seen.of_tile(body, "mly1_public")
    assert sum(seen.years.values()) + sum(not row.get("captured_at") for row in found) == len(found) == 222
    assert seen.creators == Counter(str(row["creator_id"]) for row in found)


def with_tags(*tags):
    message = vector_tile_pb2.tile.FromString(
        encode({"point": [Feature(POINT, [[(7, 8)]], {"value": "object--bench"})]})
    )
    message.layers[0].features[0].tags[:] = tags
    return message.SerializeToString()


def test_tags_that_point_nowhere_are_refused_or_passed_over():
    assert tally(with_tags(5, 0), "point", ["value"]) == {"value": Counter({None: 1})}
    assert tally(with_tags(0, 0, 0, 0), "point", ["value"]) == {"value": Counter({"object--bench": 1})}
    with pytest.raises(DamagedTileError):
        tally(with_tags(0, 5), "point", ["value"])


def test_a_number_without_an_end_is_refused():
    body = with_tags(0, 0)
    endless = body.replace(b"\x12\x02\x00\x00", b"\x12\x02\x80\x80")
    assert tally(endless, "point", ["value"]) == {"value": Counter({None: 1})}
    long_number = bytes([0x12, 60, *[0x80] * 60])
    layer = b"\x0a\x05point\x12" + bytes([len(long_number)]) + long_number + b"\x1a\x05value"
    with pytest.raises(DamagedTileError):
        tally(b"\x1a" + bytes([len(layer)]) + layer, "point", ["value"])
