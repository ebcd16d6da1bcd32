"""Numbers and lists as people read them."""

import pytest

from mapillary_coverage.core.wording import counted, joined, listed


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 images"), (1, "1 image"), (2, "2 images"), (10_231, "10,231 images")]
)
def test_a_number_has_its_noun(number, text):
    assert counted(number, "image") == text


def test_five_are_listed_and_the_rest_is_counted():
    assert listed([]) == ""
    assert listed(list("abcde")) == "a, b, c, d, e"
    assert listed(list("abcdef")) == "a, b, c, d, e and 1 more"
    assert listed(["a"] * 2005) == "a, a, a, a, a and 2,000 more"
    assert listed(list("abcdef"), rest=" …") == "a, b, c, d, e …"


@pytest.mark.parametrize(
    ("words", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_words_are_joined(words, text):
    assert joined(words) == text
    assert joined(words, "or") == text.replace("and", "or")
