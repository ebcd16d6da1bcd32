"""No form of a token is left in a text."""

from mapillary_coverage.core.redaction import redact
from tests.emulator.server import made_up_token


def test_redaction_knows_each_form_of_a_token():
    secret = made_up_token()
    for text in (secret, f"?access_token={secret}&x=1", f"a {secret.replace('|', '%7C')} b", f'"{secret}"'):
        assert secret.split("|")[2] not in redact(text)
    assert redact("?access_token=opaque&x=1") == "?access_token=[token]&x=1"
