"""The errors: the tree at the top of their module is the real one, and each says a sentence."""

import inspect

from mapillary_coverage.core import errors
from mapillary_coverage.core.errors import MapillaryError


def tree(kind, depth=1):
    yield "    " * depth + kind.__name__
    for below in kind.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from tree(below, depth + 1)


def test_the_module_opens_with_its_hierarchy():
    told = [line for line in errors.__doc__.splitlines() if line.startswith("    ")]
    assert told == list(tree(MapillaryError))


def test_what_needs_no_further_word_has_a_sentence_with_a_full_stop():
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, MapillaryError)]
    sentences = [kind.sentence for kind in kinds if kind.sentence]
    assert len(sentences) > 15
    assert all((sentence.endswith(".") and sentence[0].isupper()) or sentence[0] == "“" for sentence in sentences)
