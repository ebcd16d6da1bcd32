"""Bytes that no server should send, made by hypothesis: each is read or refused with a sentence, and nothing breaks."""

import gzip
import json
from contextlib import nullcontext
from types import SimpleNamespace

from hypothesis import given, settings
from hypothesis import strategies as st
from mapbox_vector_tile.Mapbox import vector_tile_pb2

from mapillary_coverage.core.area.tiling import TileAddress, TileId
from mapillary_coverage.core.download.ledger import FAILED
from mapillary_coverage.core.download.tile_reader import TileReader
from mapillary_coverage.core.errors import DamagedTileError, MapillaryError
from mapillary_coverage.core.inflate import GZIP_MAGIC, inflate
from mapillary_coverage.core.looks.seen import Seen
from mapillary_coverage.core.mapillary.cleaning import clean_column
from mapillary_coverage.core.mapillary.schema import IMAGE, SEQUENCE, Shape
from mapillary_coverage.core.mvt import decode, gdal_engine, protobuf_engine
from mapillary_coverage.core.mvt.display import displayable
from mapillary_coverage.core.network.replies import app_usage, graph_object
from mapillary_coverage.core.network.session import Reply
from mapillary_coverage.core.tiles.tile_cache import FetchedTile
from mapillary_coverage.core.tiles.tile_client import tile_body
from tests.conftest import request_for
from tests.emulator import Town
from tests.emulator.encoding import Feature, _commands
from tests.emulator.server import made_up_token

WANTED = (IMAGE, SEQUENCE)
TILE, QUARTER = TileId(14, 8529, 5975), TileId(15, 17058, 11950)
TOKEN = made_up_token()
EXAMPLES = {protobuf_engine: 250, gdal_engine: 150}
MUTATIONS = (
    lambda body, at, noise: body[:at] + bytes(byte ^ 1 << noise[0] % 8 for byte in body[at : at + 1]) + body[at + 1 :],
    lambda body, at, noise: body[:at],
    lambda body, at, noise: body[:at] + noise + body[at:],
    lambda body, at, noise: body[:at] + noise + body[at + len(noise) :],
    lambda body, at, noise: body[:at] + body[max(0, at + noise[0] - 128) :],
    lambda body, at, noise: body[:at] + b"\xff" * (noise[0] % 11) + b"\x01" + body[at + 1 :],
    lambda body, at, noise: gzip.compress(body, mtime=0),
)
INTEGERS = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([-(2**63), 0, 1, 2**31, 2**53 + 1, 2**63 - 1])
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30) | st.just("x" * 5000)
VALUES = {"int_value": INTEGERS, "sint_value": INTEGERS, "uint_value": st.integers(0, 2**63 - 1)}
VALUES |= {"float_value": st.floats(width=32, allow_nan=False), "double_value": st.floats(allow_nan=False)}
VALUES |= {"bool_value": st.booleans(), "string_value": TEXTS}
ODD_VALUES = {**VALUES, "uint_value": st.integers(0, 2**64 - 1), "double_value": st.floats(), "string_value": st.text()}
KEYS = st.sampled_from([*IMAGE.tile_properties, "image_id", "ID", "mvt_id", "ogc_fid", "wkb", "", "a'\"b"]) | TEXTS
NUMBERS = st.integers(0, 9) | st.integers(0, 2**32 - 1)
COMMANDS = st.sampled_from([9, 10, 15, 17, 18, 1, 2, 2**32 - 1, (2**29 - 1) << 3 | 1, (2**29 - 1) << 3 | 2])
GEOMETRIES = st.lists(COMMANDS | NUMBERS, max_size=9) | st.sampled_from([[9, 2, 2], [9, 2, 2, 18, 4, 4, 8, 8]])
TAGS = st.lists(NUMBERS, max_size=3) | st.lists(st.integers(0, 2), max_size=6)
ODD_FEATURES = {"id": st.integers(0, 2**64 - 1), "tags": TAGS, "type": st.integers(0, 3), "geometry": GEOMETRIES}
SECRETS = st.text(max_size=9) | st.builds(lambda *around: TOKEN.join(around), st.text(max_size=3), st.text())
ATOMS = st.none() | st.booleans() | st.integers() | st.floats() | SECRETS | st.just(10**4000)
JSON = st.recursive(ATOMS, lambda inner: st.lists(inner) | st.dictionaries(SECRETS, inner), max_leaves=5)
CODES = st.sampled_from([4, 190, 368, 100, True, 190.0, "190"]) | JSON
MESSAGES = st.sampled_from(["temporarily unavailable", "too large", "Cannot parse"]) | JSON
ERROR = {"code": CODES, "message": MESSAGES, "is_transient": st.booleans() | JSON}
ANSWERS = st.fixed_dictionaries({"error": st.fixed_dictionaries({}, optional=ERROR) | JSON}) | JSON
NESTS = st.sampled_from([("[", "]"), ('{"":', "}"), ("9", "")])
DEEP = st.builds(
    lambda name, nest, depth: f'{{"error":{{"{name}":{nest[0] * depth}0{nest[1] * depth}}}}}',
    *(st.sampled_from(["message", "code"]), NESTS, st.integers(1, 100_000) | st.integers(900, 1000)),
)
TEXT_BODIES = st.builds(json.dumps, ANSWERS, ensure_ascii=st.booleans()) | DEEP
ENCODINGS = st.sampled_from(["utf-8", "utf-16", "utf-16-le", "utf-32-le", "utf-8-sig"])
REPLIES = st.binary(max_size=80) | st.builds(str.encode, TEXT_BODIES, ENCODINGS, st.just("surrogatepass"))
ODD_TEXTS = (
    st.sampled_from(
        [
            '{"call_count":96}',
            '{"a":1e999}',
            "Wed, 21 Oct 9015 07:28:00 GMT",
            "5",
            "-1",
            "nan",
            "1e9",
            "²",
            "٣",
            "99999",
            "TEXT/html ; x",
            ";",
        ]
    )
    | st.text()
)
STATUSES = st.sampled_from([200, 204, 301, 400, 401, 404, 429, 500, 503]) | st.integers(0, 999)
HEADERS = st.dictionaries(st.sampled_from(["Retry-After", "Content-Type", "x-app-usage"]), ODD_TEXTS)


