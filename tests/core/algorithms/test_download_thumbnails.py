"""`mapillary:downloadthumbnails`: pictures in a folder, a table of them, and what becomes of those that fail."""

import json
import signal
import subprocess
import threading
import time

import pytest
from osgeo import gdal
from qgis.core import NULL, QgsProcessingException, QgsProcessingFeedback

from mapillary_coverage.core.algorithms.download_thumbnails import DownloadThumbnailsAlgorithm
from tests.core.algorithms.looking_up import ids_of, images_of, layer_of, look_up  # noqa: F401
from tests.core.algorithms.test_download_coverage import Feedback
from tests.emulator import Emulator, Town
from tests.emulator.entities import USERNAMES
from tests.emulator.tokens import made_up_token
from tools.qgis_runtime import environment, make_profile, process_command

pytestmark = pytest.mark.qgis

TOWN = Town(images_per_tile=60)
LICENCE = "CC BY-SA 4.0, https://creativecommons.org/licenses/by-sa/4.0/"


@pytest.fixture
def download(look_up, monkeypatch, tmp_path):  # noqa: F811
    """Downloads the pictures of ids into the folder `pictures` of the test."""
    monkeypatch.setattr("mapillary_coverage.core.network.access.PAUSES_SECONDS", (0.0,) * 4)

    def go(server, ids, feedback=None, **parameters):
        given = {"INPUT": layer_of(ids), "SIZE": "256", "FOLDER": str(tmp_path / "pictures"), **parameters}
        return look_up(DownloadThumbnailsAlgorithm, server, feedback, **given)

    return go


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "pictures"


def rows(outputs):
    return {row["id"]: row for row in outputs["OUTPUT"].getFeatures()}


def counts(outputs):
    return tuple(outputs[f"{name}_COUNT"] for name in ("DOWNLOADED", "PRESENT", "MISSING"))


def pictures_asked(server):
    return [seen for seen in server.requests if seen.path.startswith("/pictures/")]


def questions(server):
    return [seen for seen in server.requests if not seen.path.startswith("/pictures/")]


def opened(path):
    dataset = gdal.OpenEx(str(path), gdal.OF_RASTER, ["JPEG"])
    assert dataset is not None
    assert dataset.GetRasterBand(1).Checksum() > 0, "every line can be decoded"
    return dataset


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def names_of(ids):
    return sorted([*(f"{key}.jpg" for key in ids), "ATTRIBUTION.txt"])


def test_pictures_with_what_is_known_of_them_and_a_table(download, emulator, folder):
    images = images_of(TOWN, 70)
    ids = ids_of(images)
    server = emulator(TOWN)
    outputs = download(server, [*ids, ids[0]])
    assert counts(outputs) == (70, 0, 0)
    assert outputs["FOLDER"] == str(folder)
    assert names_in(folder) == names_of(ids)
    found = rows(outputs)
    assert list(found) == ids, "one row for each id, in the order of the layer"
    for image, key in zip(images, ids):
        row, captured_at = found[key], image.properties["captured_at"] or None
        assert row["path"] == str(folder / f"{key}.jpg")
        assert (row["status"], row["reason"]) == ("downloaded", NULL)
        assert row["creator"] in USERNAMES
        assert row["licence"] == LICENCE
        assert f"pKey={key}" in row["link"]
        assert (row["captured_at"].toMSecsSinceEpoch() if captured_at else row["captured_at"]) == (captured_at or NULL)
        picture = opened(row["path"])
        exif = picture.GetMetadata()
        assert picture.RasterXSize == 256
        assert exif["EXIF_Artist"] == row["creator"]
        assert "CC BY-SA 4.0" in exif["EXIF_Copyright"]
        if "EXIF_GPSLatitude" in exif:
            parts = exif["EXIF_GPSLatitude"].replace("(", "").replace(")", "").split()
            degrees = sum(float(part) / 60**power for power, part in enumerate(parts))
            assert degrees == pytest.approx(TOWN.lon_lat(image.x, image.y)[1], abs=1e-3)
    assert len(questions(server)) == 2, "50 ids go in one request"
    assert len(pictures_asked(server)) == 70


