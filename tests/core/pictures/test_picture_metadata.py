"""EXIF and XMP of downloaded pictures, as GDAL, exiftool and Qt read them; the picture itself stays as it was."""

import shutil
import subprocess
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from osgeo import gdal
from qgis.PyQt.QtCore import QBuffer, QIODevice
from qgis.PyQt.QtGui import QImage, QImageWriter

from mapillary_coverage.core.pictures.jpeg import picture_kind, picture_size
from mapillary_coverage.core.pictures.picture_facts import LONGEST_NAME, PictureFacts
from mapillary_coverage.core.pictures.picture_metadata import with_metadata
from tests.emulator.drawing import draw

WIDTH, HEIGHT = 256, 128
PLAIN = draw("7", WIDTH, HEIGHT)
FACTS = PictureFacts(
    "1933525276802129", (7.4246158, 43.7384176), 61.25, 252.0426, 1_625_140_805_678, False, "zoë_müller"
)
UNKNOWN = PictureFacts("5", None, None, None, None, False, None)
LINK = "https://www.mapillary.com/app/?pKey=1933525276802129&focus=photo"
LICENCE = "https://creativecommons.org/licenses/by-sa/4.0/"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
DC = "{http://purl.org/dc/elements/1.1/}"
CC = "{http://creativecommons.org/ns#}"
XMP, RIGHTS = "{http://ns.adobe.com/xap/1.0/}", "{http://ns.adobe.com/xap/1.0/rights/}"
PANO = "{http://ns.google.com/photos/1.0/panorama/}"
COMMENT = b"\xff\xfe\x00\x09upright"
QUANTIZATION, FRAME, SCAN, END = b"\xff\xdb", b"\xff\xc0", b"\xff\xda", b"\xff\xd9"


def opened(jpeg, tmp_path):
    path = tmp_path / "picture.jpg"
    path.write_bytes(jpeg)
    return gdal.OpenEx(str(path), gdal.OF_RASTER | gdal.OF_VERBOSE_ERROR, ["JPEG"])


@pytest.fixture
def exif(tmp_path):
    """EXIF as GDAL reads it from a picture with these facts."""

    def read(facts, jpeg=PLAIN):
        found = opened(with_metadata(jpeg, facts), tmp_path).GetMetadata()
        return {name.removeprefix("EXIF_"): value for name, value in found.items() if name.startswith("EXIF_")}

    return read


@pytest.fixture
def xmp(tmp_path):
    """The one description in the XMP that GDAL finds in a picture with these facts."""

    def read(facts, jpeg=PLAIN):
        (packet,) = opened(with_metadata(jpeg, facts), tmp_path).GetMetadata("xml:XMP")
        (description,) = ElementTree.fromstring(packet).iter(f"{RDF}Description")
        return description

    return read


def by_exiftool(jpeg, tmp_path, *options):
    if shutil.which("exiftool") is None:
        pytest.skip("needs exiftool")
    path = tmp_path / "picture.jpg"
    path.write_bytes(jpeg)
    done = subprocess.run(["exiftool", "-s", *options, str(path)], capture_output=True, text=True, check=True)
    return {name.strip(): value for name, _, value in (line.partition(": ") for line in done.stdout.splitlines())}


def pixels(jpeg):
    image = QImage.fromData(jpeg, "JPEG").convertToFormat(QImage.Format.Format_RGB32)
    bits = image.constBits()
    bits.setsize(image.sizeInBytes())
    return image.width(), image.height(), bytes(bits)


def encoded(image_format, *, is_grey=False, is_progressive=False):
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, image_format)
    writer.setProgressiveScanWrite(is_progressive)
    image = QImage.fromData(PLAIN)
    if is_grey:
        image = image.convertToFormat(QImage.Format.Format_Grayscale8)
    writer.write(image)
    return bytes(buffer.data())


def segment(body, marker=0xE1):
    return bytes((0xFF, marker)) + (len(body) + 2).to_bytes(2, "big") + body


def after_jfif(jpeg, added):
    start = jpeg.index(QUANTIZATION)
    return jpeg[:start] + added + jpeg[start:]