def fuzz(inputs, check, examples):
    settings(max_examples=examples, derandomize=True, deadline=None, database=None)(given(inputs)(check))()


@st.composite
def mutated(draw, bodies):
    body = draw(bodies)
    step = st.tuples(st.sampled_from(MUTATIONS), st.integers(0, 2**20), st.binary(min_size=1, max_size=12))
    for mutate, place, noise in draw(st.lists(step, max_size=3)):
        body = mutate(body, place % (len(body) + 1), noise)
    return body


def field(number, content):
    size = len(content)
    return bytes([number << 3 | 2, size & 127 | 128, size >> 7 & 127 | 128, size >> 14]) + content


@st.composite
def odd_tiles(draw):
    """Tiles with layers of sound lengths, in which everything else may be wrong."""
    tile = b""
    for name in draw(st.lists(st.sampled_from(["image", "sequence", "IMAGE"]), min_size=1, max_size=3, unique=True)):
        layer = [field(1, name.encode()), *(field(3, key.encode()) for key in draw(st.lists(KEYS, max_size=4)))]
        for number, make, parts in ((4, "value", ODD_VALUES), (2, "feature", ODD_FEATURES)):
            some = st.lists(st.sampled_from(sorted(parts)), max_size=4, unique=True).map(sorted)
            given_parts = some.flatmap(
                lambda names, of=parts: st.fixed_dictionaries({name: of[name] for name in names})
            )
            bodies = given_parts.map(lambda d, make=make: getattr(vector_tile_pb2.tile, make)(**d).SerializeToString())
            layer += [field(number, body) for body in draw(st.lists(bodies | mutated(bodies), min_size=1, max_size=4))]
        ending = draw(st.sampled_from([b"\x78\x02", b"\x78\x02\x28\x80\x20", b"\x28\x01", b"\x28\x80\x80\x04"]))
        tile += field(3, b"".join(layer) + ending)
    return tile


@st.composite
def sound_tiles(draw):
    """Tiles as the specification has them, each property of one type throughout."""
    tile = vector_tile_pb2.tile()
    places = st.tuples(st.integers(-5000, 9000), st.integers(-5000, 9000))
    lines = st.lists(st.lists(places, min_size=2, max_size=5), min_size=1, max_size=3)
    for source in WANTED:
        keys = draw(st.lists(st.sampled_from([*source.tile_properties, "mvt_id", "wkb", "é"]), unique=True, max_size=5))
        kinds = [draw(st.sampled_from(sorted(VALUES))) for _ in keys]
        extent = draw(st.sampled_from([256, 4096, 65536]))
        layer = tile.layers.add(name=source.name, version=draw(st.integers(1, 2)), keys=keys, extent=extent)
        for _ in range(draw(st.integers(0, 4))):
            parts = [[draw(places)]] if source.shape is Shape.POINT else draw(lines)
            geometry = _commands(Feature(source.shape.value, parts))
            feature = layer.features.add(type=source.shape.value, geometry=geometry)
            for key, kind in enumerate(kinds):
                if draw(st.booleans()):
                    feature.tags.extend([key, len(layer.values)])
                    layer.values.add(**{kind: draw(VALUES[kind])})
    return tile.SerializeToString()


