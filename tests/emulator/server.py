"""The emulator: checks the token as Mapillary does, serves tiles and the graph, and serves faults on demand."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Optional

from tests.emulator.exchange import MVT_TYPE, Answer, Request, as_tile
from tests.emulator.faults import FAULTS, FaultRule
from tests.emulator.graph import GRAPH_PATH, MOST_IDS, GraphSource, graph_reply, graph_token
from tests.emulator.map_features import LAYERS
from tests.emulator.oauth import OAuthServer
from tests.emulator.pictures import PICTURE_PATH, PictureBook, carries_token
from tests.emulator.tiles import TileSource
from tests.emulator.tokens import GRAPH_REFUSALS, TILE_REFUSALS, made_up_token, token_in_header
from tests.emulator.town import Town
from tests.emulator.town_graph import TownGraph
from tests.emulator.wire import Wire

TILESETS = ("mly1_public", "mly1_computed_public", *LAYERS)
NO_TOWN = Town(size=0)
TILE_PATH = re.compile(r"^/maps/vtp/(?P<tileset>\w+)/2/(?P<z>\d+)/(?P<x>\d+)/(?P<y>\d+)$")


@dataclass(frozen=True)
class Seen:
    """One request as the server saw it, without its query; `has_token` tells whether a token came along anywhere."""

    path: str
    status: int
    fault: str = ""
    has_token: bool = False


@dataclass
class Emulator(OAuthServer):
    """A server on loopback; use it as a context manager. `requests` lists what it was asked.

    `certificate` is the file of a certificate and that of its key; with it the server speaks https.
    `app_usage` is the percentage of the quota that the graph's replies name; with None they name none.
    A list given as `recorded` takes every request whole, with its headers and its token.

    `graph` is what the graph's replies come from; by itself it is that of the source if this is a town, else empty.
    Ids in `gone` are of deleted objects: a batch leaves them out, or, with `gone_refuses_batch`, fails as a whole.
    A batch of more than `batch_limit` ids is too much for the server, one of more than 50 is always refused.
    `picture_uses` is for how many fetches the URL of a picture is good; None for any number.
    """

    source: TileSource = field(default_factory=Town)
    credential: str = field(default_factory=made_up_token)
    faults: list[FaultRule] = field(default_factory=list)
    delay: float = 0.0
    port: int = 0
    requests: list[Seen] = field(default_factory=list)
    certificate: Optional[tuple[Path, Path]] = None
    app_usage: Optional[int] = 1
    recorded: Optional[list[Request]] = field(default=None, repr=False)
    graph: Optional[GraphSource] = None
    gone: set[str] = field(default_factory=set)
    gone_refuses_batch: bool = False
    batch_limit: int = MOST_IDS
    picture_uses: Optional[int] = None

    def __post_init__(self) -> None:
        self._graph_source = self.graph or TownGraph(self.source if isinstance(self.source, Town) else NO_TOWN, self)
        self.register(self.credential)
        self._wire: Optional[Wire] = None
        self._pictures = PictureBook()

    @property
    def address(self) -> str:
        """Such as http://127.0.0.1:34567."""
        if self._wire is None:
            raise RuntimeError("the emulator is not running")
        return f"{self._wire.scheme}://127.0.0.1:{self._wire.server_address[1]}"

    @property
    def tiles_url(self) -> str:
        """What MAPILLARY_TILES_URL has to be."""
        return f"{self.address}/maps/vtp"

    @property
    def graph_url(self) -> str:
        """What MAPILLARY_GRAPH_URL has to be."""
        return self.address

    @property
    def connect_url(self) -> str:
        """The page that asks the user."""
        return f"{self.address}/connect"

    def picture_url(self, image_id: str, size: str, shape: tuple[int, int]) -> str:
        """Where the picture of an image is: another one at each call."""
        return self._pictures.url(self.address, image_id, size, shape)

    def expire_pictures(self) -> None:
        """No picture's URL that was given so far is good any more."""
        self._pictures.expire()

    def __enter__(self) -> Emulator:
        self._wire = Wire(self.port, self.answer, lambda: self.delay, self.certificate)
        self._wire.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._wire is not None:
            self._wire.close()

    def fail(self, fault: str, **when: Any) -> None:
        """Serve a fault from now on; see FaultRule."""
        self.faults.append(FaultRule(fault, **when))

    def answer(self, request: Request) -> Answer:
        """The reply to a request, and a line in `requests`."""
        answer, fault = self._answer(request)
        with self._lock:
            self.requests.append(Seen(request.path, answer.status, fault, carries_token(request)))
            if self.recorded is not None:
                self.recorded.append(request)
        return answer

    def _answer(self, request: Request) -> tuple[Answer, str]:
        if request.method == "POST":
            return self._token(request) if request.path == "/token" else (Answer(404), "")
        if request.path == "/connect":
            return self.connect(request.query), ""
        picture = PICTURE_PATH.fullmatch(request.path)
        if picture:
            return self._picture(request, picture["name"])
        asked = GRAPH_PATH.fullmatch(request.path)
        return self._graph(request, asked["name"]) if asked else self._tile(request)

    def _tile(self, request: Request) -> tuple[Answer, str]:
        """Tiles take the token in the query only; a token in the header is forbidden."""
        match = TILE_PATH.match(request.path)
        if not match or match["tileset"] not in TILESETS:
            return Answer(404), ""
        if request.headers.get("Authorization"):
            return Answer(403), ""
        token = request.query.get("access_token", "")
        refused = TILE_REFUSALS.get(self.standing(token, self.credential))
        if refused:
            return refused, ""
        z, x, y = int(match["z"]), int(match["x"]), int(match["y"])
        if z > 14 or x >= 2**z or y >= 2**z:
            return Answer(404), ""
        tileset = match["tileset"]
        names = f"{z}/{x}/{y}", f"{tileset}/{z}/{x}/{y}"
        return self._spoilt("tiles", names, token, lambda: as_tile(self.source.tile(tileset, z, x, y)))

    def _graph(self, request: Request, name: str) -> tuple[Answer, str]:
        token = graph_token(request)
        standing = self.standing(token, self.credential)
        refused = GRAPH_REFUSALS.get(standing)
        if refused:
            return self._with_usage(refused), ""

        def reply() -> Answer:
            return graph_reply(name, request.query, standing, self._graph_source, self)

        answer, fault = self._spoilt("graph", (name or "ids",), token, reply)
        return self._with_usage(answer), fault

    def _picture(self, request: Request, name: str) -> tuple[Answer, str]:
        refused = self._pictures.refusal(request, self.picture_uses)
        if refused:
            return refused, ""
        return self._spoilt("pictures", (name,), "", lambda: self._pictures.picture(request))

    def _token(self, request: Request) -> tuple[Answer, str]:
        refused = self.secret_refusal(request)
        if refused:
            return self._with_usage(refused), ""
        secret = token_in_header(request.headers)
        answer, fault = self._spoilt("token", ("token",), secret, lambda: self.exchange(request))
        return self._with_usage(answer), fault

    def _with_usage(self, answer: Answer) -> Answer:
        if self.app_usage is None:
            return answer
        usage = json.dumps({"call_volume": self.app_usage, "call_count": self.app_usage})
        return replace(answer, headers={**answer.headers, "x-app-usage": usage})

    def _spoilt(
        self, surface: str, names: tuple[str, ...], token: str, reply: Callable[[], Answer]
    ) -> tuple[Answer, str]:
        """The reply, or the fault that is due instead; a fault with an error's status leaves the reply unmade."""
        with self._lock:
            due = [rule.fault for rule in self.faults if rule.surface == surface and rule.applies(*names)]
        if not due:
            return reply(), ""
        answer = FAULTS[due[0]](b"")
        if answer.status == 200:
            sound = reply()
            answer = FAULTS[due[0]](sound.body)
            if answer.headers.get("Content-Type") == MVT_TYPE:
                answer = replace(answer, headers={**answer.headers, "Content-Type": sound.headers["Content-Type"]})
        return replace(answer, body=answer.body.replace(b"{token}", token.encode())), due[0]
