"""Which image a pasted text means, and what people are told where it means none."""

import random
import string

import pytest

from mapillary_coverage.core.errors import InvalidRequestError
from mapillary_coverage.core.mapillary.image_link import LONGEST_LINK, NoImageError, image_id_in, image_link

OLD_KEY = "krhJqVmxA1cb" + "T9-_abcdEF"
SEQUENCE_KEY = "ypgosusr45qjy" + "ou0m7tcwy"
BEYOND_64_BITS = str(2**64)


def test_a_link_leads_to_the_image_that_it_is_read_as():
    assert image_link("26275324248758064") == "https://www.mapillary.com/app/?pKey=26275324248758064&focus=photo"
    assert image_id_in(image_link("26275324248758064")) == "26275324248758064"
    assert image_link("5&x=/") == "https://www.mapillary.com/app/?pKey=5%26x%3D%2F&focus=photo"


@pytest.mark.parametrize(
    "text",
    [
        "123",
        " 123\r\n",
        "000123",
        "\ufeff123\u200b",
        "'123'",
        '"123"',
        "“123”",
        "<123>",
        "123,",
        "123;456",
        " 123 ; 456 ",
        ";123",
        "https://www.mapillary.com/app/?pKey=123",
        "https://www.mapillary.com/app/?pKey=123&focus=photo",
        "https://www.mapillary.com/app/?focus=photo&pKey=123",
        "https://www.mapillary.com/app?pKey=123",
        "http://mapillary.com/app/?pKey=123",
        "HTTPS://WWW.Mapillary.COM/app/?pkey=123",
        "https://www.mapillary.com:443/app/?pKey=123",
        "//www.mapillary.com/app/?pKey=123",
        "www.mapillary.com/app/?pKey=123",
        "mapillary.com/app/?pKey=123",
        "https://www.mapillary.com/app/?lat=43.7384&lng=7.4246&z=17&pKey=123&focus=photo&x=0.5&y=0.4&zoom=0",
        "https://www.mapillary.com/app/?lat=43.7&amp;lng=7.4&amp;pKey=123&amp;focus=photo",
        "https://www.mapillary.com/app/user/somebody?pKey=123",
        "https://www.mapillary.com/app/?pKey=123&sequence_key=" + SEQUENCE_KEY,
        "https://www.mapillary.com/app/?pKey=123#map",
        "<https://www.mapillary.com/app/?pKey=123>",
        '"https://www.mapillary.com/app/?pKey=123&focus=photo",',
        "https%3A%2F%2Fwww.mapillary.com%2Fapp%2F%3FpKey%3D123%26focus%3Dphoto",
        "%20https://www.mapillary.com/app/?pKey%3D123",
        "https://www.mapillary.com/embed?image_key=123",
        "https://www.mapillary.com/embed?style=photo&image_key=123",
        "mapillary.com/map/im/123",
        "https://www.mapillary.com/map/im/123",
        "https://www.mapillary.com/map/im/123/photo",
        "/app/?image_key=123",
        "/map/im/123",
        "https://www.mapillary.com/app/?pKey=123;https://www.mapillary.com/app/?pKey=456",
        "https://www.mapillary.com/app/?pKey=123&pKey=456",
    ],
)
def test_the_image_is_found(text):
    assert image_id_in(text) == "123"


