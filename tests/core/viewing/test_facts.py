"""What a person reads of an image and of a map feature: all that the graph tells, with units, and no signed address."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mapillary_coverage.core.graph.graph_fields import FIELDS, columns_of
from mapillary_coverage.core.viewing.facts import LONGEST_FACT, NOT_KNOWN, as_json, image_facts, map_feature_facts
from tests.core.graph.test_graph_fields import JSON, VALUES

PLACE = {"type": "Point", "coordinates": [13.4, 52.5]}
WHOLE = {
    "id": "135511895288847",
    "captured_at": 1563721072184,
    "geometry": PLACE,
    "computed_geometry": {"type": "Point", "coordinates": [13.4001, 52.5]},
    "compass_angle": 84.3,
    "computed_compass_angle": 359.97,
    "altitude": 4294967281,
    "computed_altitude": 12.34,
    "computed_rotation": [1.36, -0.00001, 0.5],
    "camera_type": "fisheye",
    "camera_parameters": [0.85, -0.01, 0],
    "make": "GoPro",
    "model": "GoPro\nMax",
    "is_pano": False,
    "on_foot": True,
    "width": 4032,
    "height": 3024,
    "exif_orientation": 6,
    "quality_score": 0.8,
    "creator": {"id": "104214208486349", "username": "a/b c?"},
    "organization": {"id": "9"},
    "sequence": "7nfcwfvjdtphz7yj6zat6a",
    "atomic_scale": 0.98,
    "merge_cc": 4.5e18,
    "mesh": {"id": "5", "url": "https://signed.example/mesh"},
    "sfm_cluster": {"id": "6", "url": "https://signed.example/cluster"},
    "thumb_256_url": "https://signed.example/256",
    "thumb_original_url": "https://signed.example/original",
    "detections": {"data": [{"id": "1"}]},
}
SIGN = {
    "id": "496980935069177",
    "object_value": "regulatory--stop--g1",
    "object_type": "trafficsign",
    "first_seen_at": "2017-08-23T21:32:26+0000",
    "last_seen_at": "2018-01-01T00:00:00+0000",
    "aligned_direction": 200,
    "geometry": PLACE,
    "images": {"data": [{"id": str(number)} for number in range(1, 1235)]},
}


def texts(facts):
    return {fact.title: fact.text for fact in facts}


def shown(**body):
    return texts(image_facts(body))


def values_in(reply):
    """Every number and text of a reply as text, but for the names of kinds of geometry."""
    if isinstance(reply, dict):
        return [value for name, part in reply.items() if name != "type" for value in values_in(part)]
    if isinstance(reply, list):
        return [value for part in reply for value in values_in(part)]
    return [reply if isinstance(reply, str) else str(float(reply))]


def test_a_whole_image_reads_well(in_zone):
    in_zone("Europe/Berlin")
    assert texts(image_facts(WHOLE)) == {
        "Captured, UTC": "2019-07-21 14:57:52",
        "Captured, local (CEST)": "2019-07-21 16:57:52",
        "Creator": "a/b c?",
        "Creator id": "104214208486349",
        "Organization": "9",
        "Image id": "135511895288847",
        "Sequence": "7nfcwfvjdtphz7yj6zat6a",
        "Position (lat, lon)": "52.500000, 13.400000",
        "Computed position (lat, lon)": "52.500000, 13.400100",
        "Between the positions": "6.8 m",
        "Compass angle": "84.3° (E)",
        "Computed compass angle": "0.0° (N)",
        "Altitude": "-15.0 m",
        "Computed altitude": "12.3 m",
        "Panorama": "no",
        "On foot": "yes",
        "Quality score": "0.80 of 1",
        "Picture size": "4,032 × 3,024 px",
        "EXIF orientation": "6 (shown turned 90° clockwise)",
        "Camera make": "GoPro",
        "Camera model": "GoPro Max",
        "Camera type": "fisheye",
        "Camera parameters": "focal 0.85, k1 -0.01, k2 0",
        "Computed rotation": "1.3600, 0.0000, 0.5000 rad",
        "Atomic scale": "0.98",
        "Connected component": "4.5e+18",
        "Mesh id": "5",
        "SfM cluster id": "6",
    }


def test_a_whole_map_feature_reads_well(in_zone):
    in_zone("UTC")
    assert texts(map_feature_facts(SIGN)) == {
        "What it is": "Stop",
        "Value": "regulatory--stop--g1",
        "Type": "traffic sign (trafficsign)",
        "First seen, UTC": "2017-08-23 21:32:26",
        "First seen, local (UTC)": "2017-08-23 21:32:26",
        "Last seen, UTC": "2018-01-01 00:00:00",
        "Last seen, local (UTC)": "2018-01-01 00:00:00",
        "Position (lat, lon)": "52.500000, 13.400000",
        "Faces": "200.0° (S)",
        "Images": "1,234",
        "Map feature id": "496980935069177",
    }


def test_of_nothing_known_only_what_is_looked_for_is_told():
    assert shown() == dict.fromkeys(["Captured", "Creator", "Position (lat, lon)", "Compass angle"], NOT_KNOWN)
    assert texts(map_feature_facts({})) == dict.fromkeys(
        ["What it is", "First seen", "Last seen", "Position (lat, lon)"], NOT_KNOWN
    )
    assert as_json(image_facts({})) == as_json(map_feature_facts({})) == "{}"


@pytest.mark.parametrize(
    ("name", "title", "text"),
    [
        ("Europe/Berlin", "Captured, local (CEST)", "2019-07-21 16:57:52"),
        ("America/New_York", "Captured, local (EDT)", "2019-07-21 10:57:52"),
        ("Asia/Kathmandu", "Captured, local (UTC+0545)", "2019-07-21 20:42:52"),
        ("Pacific/Kiritimati", "Captured, local (UTC+14)", "2019-07-22 04:57:52"),
        ("America/Sao_Paulo", "Captured, local (UTC-03)", "2019-07-21 11:57:52"),
    ],
)
def test_the_local_time_is_told_beside_utc(in_zone, name, title, text):
    in_zone(name)
    facts = image_facts({"captured_at": 1563721072184})
    assert texts(facts)[title] == text
    assert texts(facts)["Captured, UTC"] == "2019-07-21 14:57:52"
    assert json.loads(as_json(facts)) == {"captured_at": "2019-07-21T14:57:52.184Z"}


def test_the_zone_is_that_of_the_day_of_the_picture(in_zone):
    in_zone("Europe/Berlin")
    assert "Captured, local (CET)" in shown(captured_at=1_548_000_000_000)


def test_a_year_beyond_the_local_calendar_is_told_in_utc_alone(in_zone):
    in_zone("Pacific/Kiritimati")
    found = shown(captured_at=253_402_300_799_999)
    assert found["Captured, UTC"] == "9999-12-31 23:59:59"
    assert not any("local" in title for title in found)


@pytest.mark.parametrize(
    ("degrees", "text"),
    [
        (0, "0.0° (N)"),
        (22.4, "22.4° (N)"),
        (22.6, "22.6° (NE)"),
        (180, "180.0° (S)"),
        (337.6, "337.6° (N)"),
        (359.96, "0.0° (N)"),
        (360, "0.0° (N)"),
    ],
)
def test_directions_have_a_wind(degrees, text):
    assert shown(compass_angle=degrees)["Compass angle"] == text


@pytest.mark.parametrize(
    ("field", "value", "title", "text"),
    [
        ("geometry", {**PLACE, "coordinates": [-1e-7, -33.1234567]}, "Position (lat, lon)", "-33.123457, 0.000000"),
        ("altitude", -0.01, "Altitude", "0.0 m"),
        ("width", 640, "Picture size", "640 × ? px"),
        ("height", 480, "Picture size", "? × 480 px"),
        ("camera_parameters", [1, 2.5], "Camera parameters", "1, 2.5"),
        ("exif_orientation", 1, "EXIF orientation", "1 (upright)"),
        ("make", "x" * 900, "Camera make", "x" * (LONGEST_FACT - 1) + "…"),
        ("make", "one\u202etwo\tthree", "Camera make", "one two three"),
    ],
)
def test_odd_values_read_well(field, value, title, text):
    assert shown(**{field: value})[title] == text


@pytest.mark.parametrize("body", [{"camera_parameters": []}, {"make": " \n\u202e"}, {"mesh": {"url": "https://a"}}])
def test_what_says_nothing_has_no_row(body):
    assert shown(**body) == shown()


@pytest.mark.parametrize("word", ["point", "mvd_fast", "traffic_sign", "trafficsign", "other"])
def test_types_of_map_features_keep_their_word(word):
    told = texts(map_feature_facts({"object_type": word}))["Type"]
    assert word in told
    assert ("sign (" in told) == ("sign" in word)


def test_links_lead_to_the_image_and_to_its_creator():
    links = {fact.name: fact.link for fact in image_facts(WHOLE) if fact.link is not None}
    assert links == {
        "id": "https://www.mapillary.com/app/?pKey=135511895288847&focus=photo",
        "creator_username": "https://www.mapillary.com/app/user/a%2Fb%20c%3F",
    }
    assert all(fact.link is None for fact in image_facts({}))


def test_json_keeps_ids_as_text_and_letters_as_they_are():
    kept = json.loads(as_json(image_facts({**WHOLE, "creator": {"id": 104214208486349, "username": "Jörg"}})))
    assert kept["id"] == "135511895288847"
    assert kept["creator_id"] == "104214208486349"
    assert kept["geometry"] == PLACE
    assert kept["size"] == {"width": 4032, "height": 3024}
    assert kept["camera_parameters"] == [0.85, -0.01, 0]
    assert "captured_at_local" not in kept
    assert '"Jörg"' in as_json(image_facts({"creator": {"username": "Jörg"}}))


def test_every_field_of_the_graph_has_its_row():
    for entity, facts in (("image", image_facts(WHOLE)), ("map_feature", map_feature_facts(SIGN))):
        kept = json.loads(as_json(facts))
        columns = {column.name for column in columns_of(entity, [field.name for field in FIELDS[entity]])}
        columns -= {"longitude", "latitude", "computed_longitude", "computed_latitude", "image_count"}
        assert columns - {"width", "height"} <= set(kept)
        assert len({fact.name for fact in facts}) == len(facts)


def test_nothing_that_is_signed_or_expires_is_told():
    assert "signed.example" not in repr(image_facts(WHOLE)) + as_json(image_facts(WHOLE))


@pytest.mark.parametrize(("folder", "facts_of"), [("image", image_facts), ("map_feature", map_feature_facts)])
def test_all_of_the_recorded_replies_is_told(recorded, folder, facts_of):
    replies = list((recorded / "graph" / folder).glob("*.json"))
    assert replies
    for path in replies:
        reply = json.loads(path.read_text())
        facts = facts_of(reply)
        told = values_in(json.loads(as_json(facts)))
        wanted = {name: value for name, value in reply.items() if not name.endswith("_url") and name != "detections"}
        for name in ("mesh", "sfm_cluster"):
            wanted.get(name, {}).pop("url", None)
        if folder == "map_feature":
            wanted["images"] = [image["id"] for image in wanted["images"]["data"]]
        times = [wanted.pop(name) for name in ("captured_at", "first_seen_at", "last_seen_at") if name in wanted]
        assert set(values_in(wanted)) <= set(told), path.name
        assert len([value for value in told if value.endswith("Z")]) == len(times)
        assert "_url" not in repr(facts)


BODIES = st.dictionaries(st.sampled_from(["id", *(field.name for field in FIELDS["image"])]), VALUES)
SIGNS = st.dictionaries(st.sampled_from(["id", *(field.name for field in FIELDS["map_feature"])]), VALUES)
SOUND = st.fixed_dictionaries({}, optional={name: st.just(value) | JSON for name, value in WHOLE.items()})


@pytest.mark.parametrize(("bodies", "facts_of"), [(BODIES | SOUND, image_facts), (SIGNS, map_feature_facts)])
def test_whatever_a_reply_holds_becomes_lines_of_text_and_json(bodies, facts_of):
    @settings(max_examples=150, derandomize=True, deadline=None, database=None)
    @given(bodies)
    def check(body):
        facts = facts_of(body)
        for fact in facts:
            assert fact.text.isprintable()
            assert 0 < len(fact.text) <= LONGEST_FACT
            assert fact.link is None or fact.link.startswith("https://www.mapillary.com/app/")
        text = as_json(facts)
        assert json.loads(text) == {fact.name: fact.value for fact in facts if fact.value is not None}
        assert text.encode()

    check()