def test_the_token_goes_to_the_graph_only(download, emulator):
    server = emulator(TOWN)
    server.recorded = []
    download(server, ids_of(images_of(TOWN, 10)))
    assert {seen.has_token for seen in pictures_asked(server)} == {False}
    assert {seen.has_token for seen in questions(server)} == {True}
    secret = server.credential.split("|")[2]
    for request in server.recorded:
        if request.path.startswith("/pictures/"):
            assert secret not in f"{request.query} {dict(request.headers)}"


def test_credit_is_noted_beside_the_pictures(download, emulator, folder):
    ids = ids_of(images_of(TOWN, 12))
    found = rows(download(emulator(TOWN), ids))
    text = (folder / "ATTRIBUTION.txt").read_text(encoding="utf-8")
    assert f"Licence: {LICENCE}\n" in text
    creators = [row["creator"] for row in found.values()]
    for creator in set(creators):
        assert f"\n{creator}: {creators.count(creator)}\n" in text
    for key, row in found.items():
        assert f"\n{key}.jpg\t{row['creator']}\t{row['link']}\n" in text
    (folder / f"{ids[0]}.jpg").unlink()
    more = ids_of(images_of(TOWN, 15))[12:]
    download(emulator(TOWN), more)
    lines = (folder / "ATTRIBUTION.txt").read_text(encoding="utf-8").splitlines()
    assert sorted(line.split("\t")[0] for line in lines if "\t" in line) == names_of([*ids[1:], *more])[:-1]


def test_what_is_there_is_not_downloaded_again(download, emulator, folder):
    ids = ids_of(images_of(TOWN, 20))
    server = emulator(TOWN)
    first = rows(download(server, ids[:15]))
    before = (folder / f"{ids[0]}.jpg").stat().st_mtime_ns
    outputs = download(server, ids)
    assert counts(outputs) == (5, 15, 0)
    assert len(pictures_asked(server)) == 20
    assert (folder / f"{ids[0]}.jpg").stat().st_mtime_ns == before
    found = rows(outputs)
    assert {found[key]["status"] for key in ids[:15]} == {"present"}
    for name in ("path", "creator", "licence", "link", "captured_at"):
        assert [found[key][name] for key in ids[:15]] == [first[key][name] for key in ids[:15]]


def test_another_size_replaces_the_picture(download, emulator):
    ids = ids_of(images_of(TOWN, 3))
    server = emulator(TOWN)
    widths = []
    for size in ("256", None, "original", "2048", "original", "original"):
        outputs = download(server, ids, SIZE=size)
        widths.append((opened(rows(outputs)[ids[0]]["path"]).RasterXSize, counts(outputs)))
    original = widths[2][0]
    assert original not in (256, 1024, 2048)
    assert widths == [
        (256, (3, 0, 0)), (1024, (3, 0, 0)), (original, (3, 0, 0)), (2048, (3, 0, 0)), (original, (3, 0, 0)),
        (original, (0, 3, 0)),
    ]  # fmt: skip


def test_damaged_files_are_replaced(download, emulator, folder):
    ids = ids_of(images_of(TOWN, 3))
    server = emulator(TOWN)
    download(server, ids)
    whole = (folder / f"{ids[0]}.jpg").read_bytes()
    (folder / f"{ids[0]}.jpg").write_bytes(whole[:-400])
    (folder / f"{ids[1]}.jpg").write_bytes(bytes(len(whole)))
    (folder / f"{ids[2]}.jpg").write_bytes(b"")
    (folder / ".mapillary-1234.part").write_bytes(whole[:100])
    assert counts(download(server, ids)) == (3, 0, 0)
    assert names_in(folder) == names_of(ids)
    assert (folder / f"{ids[0]}.jpg").read_bytes() == whole


