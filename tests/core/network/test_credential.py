"""What is recognised in a pasted text, and the one place in memory where the token is."""

import base64

import pytest

from mapillary_coverage.core.area.tiling import TileId
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.errors import MalformedCredentialError, MissingCredentialError
from mapillary_coverage.core.network.credential import Credential, check_shape, tidied
from tests.conftest import access_to, request_for
from tests.emulator.server import made_up_token

TOKEN = made_up_token()
KEY = "wAUwEywykKs1d3OmPmFp" + "aB"
HEX = TOKEN.split("|")[2]
FIRST, LAST = TileId(14, 8528, 5974), TileId(14, 8531, 5977)


@pytest.mark.parametrize(
    "pasted",
    [
        TOKEN,
        f"  {TOKEN}\n",
        f'"{TOKEN}"',
        f"'{TOKEN}',",
        f"access_token={TOKEN}",
        f"“{TOKEN}”",
        f"Token:\n{TOKEN}",
    ],
)
def test_strays_around_a_token_are_taken_away(pasted):
    assert tidied(pasted) == TOKEN
    check_shape(tidied(pasted))


@pytest.mark.parametrize(
    ("pasted", "kind"),
    [
        ("4273218932723445", "the client id"),
        (HEX, "only the last part of a client token"),
        (f"{KEY}:{HEX[:16]}", "a v3 client id"),
        (base64.b64encode(f"{KEY}:{HEX[:16]}".encode()).decode(), "a v3 client id"),
        (KEY, "a v3 image key"),
        (TOKEN[:-3], "a client token that is not whole"),
        (TOKEN.replace("|", "I", 1), None),
        (f"MLY|{HEX}", "a client token that is not whole"),
        ("YOUR_ACCESS_TOKEN", "a placeholder"),
        ("<your token here>", "a placeholder"),
        ("MLY|XXXX|YYYY", "a client token that is not whole"),
        ("client token", "a placeholder"),
        ("two words", "more than one word"),
    ],
)
def test_what_is_no_token_is_called_by_its_name(pasted, kind):
    if kind is None:
        check_shape(tidied(pasted))
        return
    with pytest.raises(MalformedCredentialError, match=f"This is {kind}"):
        check_shape(tidied(pasted))


@pytest.mark.parametrize("pasted", ["", "   ", '""'])
def test_nothing_is_no_token(pasted):
    with pytest.raises(MissingCredentialError):
        check_shape(tidied(pasted))


def test_a_token_of_unknown_shape_passes_since_those_of_people_have_none():
    """Nothing is raised."""
    assert check_shape("EAAabc" + "9Zx" * 60) is None


def test_the_text_form_and_the_fingerprint_give_nothing_away():
    credential = Credential(TOKEN)
    assert HEX not in repr(credential) + credential.fingerprint()
    assert credential.fingerprint() == Credential(TOKEN).fingerprint() != Credential(made_up_token(2)).fingerprint()


def test_a_token_that_is_replaced_while_things_run_is_used_by_the_next_request(emulator):
    server = emulator()
    access = access_to(server)

    def replace_it(done, total):
        if done:
            access.server.credential.replace(made_up_token(2))

    server.delay = 0.3
    result = download_coverage(request_for(FIRST, LAST), access, on_progress=replace_it)
    statuses = [seen.status for seen in server.requests]
    assert statuses[0] == 200
    assert statuses[-1] == 400
    assert "Mapillary refused the token" in str(result.stopped_by)


def test_a_token_that_is_forgotten_while_things_run_ends_them(emulator):
    access = access_to(emulator(delay=0.05))
    result = download_coverage(
        request_for(FIRST, LAST), access, on_progress=lambda done, total: access.server.credential.replace(None)
    )
    assert str(result.stopped_by).startswith("There is no Mapillary token.")


def test_tokens_of_one_application_share_its_quota():
    application, _, last = TOKEN.split("|")[1], None, HEX[::-1]
    other = Credential(f"MLY|{application}|{last}")
    assert other.fingerprint() == Credential(TOKEN).fingerprint()
    person = Credential()
    person.replace("opaque", application)
    assert person.fingerprint() == other.fingerprint()
    assert Credential("opaque").fingerprint() != other.fingerprint()


def test_a_renewal_does_not_bring_a_forgotten_token_back():
    credential = Credential("old")
    credential.replace(None)
    assert not credential.renew("old", "new")
    with pytest.raises(MissingCredentialError):
        credential.current()