def test_exif_tells_where_when_and_whose(exif):
    found = exif(FACTS)
    assert found["GPSLatitude"] == "(43) (44) (18.3034)"
    assert found["GPSLongitude"] == "(7) (25) (28.6169)"
    assert (found["GPSLatitudeRef"], found["GPSLongitudeRef"]) == ("N", "E")
    assert (found["GPSAltitude"], found["GPSAltitudeRef"]) == ("(61.25)", "0x00")
    assert (found["GPSImgDirection"], found["GPSImgDirectionRef"]) == ("(252.04)", "T")
    assert (found["GPSDateStamp"], found["GPSTimeStamp"]) == ("2021:07:01", "(12) (0) (5.678)")
    assert found["DateTimeOriginal"] == "2021:07:01 12:00:05"
    assert (found["OffsetTimeOriginal"], found["SubSecTime_Original"]) == ("+00:00", "678")
    assert (found["PixelXDimension"], found["PixelYDimension"]) == (str(WIDTH), str(HEIGHT))
    assert found["Orientation"] == "1"
    assert found["Artist"] == "zoë_müller"
    assert found["Copyright"] == "© Mapillary user zoë_müller, CC BY-SA 4.0" == FACTS.credit
    assert found["ImageDescription"] == LINK == FACTS.link


def test_xmp_tells_whose_and_under_which_licence(xmp):
    found = xmp(FACTS)
    assert [item.text for item in found.findall(f"{DC}creator/{RDF}Seq/{RDF}li")] == ["zoë_müller"]
    assert [item.text for item in found.findall(f"{DC}rights/{RDF}Alt/{RDF}li")] == [FACTS.credit]
    assert found.findtext(f"{RIGHTS}WebStatement") == LICENCE
    assert found.find(f"{CC}license").get(f"{RDF}resource") == LICENCE
    assert found.find(f"{CC}attributionURL").get(f"{RDF}resource") == LINK
    assert found.findtext(f"{CC}attributionName") == "zoë_müller"
    assert found.findtext(f"{XMP}CreateDate") == "2021-07-01T12:00:05.678Z"
    assert not [element.tag for element in found if element.tag.startswith(PANO)]


def test_a_panorama_is_told_in_xmp(xmp):
    found = xmp(replace(FACTS, is_pano=True))
    assert {element.tag.removeprefix(PANO): element.text for element in found if element.tag.startswith(PANO)} == {
        "ProjectionType": "equirectangular",
        "UsePanoramaViewer": "True",
        "PoseHeadingDegrees": "252.04",
        "FullPanoWidthPixels": str(WIDTH),
        "FullPanoHeightPixels": str(HEIGHT),
        "CroppedAreaImageWidthPixels": str(WIDTH),
        "CroppedAreaImageHeightPixels": str(HEIGHT),
        "CroppedAreaLeftPixels": "0",
        "CroppedAreaTopPixels": "0",
    }
    assert xmp(replace(FACTS, is_pano=True, compass_angle=None)).find(f"{PANO}PoseHeadingDegrees") is None


def test_exiftool_reads_the_same_and_finds_nothing_wrong(tmp_path):
    jpeg = with_metadata(PLAIN, replace(FACTS, is_pano=True))
    found = by_exiftool(jpeg, tmp_path, "-n", "-charset", "exif=utf8", "-validate", "-all")
    assert found["Validate"] == "0 0 0"
    assert float(found["GPSLatitude"]) == pytest.approx(43.7384176, abs=1e-9)
    assert float(found["GPSLongitude"]) == pytest.approx(7.4246158, abs=1e-9)
    assert float(found["GPSAltitude"]) == 61.25
    assert found["GPSDateTime"] == "2021:07:01 12:00:05.678Z"
    assert found["SubSecDateTimeOriginal"] == "2021:07:01 12:00:05.678+00:00"
    assert found["Artist"] == found["XPAuthor"] == found["Creator"] == "zoë_müller"
    assert found["Copyright"] == found["Rights"] == FACTS.credit
    assert found["AttributionURL"] == found["ImageDescription"] == LINK
    assert found["ProjectionType"] == "equirectangular"
    assert found["RenditionClass"] == "default"
    assert "Warning" not in found