def test_a_url_that_has_expired_is_asked_for_anew_once(download, emulator):
    ids = ids_of(images_of(TOWN, 8))
    server = emulator(TOWN)
    for key in ids[:3]:
        server.fail("forbidden", surface="pictures", tile=f"{key}/256", times=1)
    assert counts(download(server, ids)) == (8, 0, 0)
    assert len(questions(server)) == 1 + 3
    assert {seen.path for seen in questions(server)[1:]} == {f"/{key}" for key in ids[:3]}
    dead = emulator(TOWN, picture_uses=0)
    with pytest.raises(QgsProcessingException, match=r"The address of the picture, .* had expired"):
        download(dead, ids, SIZE="1024")
    assert len(pictures_asked(dead)) == 16


def test_urls_that_expire_during_the_run(download, emulator):
    ids = ids_of(images_of(TOWN, 50))
    server = emulator(TOWN, delay=0.02)
    expired = []

    class Expiring(Feedback):
        def setProgress(self, percent):
            if percent >= 30 and not expired:
                expired.append(percent)
                server.expire_pictures()

    assert counts(download(server, ids, Expiring())) == (50, 0, 0)
    assert any(seen.status == 403 for seen in pictures_asked(server))


def test_ids_that_are_gone_have_a_row_and_no_picture(download, emulator, folder):
    ids = ids_of(images_of(TOWN, 10))
    server = emulator(TOWN)
    download(server, ids[:2])
    server.gone = {ids[1], ids[4]}
    feedback = Feedback()
    outputs = download(server, ids, feedback)
    assert counts(outputs) == (7, 2, 1)
    found = rows(outputs)
    assert (found[ids[4]]["status"], found[ids[4]]["path"], found[ids[4]]["licence"]) == ("missing", NULL, NULL)
    assert "Mapillary has no such object" in found[ids[4]]["reason"]
    assert (found[ids[1]]["status"], found[ids[1]]["creator"]) == ("present", NULL)
    assert f"WARNING Mapillary does not know 2 ids: deleted, or private: {ids[1]}, {ids[4]}" in feedback.told
    assert f"{ids[1]}.jpg\t" in (folder / "ATTRIBUTION.txt").read_text(), "the credit of an earlier run stays"
    server.gone = set(ids)
    assert counts(download(server, ids, SIZE="1024")) == (0, 0, 10)


@pytest.mark.parametrize(
    ("fault", "reason", "asked"),
    [
        ("not-found", "status 404 instead of a picture", 1),
        ("bad-request", "status 400 instead of a picture", 1),
        ("login-redirect", "status 302 instead of a picture", 1),
        ("html", "something else than a picture", 1),
        ("json", "something else than a picture", 1),
        ("random-bytes", "something else than a picture", 1),
        ("empty", "something else than a picture", 1),
        ("no-content", "status 204 instead of a picture", 1),
        ("half-tile", "damaged", 1),
        ("half-gzip", "The picture came compressed", 1),
        ("bomb", "The picture came compressed", 1),
        ("oversized", "The reply is larger than 32 MB", 1),
        ("half-reply", "The connection broke", 5),
        ("server-error", "status 500", 5),
        ("busy", "status 503", 5),
        ("quota", "The address of the picture", 2),
    ],
)
def test_a_picture_that_fails_is_said_and_the_others_are_there(download, emulator, folder, fault, reason, asked):
    ids = ids_of(images_of(TOWN, 6))
    server = emulator(TOWN)
    server.fail(fault, surface="pictures", tile=f"{ids[2]}/256")
    feedback = Feedback()
    outputs = download(server, ids, feedback)
    assert counts(outputs) == (5, 0, 1)
    row = rows(outputs)[ids[2]]
    assert (row["status"], row["path"]) == ("missing", NULL)
    assert reason in row["reason"]
    assert any(t.startswith("WARNING The result is partial: 1 picture could not be had") for t in feedback.told)
    assert names_in(folder) == names_of(set(ids) - {ids[2]})
    assert sum(ids[2] in seen.path for seen in pictures_asked(server)) == asked
    assert "oh=" not in f"{row['reason']} {feedback.told}"