TILES = odd_tiles() | st.just(Town(images_per_tile=4).tile("mly1_public", *TILE))
BODIES = st.binary(max_size=200) | odd_tiles() | mutated(TILES)


def test_a_body_of_any_bytes_is_read_or_called_damaged_and_gdal_is_silent(engine, capfd):
    def check(body):
        try:
            tile = decode(body, WANTED)
        except DamagedTileError:
            return
        for name, features in tile.layers.items():
            assert {len(column) for column in features.properties.values()} == {len(features)} == {tile.counts[name]}

    fuzz(BODIES, check, EXAMPLES[engine])
    assert capfd.readouterr() == ("", "")


def test_both_engines_read_every_sound_tile_alike(monkeypatch):
    def check(body):
        decoded = []
        for engine in EXAMPLES:
            monkeypatch.setattr("mapillary_coverage.core.mvt._engine", lambda engine=engine: engine)
            decoded.append(decode(body, WANTED))
        assert decoded[0] == decoded[1]

    fuzz(sound_tiles(), check, EXAMPLES[gdal_engine])


def test_what_qgis_is_to_draw_has_the_same_layers_or_is_called_damaged():
    def check(body):
        try:
            shown, seen = displayable(body), Seen.of_tile(body, "mly1_public")
        except DamagedTileError:
            return
        counts = decode(body, ()).counts
        assert decode(shown, ()).counts == counts
        assert displayable(shown) == shown
        assert sum(seen.years.values()) <= counts.get("sequence", 0)

    fuzz(BODIES | sound_tiles(), check, 250)


def check_outcome(body):
    client = SimpleNamespace(
        alone=lambda tile: nullcontext(),
        find=lambda tile: None,
        fetch=lambda tile: FetchedTile(body, "", len(body), 1),
        keep=lambda *tile: None,
    )
    outcome = TileReader(request_for(QUARTER)).read(client, TileAddress("mly1_public", TILE))
    assert outcome.record.tile == TILE
    assert (outcome.record.status == FAILED) == bool(outcome.record.reason) == isinstance(outcome.error, MapillaryError)
    for name, table in outcome.tables.items():
        assert len(table) == len(table.in_area) == outcome.counts[name].decoded - outcome.counts[name].unplaced
        for source in table.layer.fields:
            column = table.columns[source.name]
            assert len(column) == len(table)
            assert clean_column(source.type, column) == column
        for place in table.geometries:
            vertices = [place] if name == IMAGE.name else [vertex for part in place for vertex in part]
            assert all(abs(lon) <= 180 and abs(lat) < 90 for lon, lat in vertices)


def test_whatever_a_tile_holds_it_ends_as_one_line_of_the_ledger(engine):
    fuzz(BODIES | sound_tiles(), check_outcome, EXAMPLES[engine])


def check_reply(reply):
    assert app_usage(reply) is None or isinstance(app_usage(reply), int)
    for read in (lambda: tile_body(reply) in (reply.body, b""), lambda: isinstance(graph_object(reply), dict)):
        check_sentence(read)


def check_sentence(read):
    try:
        assert read()
    except MapillaryError as error:
        assert TOKEN.split("|")[2] not in str(error)
        assert len(str(error).encode()) < 1000
        assert 0 <= getattr(error, "retry_after", 0) <= 86_400


def test_a_reply_of_any_kind_is_a_tile_or_a_short_sentence_without_the_token():
    fuzz(st.builds(Reply, STATUSES, HEADERS, REPLIES, st.just(0)), check_reply, 600)


def test_a_damaged_gzip_is_refused_and_never_unpacks_to_more_than_the_limit():
    def check(body):
        try:
            assert len(inflate(body, 1000)) <= 1000 or body[:2] != GZIP_MAGIC
        except DamagedTileError:
            assert body[:2] == GZIP_MAGIC

    members = (st.binary(max_size=20) | st.just(bytes(500))).map(lambda part: gzip.compress(part, mtime=0))
    fuzz(mutated(st.lists(members, min_size=1, max_size=4).map(b"".join)), check, 300)
