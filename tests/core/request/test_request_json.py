"""A request comes back from its JSON as it was; what anyone else wrote is one sentence."""

import json
from datetime import date

import pytest
from qgis.core import QgsCoordinateReferenceSystem, QgsCoordinateTransformContext, QgsGeometry, QgsLayerMetadata

from mapillary_coverage.core.area.area import area_of_box
from mapillary_coverage.core.area.circle_area import area_of_circle
from mapillary_coverage.core.area.polygon_area import area_of_polygons
from mapillary_coverage.core.errors import InvalidRequestError
from mapillary_coverage.core.layers.metadata import lines_of, remembered
from mapillary_coverage.core.mapillary.schema import IMAGE, MAP_FEATURE_POINT, SEQUENCE, TRAFFIC_SIGN
from mapillary_coverage.core.request.filters import CoverageFilter
from mapillary_coverage.core.request.request import CoverageRequest
from mapillary_coverage.core.request.request_json import request_from_json, request_to_json

pytestmark = pytest.mark.qgis

BOX = area_of_box(7.39, 43.72, 7.41, 43.74)
PLACES = [(7.3901, 43.7201), (7.395, 43.7251), (7.405, 43.7301), (179.999, -16.5), (-179.999, -16.5), (0.0, 0.0)]


def polygons(wkt, crs="EPSG:4326", name="the polygons of Parks"):
    context = QgsCoordinateTransformContext()
    return area_of_polygons([QgsGeometry.fromWkt(wkt)], QgsCoordinateReferenceSystem(crs), context, name)


@pytest.mark.parametrize(
    "area",
    [
        BOX,
        area_of_box(179.9, -16.6, -179.9, -16.4),
        area_of_box(10, 80, 10.1, 89),
        area_of_circle(7.395, 43.725, 612.5),
        area_of_circle(179.999, -16.5, 900),
        polygons("Polygon ((7.39 43.72, 7.4 43.72, 7.4 43.73, 7.39 43.72))"),
        polygons(
            "MultiPolygonZ (((7 43 1, 7.1 43 1, 7.1 43.1 1, 7 43 1)), "
            "((179.9 -17 1, 180.1 -17 1, 180 -16 1, 179.9 -17 1)))"
        ),
        polygons("Polygon ((822000 5420000, 824000 5420000, 824000 5422000, 822000 5420000))", "EPSG:3857"),
    ],
    ids=["box", "antimeridian", "cut", "circle", "circle across", "polygon", "polygons", "projected"],
)
def test_every_kind_of_area_comes_back(area):
    request = CoverageRequest(area)
    again = request_from_json(request_to_json(request))
    assert str(again) == str(request)
    assert again.addresses() == request.addresses()
    assert again.area.cut_at_poles == area.cut_at_poles
    assert [again.area.contains(*place) for place in PLACES] == [area.contains(*place) for place in PLACES]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"position": "computed", "source_layers": (SEQUENCE,)},
        {"source_layers": (IMAGE, MAP_FEATURE_POINT, TRAFFIC_SIGN)},
        {"filter": CoverageFilter(date(2020, 1, 2), date(2024, 5, 1), "only", "without", min_quality=0.3)},
        {"filter": CoverageFilter(last_months=3, creators=("Zoë",), creator_ids=("12",), values=("object--*",))},
        {"filter": CoverageFilter(expression="\"id\" <> '1|2'\nand true", image_ids=("26275324248758064",))},
    ],
)
def test_what_is_asked_for_comes_back(options):
    request = CoverageRequest(BOX, **options)
    assert request_from_json(request_to_json(request)) == request
    assert "\n" not in request_to_json(request)


def test_the_last_months_are_those_before_the_day_of_the_update():
    text = request_to_json(CoverageRequest(BOX, filter=CoverageFilter(last_months=3)))
    assert json.loads(text)["filter"] == {"last_months": 3}


GOOD = json.loads(request_to_json(CoverageRequest(BOX)))
WHOLE = [[-180, -85, 180, 85]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        "7",
        "[" * 100_000,
        *(json.dumps({name: value for name, value in GOOD.items() if name != left_out}) for left_out in GOOD),
        *(
            json.dumps({**GOOD, name: value})
            for name, value in [
                ("area", None),
                ("area", {"cut_at_poles": False, "boxes": []}),
                ("area", {"cut_at_poles": False, "boxes": [[7, 43, 7.1]]}),
                ("area", {"cut_at_poles": False, "boxes": [[7, 43, "8", 44]]}),
                ("area", {"cut_at_poles": False, "boxes": [[7, 43, float("nan"), 44]]}),
                ("area", {"cut_at_poles": False, "boxes": [[8, 43, 7, 44]]}),
                ("area", {"cut_at_poles": False, "boxes": [[7, 43, 10**400, 44]]}),
                ("area", {"cut_at_poles": False, "boxes": [[7, 43, 7.1, 90]]}),
                ("area", {"cut_at_poles": False, "boxes": WHOLE}),
                ("area", {"cut_at_poles": False, "boxes": [[7, 43, 7.1, 43.1]] * 3}),
                ("area", {"cut_at_poles": False, "circle": [7, 43]}),
                ("area", {"cut_at_poles": False, "circle": [7, 43, -1]}),
                ("area", {"cut_at_poles": False, "circle": [7, 43, True]}),
                ("area", {"cut_at_poles": False, "polygons": "Polygon ((", "name": "x"}),
                ("area", {"cut_at_poles": False, "polygons": "Point (7 43)", "name": "x"}),
                ("area", {"cut_at_poles": False, "polygons": "GeometryCollection (" * 30_000, "name": "x"}),
                ("area", {"cut_at_poles": False, "polygons": 7, "name": "x"}),
                ("area", {"cut_at_poles": False, "polygons": "Polygon ((7 43, 7.1 43, 7.1 43.1, 7 43))"}),
                ("position", "elsewhere"),
                ("position", []),
                ("layers", []),
                ("layers", ["images"]),
                ("layers", [[]]),
                ("layers", 3),
                ("filter", []),
                ("filter", {"panorama": "maybe"}),
                ("filter", {"unknown": 1}),
                ("filter", {"start_date": "2024-13-01"}),
            ]
        ),
    ],
    ids=lambda text: text[:60],
)
def test_what_anyone_else_wrote_is_one_sentence(text):
    with pytest.raises(InvalidRequestError, match="The request that the layer remembers cannot be read"):
        request_from_json(text)


def test_a_layer_remembers_each_request_once_and_none_that_is_too_large():
    request = CoverageRequest(BOX)
    metadata = QgsLayerMetadata()
    metadata.setHistory(
        ["made by hand", *lines_of([request, request]), *lines_of([request]), "Request: " + "9" * 2_000_000]
    )
    assert [request_from_json(text) for text in remembered(metadata)] == [request]
    corners = ", ".join(f"{7.123456789 + (step % 2) / 1000} {43 + step / 1_000_007}" for step in range(60_000))
    fine = CoverageRequest(polygons(f"Polygon ((6.9 43, {corners}, 6.9 43.06, 6.9 43))"))
    assert lines_of([fine]) == []


def test_an_outline_around_the_world_without_end_is_refused_at_once():
    where = {"polygons": "Polygon ((0 0, 1e308 1, 1 0, 0 0))", "name": "far", "cut_at_poles": False}
    text = json.dumps({"area": where, "position": "original", "layers": ["image"], "filter": {}})
    with pytest.raises(InvalidRequestError, match="The request that the layer remembers cannot be read"):
        request_from_json(text)