def test_what_passes_is_tried_again(download, emulator):
    ids = ids_of(images_of(TOWN, 6))
    server = emulator(TOWN)
    for fault in ("half-reply", "busy"):
        server.fail(fault, surface="pictures", times=2)
    assert counts(download(server, ids)) == (6, 0, 0)


def test_a_run_that_had_no_picture_fails_with_the_reason(download, emulator, folder, tmp_path):
    server = emulator(TOWN)
    server.fail("not-found", surface="pictures")
    table = tmp_path / "table.gpkg"
    with pytest.raises(QgsProcessingException, match="status 404 instead of a picture"):
        download(server, ids_of(images_of(TOWN, 6)), OUTPUT=str(table))
    assert not table.exists()
    assert names_in(folder) == []
    with pytest.raises(QgsProcessingException, match="Mapillary refused the token"):
        download(server, ids_of(images_of(TOWN, 6)), credential=made_up_token(9))


def test_when_the_graph_refuses_the_rest_what_is_there_stays(download, emulator):
    ids = ids_of(images_of(TOWN, 120))
    server = emulator(TOWN)
    server.fail("quota", surface="graph", start=2)
    outputs = download(server, ids)
    done, present, missing = counts(outputs)
    assert present == 0
    assert 40 <= done <= 50
    assert missing == 120 - done
    assert all("quota" in row["reason"] for row in rows(outputs).values() if row["status"] == "missing")


def test_a_cancelled_run_keeps_what_it_has_and_the_next_goes_on(download, emulator, folder):
    ids = ids_of(images_of(TOWN, 100))
    server = emulator(TOWN, delay=0.03)
    feedback = Feedback()
    feedback.cancel_at = 30
    assert download(server, ids, feedback) == {}
    kept = [name for name in names_in(folder) if name.endswith(".jpg")]
    assert 30 <= len(kept) < 60
    credited = (folder / "ATTRIBUTION.txt").read_text().count(".jpg\t")
    assert credited >= 30
    outputs = download(server, ids)
    done, present, missing = counts(outputs)
    assert (done + present, missing) == (100, 0)
    assert present >= len(kept)
    assert names_in(folder) == names_of(ids)
    assert (folder / "ATTRIBUTION.txt").read_text().count(".jpg\t") == 100


@pytest.mark.parametrize("surface", ["graph", "pictures"])
def test_cancel_ends_a_server_that_hangs_within_a_second(download, emulator, surface):
    server = emulator(TOWN)
    server.fail("hang", surface=surface)
    feedback = QgsProcessingFeedback(False)
    ended = []

    def cancel():
        while not (questions(server) if surface == "pictures" else server.faults[0].served):
            time.sleep(0.01)
        time.sleep(0.3)
        ended.append(time.monotonic())
        feedback.cancel()

    watcher = threading.Thread(target=cancel)
    watcher.start()
    assert download(server, ids_of(images_of(TOWN, 10)), feedback) == {}
    assert time.monotonic() - ended[0] < 1
    watcher.join()


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"INPUT": "/nowhere.gpkg"}, "Could not load|INPUT"),
        ({"ID_FIELD": "image"}, "INPUT has no field “image”. Set ID_FIELD to the one with the ids: id, note"),
        ({"SIZE": "512"}, "SIZE is one of the words 256, 1024, 2048, original, not “512”"),
        ({"FOLDER": None}, "FOLDER is missing. Name the folder"),
        ({"FOLDER": ""}, "FOLDER is missing. Name the folder"),
        ({"FOLDER": __file__}, "is a file. Choose another folder"),
        ({"FOLDER": f"{__file__}/within"}, "is a file. Choose another folder"),
        ({"FOLDER": "/proc/pictures"}, "FOLDER cannot be written to: /proc"),
        ({"OUTPUT": "/nowhere/at/all.gpkg"}, "cannot be written to the folder"),
    ],
)
def test_bad_parameters_are_one_sentence_and_nothing_is_asked(download, emulator, parameters, words):
    server = emulator(TOWN)
    with pytest.raises(QgsProcessingException, match=words):
        download(server, ["1"], **parameters)
    assert server.requests == []


