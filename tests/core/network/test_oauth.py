"""Signing in, against the emulator's side of OAuth 2.0 over real HTTP."""

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from mapillary_coverage.core.area.tiling import TileId
from mapillary_coverage.core.download.download import download_coverage
from mapillary_coverage.core.errors import RevokedCredentialError, SignInError
from mapillary_coverage.core.network.credential import Credential
from mapillary_coverage.core.network.oauth import Application, Consent, Renewal, UserToken
from mapillary_coverage.core.network.session import HttpSession
from tests.conftest import access_to, request_for

CALLBACK = "http://localhost:8764/"
TILE = TileId(14, 8529, 5975)


@pytest.fixture
def server(emulator):
    return emulator()


@pytest.fixture
def session():
    session = HttpSession(1)
    yield session
    session.close()


@pytest.fixture
def consent(server):
    return Consent(Application(server.client_id, server.client_secret), CALLBACK, server.connect_url)


def browse(consent):
    """What the browser is sent to, as the path and query that reach the callback."""
    answer = requests.get(consent.page, allow_redirects=False, timeout=10)
    target = urlsplit(answer.headers["Location"])
    return f"{target.path}?{target.query}"


def test_a_sign_in_gives_a_token_that_works(server, consent, session):
    server.lifetime = 9000
    token = consent.exchange(consent.code_in(browse(consent)), session, server.graph_url)
    assert token.expires_at - token.issued_at == 9000
    assert not token.is_over()
    result = download_coverage(request_for(TILE), access_to(server, token.text))
    assert result.ledger[0].status == "ok"


def test_the_secret_is_not_in_the_page_and_the_state_is_new_each_time(server, consent):
    assert server.client_secret.split("|")[2] not in consent.page
    query = parse_qs(urlsplit(consent.page).query)
    assert query["redirect_uri"] == [CALLBACK]
    assert query["response_type"] == ["code"]
    other = Consent(consent.application, CALLBACK, server.connect_url)
    assert other.state != consent.state
    assert server.client_secret.split("|")[2] not in repr(consent)


def test_an_answer_with_another_state_is_not_used(server, consent):
    server.returned_state = "another"
    with pytest.raises(SignInError, match="does not belong to this attempt"):
        consent.code_in(browse(consent))


@pytest.mark.parametrize("target", ["/?code=abc", "/", "/?state=", "/?code=abc&state=%FF%FE", "//[bad?state=x"])
def test_an_answer_without_the_state_is_not_used(consent, target):
    with pytest.raises(SignInError, match="does not belong to this attempt"):
        consent.code_in(target)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("user_denied", "You did not allow your application"),
        ("invalid_request", "your session there is over"),
        ("invalid_scope", "has no right to read"),
        ("server_error", "could not sign you in for the moment"),
    ],
)
def test_each_refusal_is_a_sentence(server, consent, word, sentence):
    server.consent = word
    with pytest.raises(SignInError, match=sentence):
        consent.code_in(browse(consent))


def test_a_wrong_secret_is_a_sentence(server, session):
    wrong = Consent(Application(server.client_id, "wrong"), CALLBACK, server.connect_url)
    with pytest.raises(SignInError, match="refused the client id or the client secret"):
        wrong.exchange(wrong.code_in(browse(wrong)), session, server.graph_url)


def test_a_code_is_good_once(server, consent, session):
    code = consent.code_in(browse(consent))
    consent.exchange(code, session, server.graph_url)
    with pytest.raises(Exception, match="This authorization code has been used"):
        consent.exchange(code, session, server.graph_url)


@pytest.mark.parametrize("client_id", ["", "abc", "12 3", "٣"])
def test_a_client_id_that_is_no_number_is_a_sentence(client_id):
    with pytest.raises(SignInError, match="The client id is a number"):
        Application(client_id, "x")


def test_a_missing_secret_is_a_sentence():
    with pytest.raises(SignInError, match="The client secret is missing"):
        Application("123", "")


@pytest.mark.parametrize("fault", ["json", "html", "empty"])
def test_an_answer_without_a_token_is_a_sentence(server, consent, session, fault):
    code = consent.code_in(browse(consent))
    server.fail(fault, surface="token")
    with pytest.raises(Exception, match=r"holds no token|something else than Mapillary's graph"):
        consent.exchange(code, session, server.graph_url)


def renewal(server, text, renewed):
    return Renewal(
        Application(server.client_id, server.client_secret), server.graph_url, Credential(text), renewed.append
    )


def test_a_token_is_renewed_at_the_start_of_a_run_and_then_used(server):
    old = server.issue_user_token()
    renewed = []
    access = access_to(server, old)
    due = Renewal(
        Application(server.client_id, server.client_secret), server.graph_url, access.server.credential, renewed.append
    )
    result = download_coverage(request_for(TILE), type(access)(access.server, renewal=due))
    assert result.ledger[0].status == "ok"
    (token,) = renewed
    assert access.server.credential.current() == token.text != old
    server.revoke(old)
    assert download_coverage(request_for(TILE), access).ledger[0].status == "ok"


def test_a_passing_failure_to_renew_leaves_the_present_token(server, session):
    renewed = []
    due = renewal(server, server.issue_user_token(), renewed)
    server.fail("busy", surface="token")
    due.renew(session)
    assert renewed == []


def test_a_revoked_token_is_noticed(server, session):
    old = server.issue_user_token()
    server.revoke(old)
    with pytest.raises(RevokedCredentialError, match="no longer allowed to use your account"):
        renewal(server, old, []).renew(session)
    result = download_coverage(request_for(TILE), access_to(server, old))
    assert isinstance(result.failure, RevokedCredentialError)


def test_an_expired_token_is_noticed(server):
    old = server.issue_user_token()
    now = server.clock()
    server.clock = lambda: now + 10_000
    result = download_coverage(request_for(TILE), access_to(server, old))
    assert str(result.failure).startswith("The sign-in to Mapillary has expired.")


def test_a_token_is_due_in_time(monkeypatch):
    for life, early in ((9000, 4500), (60 * 86400, 7 * 86400)):
        token = UserToken("x", 1_000_000, 1_000_000 + life)
        for left, due in ((early + 1, False), (early - 1, True)):
            monkeypatch.setattr("time.time", lambda now=token.expires_at - left: now)
            assert token.is_due() is due
            assert not token.is_over()
        monkeypatch.setattr("time.time", lambda now=token.expires_at: now)
        assert token.is_over()


def test_no_secret_is_logged_or_told(server, consent, session, caplog):
    caplog.set_level("DEBUG")
    token = consent.exchange(consent.code_in(browse(consent)), session, server.graph_url)
    told = caplog.text + repr(consent) + repr(token)
    assert token.text not in told
    assert server.client_secret.split("|")[2] not in told


def test_a_renewal_that_is_refused_leaves_the_present_token(server):
    old = server.issue_user_token()
    access = access_to(server, old)
    wrong = Renewal(Application(server.client_id, "wrong"), server.graph_url, access.server.credential, print)
    result = download_coverage(request_for(TILE), type(access)(access.server, renewal=wrong))
    assert result.ledger[0].status == "ok"
    assert access.server.credential.current() == old


def test_no_secret_stays_in_an_error(server):
    wrong = Consent(Application(server.client_id, "wrong"), CALLBACK, server.connect_url)
    session = HttpSession(1)
    with pytest.raises(SignInError) as caught:
        wrong.exchange(wrong.code_in(browse(wrong)), session, server.graph_url)
    session.close()
    assert caught.value.__context__ is None
