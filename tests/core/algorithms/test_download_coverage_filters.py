"""Each filter of `mapillary:downloadcoverage`, image for image against what GDAL reads in the same tile."""

import pytest
from qgis.core import QgsProcessingException

from mapillary_coverage.core.area.tiling import TileId, tile_box
from tests.core.algorithms.test_download_coverage import Feedback, ids, run  # noqa: F401
from tests.emulator import Town
from tests.reading import each_once, points_by_gdal

pytestmark = pytest.mark.qgis

TILE = TileId(14, 8529, 5975)
TOWN = Town(seed=211, images_per_tile=400)
"""Its tile holds images of every sort."""
BOX = tile_box(TILE)


@pytest.fixture(scope="module")
def images():
    """By id, the attributes of the images in the tile."""
    seen = each_once(points_by_gdal(TOWN.tile("mly1_public", *TILE), *TILE, "image"))
    inside = {key: s for key, s in seen.items() if BOX.contains(s.lon, s.lat)}
    return {key: {**s.attributes, "lon": s.lon} for key, s in inside.items()}


def some(images, name):
    """Two values of a property that some images have and others have not."""
    found = sorted({str(row[name]) for row in images.values() if row.get(name)})
    return found[:2]


CASES = {
    "on foot": (lambda i: {"ON_FOOT": "only"}, lambda row, i: row["foot"]),
    "not on foot": (lambda i: {"ON_FOOT": "without"}, lambda row, i: not row["foot"]),
    "panoramas": (lambda i: {"PANORAMA": "only"}, lambda row, i: row["is_pano"]),
    "organizations": (
        lambda i: {"ORGANIZATION_IDS": ", ".join(some(i, "organization_id")[:1])},
        lambda row, i: str(row.get("organization_id")) == some(i, "organization_id")[0],
    ),
    "creator ids": (
        lambda i: {"CREATOR_IDS": ",".join(some(i, "creator_id"))},
        lambda row, i: str(row["creator_id"]) in some(i, "creator_id"),
    ),
    "sequences": (
        lambda i: {"SEQUENCE_IDS": ",".join(some(i, "sequence_id"))},
        lambda row, i: row["sequence_id"] in some(i, "sequence_id"),
    ),
    "images": (lambda i: {"IMAGE_IDS": ",".join(some(i, "id"))}, lambda row, i: str(row["id"]) in some(i, "id")),
    "quality": (lambda i: {"MIN_QUALITY": 0.6}, lambda row, i: (row.get("quality_score") or 0) >= 0.6),
    "quality or none": (
        lambda i: {"MIN_QUALITY": 0.6, "KEEP_UNSCORED": True},
        lambda row, i: row.get("quality_score") is None or row["quality_score"] >= 0.6,
    ),
    "expression": (
        lambda i: {"FILTER": "compass_angle < 90 and not is_pano and captured_at > '2016-01-01'"},
        lambda row, i: row["compass_angle"] < 90 and not row["is_pano"] and row["captured_at"] > 1_451_606_400_000,
    ),
    "all at once": (
        lambda i: {"ON_FOOT": "without", "PANORAMA": "without", "FILTER": "quality_score > 0.5",
                   "START_DATE": "2015-01-01"},
        lambda row, i: not row["foot"] and not row["is_pano"] and (row.get("quality_score") or 0) > 0.5
        and row["captured_at"] >= 1_420_070_400_000,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_each_filter_keeps_exactly_what_it_says(run, images, case):  # noqa: F811
    given, keeps = CASES[case]
    feedback = Feedback()
    outputs = run(feedback, TOWN, **given(images))
    expected = {key for key, row in images.items() if keeps(row, images)}
    assert 0 < len(expected) < len(images)
    assert ids(outputs["IMAGES"]) == expected
    assert outputs["IMAGE_COUNT"] == len(expected)
    assert any("images in the tiles pass" in text and ": " in text for text in feedback.told)


@pytest.mark.parametrize("given", [{"MIN_QUALITY": 0.8}, {"FILTER": "compass_angle < 88"}])
def test_sequences_are_then_those_of_the_images_that_are_kept(run, images, given):  # noqa: F811
    feedback = Feedback()
    both = run(feedback, TOWN, **given)
    names = {feature["sequence_id"] for feature in both["IMAGES"].getFeatures()}
    drawn = ids(run(town=TOWN)["SEQUENCES"])
    assert ids(both["SEQUENCES"]) == names & drawn
    assert 0 < len(names & drawn) < len(drawn)
    assert "The sequences are those of the images that are kept." in feedback.told
    alone = run(town=TOWN, IMAGES=None, **given)
    assert ids(alone["SEQUENCES"]) == ids(both["SEQUENCES"]), "also where images are not asked for"
    assert alone["IMAGE_COUNT"] == 0


def test_a_filter_on_sequences_acts_on_their_own_fields(run):  # noqa: F811
    outputs = run(town=TOWN, PANORAMA="only", IMAGES=None)
    assert {feature["is_pano"] for feature in outputs["SEQUENCES"].getFeatures()} == {True}


def test_the_log_says_how_many_each_filter_left_out(run, images):  # noqa: F811
    feedback = Feedback()
    run(feedback, TOWN, PANORAMA="only", MIN_QUALITY=0.5, SEQUENCES=None)
    (line,) = [text for text in feedback.told if "images in the tiles pass" in text]
    rows = [seen.attributes for seen in points_by_gdal(TOWN.tile("mly1_public", *TILE), *TILE, "image")]
    flat = sum(not row["is_pano"] for row in rows)
    unscored = sum(bool(row["is_pano"]) and row["quality_score"] is None for row in rows)
    low = sum(bool(row["is_pano"]) and row["quality_score"] is not None and row["quality_score"] < 0.5 for row in rows)
    parts = [
        f"{flat} left out by the panorama choice",
        f"{unscored} without a quality score",
        f"{low} of lower quality",
    ]
    assert line.endswith(": " + ", ".join(part for part in parts if not part.startswith("0 ")) + ".")
    assert line.startswith(f"{len(rows) - flat - unscored - low} of {len(rows)} images")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"LAST_MONTHS": 3, "START_DATE": "2024-01-01"}, "START_DATE and END_DATE, or LAST_MONTHS, not both"),
        ({"ON_FOOT": "yes"}, "ON_FOOT is one of the words all, only, without"),
        ({"ORGANIZATION_IDS": "acme"}, "“acme” is not the id of an organization"),
        ({"CREATOR_IDS": "1,x"}, "“x” is not the id of a creator"),
        ({"IMAGE_IDS": "1.5"}, "“1.5” is not the id of an image"),
        ({"MIN_QUALITY": 2}, "0 to 1|Minimum quality|MIN_QUALITY"),
        ({"FILTER": "is_pano and"}, "cannot be read"),
        ({"FILTER": "speed > 3"}, "names “speed”, but the fields are id, sequence_id"),
    ],
)
def test_bad_filters_are_one_sentence_before_anything_is_asked(run, parameters, words):  # noqa: F811
    with pytest.raises(QgsProcessingException, match=words):
        run(**parameters)
    assert run.running["server"].requests == []


def test_the_last_months_are_counted_back_from_today(run):  # noqa: F811
    feedback = Feedback()
    outputs = run(feedback, TOWN, LAST_MONTHS=1200)
    assert outputs["IMAGE_COUNT"] > 300
    assert any("captured in the last 1200 months (from 19" in text for text in feedback.told)
