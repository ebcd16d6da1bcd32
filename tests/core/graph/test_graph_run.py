"""Many requests to the graph end at once when the person stops, whatever they wait for."""

import time

import pytest

from mapillary_coverage.core.errors import CancelledError, QuotaReachedError, RevokedCredentialError, UnknownObjectError
from mapillary_coverage.core.graph.graph_run import in_batches, run_jobs
from mapillary_coverage.core.network.access import Access
from mapillary_coverage.core.network.credential import Credential
from mapillary_coverage.core.network.endpoint import Server
from mapillary_coverage.core.network.oauth import Application, Renewal
from tests.conftest import NO_PAUSES
from tests.emulator import Town


def access_to(server, text=None, **options):
    return Access(Server(server.graph_url, Credential(text or server.credential)), pauses=NO_PAUSES, **options)


def renewal_of(server, credential, renewed):
    application = Application(server.client_id, server.client_secret)
    return Renewal(application, server.graph_url, credential, renewed.append)


def made(client, object_id):
    return client.entity(object_id, ["make"])["id"]


@pytest.fixture
def server(emulator):
    return emulator(Town(images_per_tile=40))


@pytest.fixture
def ids(server):
    return [str(image.properties["id"]) for image in server.source.images(8529, 5975)]


def test_outcomes_are_in_the_order_of_the_jobs(server, ids):
    server.gone = {ids[3]}
    seen = []
    outcomes = run_jobs(ids, made, access_to(server), on_progress=lambda done, total: seen.append((done, total)))
    assert [outcome.value for outcome in outcomes] == [None if key == ids[3] else key for key in ids]
    assert [type(outcome.error) for outcome in outcomes if outcome.error] == [UnknownObjectError]
    assert seen == sorted(seen)
    assert seen[-1] == (len(ids), len(ids))


def test_what_stops_the_run_is_the_outcome_of_all_that_was_not_begun(server, ids):
    server.fail("quota", surface="graph", start=5)
    outcomes = run_jobs(ids, made, access_to(server))
    failed = [outcome for outcome in outcomes if outcome.error]
    assert len(failed) == len(ids) - 4
    assert {type(outcome.error) for outcome in failed} == {QuotaReachedError}
    assert len(server.requests) < 4 + 6 + 1


@pytest.mark.parametrize("surface", ["graph", "token"])
def test_cancel_ends_a_server_that_hangs(server, ids, surface):
    text = server.issue_user_token()
    access = access_to(server, text)
    access = access_to(server, text, renewal=renewal_of(server, access.server.credential, []))
    server.fail("hang", surface=surface)
    started = time.monotonic()

    def is_cancelled():
        return time.monotonic() - started > 0.5

    with pytest.raises(CancelledError):
        run_jobs(ids, made, access, is_cancelled)
    assert time.monotonic() - started < 5, "a reply may take much longer than this"


def test_a_sign_in_is_renewed_before_the_first_request(server, ids):
    old, renewed = server.issue_user_token(), []
    credential = Credential(old)
    access = Access(
        Server(server.graph_url, credential), pauses=NO_PAUSES, renewal=renewal_of(server, credential, renewed)
    )
    assert all(outcome.error is None for outcome in run_jobs(ids, made, access))
    assert credential.current() == renewed[0].text != old


def test_a_sign_in_that_is_over_fails_the_run(server, ids):
    text = server.issue_user_token()
    server.fail("revoked-token", surface="token")
    access = access_to(server, text, renewal=renewal_of(server, Credential(text), []))
    with pytest.raises(RevokedCredentialError):
        run_jobs(ids, made, access)
    assert [seen.path for seen in server.requests] == ["/token"]


def test_batches_hold_all_items_in_order():
    assert in_batches("abcde", 2) == [["a", "b"], ["c", "d"], ["e"]]
    assert in_batches([], 2) == []