def test_a_temporary_folder(download, emulator):
    ids = ids_of(images_of(TOWN, 2))
    outputs = download(emulator(TOWN), ids, FOLDER="TEMPORARY_OUTPUT")
    assert rows(outputs)[ids[0]]["path"].startswith(outputs["FOLDER"])
    assert opened(rows(outputs)[ids[0]]["path"]).RasterXSize == 256


@pytest.fixture(scope="module")
def profile(tmp_path_factory):
    return make_profile(tmp_path_factory.mktemp("qgis"))


@pytest.fixture
def command(profile, tmp_path, folder):
    """What `subprocess` has to be given for a run of qgis_process."""

    def make(server, ids, *parameters):
        table = tmp_path / f"ids {ids[0]} {len(ids)}.csv"
        table.write_text("\n".join(["id,note", *(f"{key}," for key in ids)]), encoding="utf-8")
        variables = {
            "MAPILLARY_GRAPH_URL": server.graph_url,
            "MAPILLARY_ACCESS_TOKEN": server.credential,
            "QT_QPA_PLATFORM": "offscreen",
        }
        given = [f"INPUT={table}", "SIZE=256", f"FOLDER={folder}", "OUTPUT=TEMPORARY_OUTPUT", *parameters]
        return {
            "args": [process_command(), "--json", "run", "mapillary:downloadthumbnails", "--", *given],
            "env": environment(profile, variables),
            "text": True,
        }

    return make


def finished(**command):
    done = subprocess.run(**command, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["results"]


def test_after_a_kill_no_half_picture_is_there_and_the_next_run_completes(command, folder):
    ids = ids_of(images_of(TOWN, 200))
    with Emulator(TOWN, delay=0.05) as server:
        process = subprocess.Popen(**command(server, ids), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while len(list(folder.glob("*.jpg"))) < 40:
                assert process.poll() is None, "the run ended before it was killed"
                time.sleep(0.005)
        finally:
            process.kill()
        assert process.wait() == -signal.SIGKILL
        kept = list(folder.glob("*.jpg"))
        assert 40 <= len(kept) < 200
        assert {opened(path).RasterXSize for path in kept} == {256}
    with Emulator(TOWN) as server:
        results = finished(**command(server, ids))
        assert (results["PRESENT_COUNT"], results["DOWNLOADED_COUNT"]) == (len(kept), 200 - len(kept))
        assert len(pictures_asked(server)) == 200 - len(kept)
    assert names_in(folder) == names_of(ids)


def test_two_runs_at_once_in_one_folder(command, folder):
    ids = ids_of(images_of(TOWN, 120))
    with Emulator(TOWN, delay=0.02) as server:
        running = [
            subprocess.Popen(**command(server, part), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for part in (ids[:80], ids[40:])
        ]
        for process in running:
            told, problem = process.communicate(timeout=120)
            assert process.returncode == 0, problem
            results = json.loads(told)["results"]
            assert (results["MISSING_COUNT"], results["DOWNLOADED_COUNT"] + results["PRESENT_COUNT"]) == (0, 80)
    assert names_in(folder) == names_of(ids)
    assert {opened(folder / f"{key}.jpg").RasterXSize for key in ids} == {256}
    assert (folder / "ATTRIBUTION.txt").read_text().count(".jpg\t") == 120