@pytest.mark.parametrize(
    "text",
    [
        OLD_KEY,
        f" {OLD_KEY}\n",
        f"{OLD_KEY};123",
        f"https://www.mapillary.com/map/im/{OLD_KEY}",
        f"https://www.mapillary.com/app/?pKey={OLD_KEY}&focus=photo",
        f"https://www.mapillary.com/embed?image_key={OLD_KEY}",
        SEQUENCE_KEY,
    ],
)
def test_keys_of_the_old_api_are_called_so(text):
    with pytest.raises(NoImageError, match=r"old API.* Open the image on mapillary\.com .* new id\.$"):
        image_id_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://www.mapillary.com",
        "https://www.mapillary.com/app/",
        "https://www.mapillary.com/app/?lat=43.7&lng=7.4&z=17",
        "https://www.mapillary.com/app/?pKey=",
        "https://www.mapillary.com/app/user/somebody?lat=43.7",
        f"https://www.mapillary.com/app/?sequence_key={SEQUENCE_KEY}",
        f"https://www.mapillary.com/map/sq/{SEQUENCE_KEY}",
        "https://www.mapillary.com/app/org/somebody",
    ],
)
def test_links_without_an_image_say_so(text):
    with pytest.raises(NoImageError, match=r"of a sequence, a user or a place, not of an image\. Open an image"):
        image_id_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://example.org/app/?pKey=123",
        "https://www.mapillary.com@example.org/app/?pKey=123",
        "https://www.mapillary.com.example.org/app/?pKey=123",
        "https://example.org/https://www.mapillary.com/app/?pKey=123",
        "https://graph.mapillary.com/123",
        "example.org/map/im/123",
        "https://[",
        "https://",
        "file:///etc/passwd",
        "https://www.mapillary\u2100.com/app/?pKey=123",
        "ftp://www.mapillary.com.example.org/app/?pKey=123",
    ],
)
def test_other_sites_are_not_read(text):
    with pytest.raises(InvalidRequestError, match=r"of another site\. Copy the link of an image") as caught:
        image_id_in(text)
    assert not isinstance(caught.value, NoImageError)


@pytest.mark.parametrize("text", ["", "  \n", '""', "<>", "%20", ";;"])
def test_an_empty_text_says_what_to_enter(text):
    with pytest.raises(InvalidRequestError, match="There is no image id"):
        image_id_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "two words",
        "0",
        "-5",
        "1.5",
        "1e9",
        "0x7b",
        "123 456",
        BEYOND_64_BITS,
        "9" * 23,
        "١٢٣",
        "１２３",
        "²",
        "1'); import os; (",
        "[% 1 + 1 %]",
        "12\x003",
        "https://www.mapillary.com/app/?pKey=12a",
        "https://www.mapillary.com/app/?pKey=0",
        "javascript:alert(1)",
        "mapillary.com",
        "\ud800",
    ],
)
def test_anything_else_says_what_an_id_is(text):
    with pytest.raises(InvalidRequestError, match="This is not an image id, which is a number") as caught:
        image_id_in(text)
    assert not isinstance(caught.value, NoImageError)


def test_a_text_as_long_as_a_book_is_refused():
    assert image_id_in("1" + " " * (LONGEST_LINK - 1)) == "1"
    for text in ("1" * 10_000_000, "%25" * 3_000_000, "https://www.mapillary.com/app/?" + "pKey=&" * 1_000_000):
        with pytest.raises(InvalidRequestError, match="too long for an image id"):
            image_id_in(text)


def test_no_sentence_repeats_what_was_pasted():
    secret = "MLY" + "|123|" + "abc"
    for link in ("", "https://graph.mapillary.com/?access_token=", "mapillary.com/?access_token="):
        with pytest.raises(InvalidRequestError) as caught:
            image_id_in(link + secret)
        assert "abc" not in str(caught.value)
        assert "123" not in str(caught.value)


def test_whatever_is_pasted_gives_an_id_or_a_sentence():
    chance = random.Random(5)
    pieces = [
        *"0123456789", *string.punctuation, "https://", "//", "www.mapillary.com", "/app/", "?", "pKey=", "&amp;", "%",
        "%3B", "%00", "\x00", "\u2100", "é", "\ud800", "/map/im/", "[", "]", "@", ":", OLD_KEY, ";", "image_key=", " ",
    ]  # fmt: skip
    for _ in range(20_000):
        text = "".join(chance.choices(pieces, k=chance.randint(0, 12)))
        try:
            found = image_id_in(text)
        except InvalidRequestError as error:
            assert str(error).endswith(".")
        else:
            assert found.isascii()
            assert found.isdigit()
            assert 0 < int(found) < 2**64