def test_a_smaller_copy_says_which(tmp_path):
    jpeg = with_metadata(PLAIN, FACTS, "1024")
    assert by_exiftool(jpeg, tmp_path, "-RenditionClass") == {"RenditionClass": "thumbnail:1024"}


@pytest.mark.parametrize(
    ("place", "latitude", "longitude"),
    [
        ((-46.6333824, -23.5505199), ("S", "(23) (33) (1.87164)"), ("W", "(46) (38) (0.17664)")),
        ((151.5, -33.75), ("S", "(33) (45) (0)"), ("E", "(151) (30) (0)")),
        ((-0.25, 51.5), ("N", "(51) (30) (0)"), ("W", "(0) (15) (0)")),
        ((0, 0), ("N", "(0) (0) (0)"), ("E", "(0) (0) (0)")),
        ((-180, 90), ("N", "(90) (0) (0)"), ("W", "(180) (0) (0)")),
        ((179.99999999999997, 0), ("N", "(0) (0) (0)"), ("E", "(180) (0) (0)")),
    ],
)
def test_a_place_in_every_quarter_of_the_world(exif, place, latitude, longitude):
    found = exif(replace(FACTS, place=place))
    assert (found["GPSLatitudeRef"], found["GPSLatitude"]) == latitude
    assert (found["GPSLongitudeRef"], found["GPSLongitude"]) == longitude


@pytest.mark.parametrize(
    ("angle", "written"),
    [(0, "(0)"), (0.004, "(0)"), (90.5, "(90.5)"), (359.99, "(359.99)"), (359.996, "(0)"), (360, "(0)")],
)
def test_a_direction_is_below_360(exif, angle, written):
    assert exif(replace(FACTS, compass_angle=angle))["GPSImgDirection"] == written


def test_an_altitude_below_the_sea(exif):
    found = exif(replace(FACTS, altitude=-3.57))
    assert (found["GPSAltitude"], found["GPSAltitudeRef"]) == ("(3.57)", "0x01")


@pytest.mark.parametrize(
    ("captured_at", "date", "time", "parts"),
    [
        (1, "1970:01:01", "00:00:00", "001"),
        (915_148_799_999, "1998:12:31", "23:59:59", "999"),
        (951_782_400_000, "2000:02:29", "00:00:00", "000"),
        (253_402_300_799_999, "9999:12:31", "23:59:59", "999"),
    ],
)
def test_times_are_exact(exif, captured_at, date, time, parts):
    found = exif(replace(FACTS, captured_at=captured_at))
    assert (found["DateTimeOriginal"], found["SubSecTime_Original"]) == (f"{date} {time}", parts)
    assert found["GPSDateStamp"] == date


@pytest.mark.parametrize(
    "facts",
    [
        UNKNOWN,
        PictureFacts("5", (181.0, 0.0), 1e300, 361.0, 0, False, ""),
        PictureFacts("5", (0.0, -90.1), float("nan"), -1.0, 10**18, False, " \n"),
        PictureFacts("5", (float("nan"), float("inf")), 4294967281.0, float("inf"), -1, False, "\x00\ud800"),
    ],
)
def test_what_is_unknown_or_impossible_is_not_written(exif, xmp, facts):
    found = exif(facts)
    assert {name for name in found if name.startswith("GPS")} == {"GPSVersionID", "GPSMapDatum"}
    assert not {name for name in found if "Time" in name}
    assert found["Artist"] == "Mapillary contributors"
    assert found["Copyright"] == "© Mapillary contributors, CC BY-SA 4.0"
    assert xmp(facts).find(f"{XMP}CreateDate") is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ('Ann "quote" O\'Neil <b>&amp;</b> ]]>', 'Ann "quote" O\'Neil <b>&amp;</b> ]]>'),
        ("a\x00b\r\n\tc\x1b\x7f\x85\u202ed\ud800\ufffe", "a b c d"),
        ("ఆంధ్ర 🚲 می‌خواهم", "ఆంధ్ర 🚲 می‌خواهم"),
        ("🚲" * 10_000, "🚲" * (LONGEST_NAME - 1) + "…"),
        ("<?xpacket end='w'?>", "<?xpacket end='w'?>"),
    ],
)
def test_any_name_of_a_user(exif, xmp, name, shown):
    facts = replace(FACTS, username=name)
    assert exif(facts)["Artist"] == shown
    assert exif(facts)["Copyright"] == facts.credit == f"© Mapillary user {shown}, CC BY-SA 4.0"
    assert xmp(facts).findtext(f"{DC}creator/{RDF}Seq/{RDF}li") == shown


