"""Replies that no server should send, each of which once broke something or took minutes."""

import gzip
import json

import pytest

from mapillary_coverage.core.errors import DamagedTileError
from mapillary_coverage.core.inflate import inflate
from mapillary_coverage.core.mapillary.schema import IMAGE
from mapillary_coverage.core.mvt import decode
from mapillary_coverage.core.network.session import Reply
from tests.emulator.encoding import POINT, Feature, encode
from tests.emulator.server import made_up_token
from tests.whole.test_fuzz import check_reply

TOKEN = made_up_token()


@pytest.mark.parametrize("code", [TOKEN, [TOKEN], "\ud800", 10**2000], ids=["token", "list", "surrogate", "long"])
def test_a_code_that_is_no_number_is_not_shown(code):
    check_reply(Reply(400, {}, json.dumps({"error": {"code": code}}).encode(), 0))


def test_a_gzip_of_countless_members_is_refused():
    with pytest.raises(DamagedTileError):
        inflate(gzip.compress(b"") * 20_000)


@pytest.mark.parametrize(
    ("tags", "count"),
    [({str(key): True for key in range(5000)}, 1), ({"id": "x" * 100_000}, 1000)],
    ids=["keys", "text"],
)
def test_a_tile_that_would_keep_gdal_busy_for_minutes_is_refused_before(tags, count, engine, monkeypatch):
    monkeypatch.setattr(engine, "read_layers", lambda body, wanted: pytest.fail("decoded"))
    with pytest.raises(DamagedTileError):
        decode(encode({"image": [Feature(POINT, [[(1, 1)]], tags)] * count}), [IMAGE])
