"""Symbols of signs and objects: which value gets which, whatever has become of their file."""

import struct
import zipfile
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import pytest

from mapillary_coverage.core.mapillary.map_feature_values import catalogue
from mapillary_coverage.core.mapillary.schema import MAP_FEATURE_POINT, TRAFFIC_SIGN
from mapillary_coverage.core.mapillary.symbols import SYMBOLS_FILE, Symbols, generic_svg, symbol_svg

SVG = "{http://www.w3.org/2000/svg}svg"


def svg(text):
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><!-- {text} --></svg>'.encode()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "symbols.zip"
    names = [
        *(
            "object--bench",
            "object--sign--advertisement",
            "object--traffic-light--pedestrians",
            "marking--discrete--text",
        ),
        *("regulatory--stop--g10", "regulatory--stop--g2"),
        *("regulatory--stop--g9", "warning--dip--g1"),
    ]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as symbols:
        symbols.writestr("LICENSE", "Anyone may use it.")
        for name in names:
            symbols.writestr(f"{name}.svg", svg(name))
    return path


@pytest.fixture
def made():
    """The file that `make symbols` makes; skips where that could not be."""
    if not SYMBOLS_FILE.is_file():
        pytest.skip("there are no symbols, because their package could not be fetched")
    return Symbols(SYMBOLS_FILE)


@pytest.mark.parametrize(
    ("value", "drawn_as"),
    [
        ("object--bench", "object--bench"),
        ("regulatory--stop--g9", "regulatory--stop--g9"),
        ("regulatory--stop--g10", "regulatory--stop--g10"),
        ("regulatory--stop", "regulatory--stop--g2"),
        ("regulatory--stop--g77", "regulatory--stop--g2"),
        ("object--traffic-light--pedestrians-front", "object--traffic-light--pedestrians"),
        ("marking--discrete--text--bus", "marking--discrete--text"),
        ("object--billboard", "object--sign--advertisement"),
    ],
)
def test_a_value_is_drawn_as_the_nearest_symbol(file, value, drawn_as):
    assert Symbols(file).svg(value) == svg(drawn_as)


@pytest.mark.parametrize(
    "value",
    [
        *("", "--", "--g1", "g1", "object", "object--", "object--benches", "regulatory--*", "LICENSE", "Object--Bench"),
        *("../object--bench", "object--bench.svg", "object--bench\0", "--g" + "9" * 9_999, "x--" * 9_999),
    ],
    ids=lambda value: value[:30],
)
def test_a_value_without_symbol_has_none(file, value):
    assert Symbols(file).svg(value) is None


def test_without_the_file_no_value_has_a_symbol(tmp_path):
    for path in (tmp_path / "symbols.zip", tmp_path):
        assert Symbols(path).svg("object--bench") is None
        assert Symbols(path).values() == []


def test_a_damaged_file_gives_whole_symbols_or_none(file):
    """Every third byte in turn is changed, and the file is cut off there."""
    whole, damaged = file.read_bytes(), file.with_name("damaged.zip")
    values = Symbols(file).values()
    whole_ones = {None, *map(svg, values)}
    for place in range(0, len(whole), 3):
        for body in (whole[:place], whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]):
            damaged.write_bytes(body)
            symbols = Symbols(damaged)
            for value in values:
                assert symbols.svg(value) in whole_ones, place


@pytest.mark.parametrize("body", [b"", b"GIF89a", b"<html>", b"\0" * 999, svg("x") + b" " * 2**20, b"<svg" * 2**22])
def test_what_is_no_svg_is_no_symbol(file, body):
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as symbols:
        symbols.writestr("object--banner.svg", body)
    symbols = Symbols(file)
    assert symbols.svg("object--banner") is None
    assert symbols.svg("object--bench") == svg("object--bench")


def test_a_file_that_lies_about_sizes_is_not_believed(file):
    """The index says that a gigabyte is some bytes."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as symbols:
        symbols.writestr("object--bench.svg", b"<svg>" + b" " * 2**24)
    body = file.read_bytes().replace(struct.pack("<I", 2**24 + 5), struct.pack("<I", 100))
    file.write_bytes(body)
    assert Symbols(file).svg("object--bench") is None


def test_the_file_can_be_replaced_while_symbols_are_shown(file):
    symbols = Symbols(file)
    file.write_bytes(b"")
    file.unlink()
    assert symbols.svg("warning--dip--g1") == svg("warning--dip--g1")


def test_any_thread_gets_the_symbol_it_asks_for(file):
    symbols = Symbols(file)
    values = symbols.values() * 200
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(symbols.svg, values)) == [svg(value) for value in values]


@pytest.mark.parametrize("kind", ["point", "traffic_sign"])
def test_there_is_always_a_generic_symbol(kind):
    root = ElementTree.fromstring(generic_svg(kind))
    assert (root.tag, root.get("viewBox")) == (SVG, "0 0 24 24")


def test_nearly_all_known_values_have_a_symbol(made):
    for layer, without in ((MAP_FEATURE_POINT, 3), (TRAFFIC_SIGN, 6)):
        missing = [entry.value for entry in catalogue(layer) if symbol_svg(entry.value) is None]
        assert len(missing) <= without, missing


def test_every_symbol_is_a_scalable_picture_of_paths_alone(made):
    assert len(made.values()) == 1_586
    for value in made.values():
        root = ElementTree.fromstring(made.svg(value))
        assert (root.tag, root.get("viewBox")) == (SVG, "0 0 24 24"), value
        drawn = {node.tag.rpartition("}")[2] for node in root.iter()}
        assert drawn <= {"svg", "path", "rect", "polygon", "circle", "mask"}, value


def test_the_licence_goes_with_the_symbols(made):
    with zipfile.ZipFile(SYMBOLS_FILE) as symbols:
        assert "MIT License" in symbols.read("LICENSE").decode()