@pytest.mark.parametrize("jpeg", [PLAIN, encoded(b"jpeg", is_grey=True), encoded(b"jpeg", is_progressive=True)])
def test_the_picture_stays_byte_for_byte(jpeg):
    written = with_metadata(jpeg, FACTS)
    start = jpeg.index(QUANTIZATION)
    assert written.startswith(jpeg[:start] + b"\xff\xe1")
    assert written.endswith(jpeg[start:])
    assert pixels(written) == pixels(jpeg)
    assert picture_size(written) == (WIDTH, HEIGHT)


def test_earlier_metadata_is_replaced_and_all_else_kept(exif, tmp_path):
    kept = segment(b"ICC_PROFILE\x00\x01\x01profile", 0xE2) + COMMENT
    kept += segment(b"Other\x00") + segment(b"JFXX\x00", 0xE0)
    old = segment(b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00")
    old += segment(b"http://ns.adobe.com/xap/1.0/\x00<x/>") + segment(b"http://ns.adobe.com/xmp/extension/\x00part")
    plain = after_jfif(PLAIN, kept)
    assert with_metadata(after_jfif(plain, old), FACTS) == with_metadata(plain, FACTS)
    assert kept in with_metadata(plain, FACTS)
    assert exif(FACTS, plain)["ColorSpace"] == "65535"


def test_writing_twice_is_writing_once():
    assert with_metadata(with_metadata(PLAIN, replace(FACTS, username="x", is_pano=True)), FACTS) == with_metadata(
        PLAIN, FACTS
    )


def test_a_turned_original_is_not_turned_again(tmp_path):
    """Mapillary's pictures are upright, whatever their EXIF says."""
    turned = b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
    jpeg = after_jfif(PLAIN, segment(b"Exif\x00\x00" + turned))
    assert opened(jpeg, tmp_path).GetMetadataItem("EXIF_Orientation") == "6"
    assert opened(with_metadata(jpeg, FACTS), tmp_path).GetMetadataItem("EXIF_Orientation") == "1"


def test_fill_bytes_and_what_follows_the_end_are_kept():
    scan = PLAIN.index(SCAN)
    jpeg = after_jfif(PLAIN[:scan] + b"\xff\xff" + PLAIN[scan:-2] + b"\xff" + PLAIN[-2:] + b"more", b"\xff" + COMMENT)
    written = with_metadata(jpeg, FACTS)
    assert written.endswith(jpeg[jpeg.index(b"\xff" + COMMENT) :])
    assert pixels(written) == pixels(PLAIN)


def test_a_scan_after_a_table(tmp_path):
    """Between the scans of a progressive picture tables may come, and bytes of filling before each."""
    jpeg = encoded(b"jpeg", is_progressive=True)
    assert jpeg.count(SCAN) > 1
    second = jpeg.index(SCAN, jpeg.index(SCAN) + 2)
    filled = jpeg[:second] + COMMENT + b"\xff\xff" + jpeg[second:]
    assert pixels(with_metadata(filled, FACTS)) == pixels(jpeg)


def test_kinds_of_pictures():
    assert picture_kind(PLAIN) == "jpg"
    assert picture_kind(encoded(b"png")) == "png"
    assert picture_kind(b"RIFF\x1a\x00\x00\x00WEBPVP8L") == "webp"
    assert [picture_kind(body) for body in (b"", b"GIF89a", b"<html>", b"RIFF\x1a\x00\x00\x00WAVE")] == [None] * 4


def test_sizes_of_pictures():
    assert picture_size(PLAIN) == (WIDTH, HEIGHT)
    assert picture_size(PLAIN[: PLAIN.index(SCAN)]) == (WIDTH, HEIGHT)
    assert picture_size(encoded(b"png")) is None
    assert picture_size(PLAIN[: PLAIN.index(FRAME) + 12]) is None
    assert picture_size(PLAIN[:30]) is None
