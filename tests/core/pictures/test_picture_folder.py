"""The folder of pictures: whole files or none, credit that is not lost, one sentence where it cannot be written to."""

import threading

import pytest

from mapillary_coverage.core.errors import InvalidRequestError, PictureFolderError
from mapillary_coverage.core.pictures.picture_facts import PictureFacts
from mapillary_coverage.core.pictures.picture_folder import SIZES, PictureFolder, check_picture_folder
from mapillary_coverage.core.pictures.picture_metadata import with_metadata
from tests.emulator.drawing import draw

PICTURE = draw("7", 256, 128)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)


def facts(image_id, username="anna"):
    return PictureFacts(image_id, None, None, None, None, False, username)


@pytest.fixture
def folder(tmp_path):
    made = PictureFolder(tmp_path / "a" / "b")
    made.prepare()
    return made


def names(folder):
    return sorted(path.name for path in folder.path.iterdir())


@pytest.mark.parametrize(
    ("width", "found_as"), [(256, "256"), (1024, "1024"), (2048, "2048"), (255, "original"), (1025, "original")]
)
def test_a_picture_without_a_note_is_found_by_its_width(folder, width, found_as):
    assert folder.find("5", found_as) is None
    path = folder.keep("5", draw("5", width, width // 2))
    assert [size for size in ("256", "1024", "2048", "original") if folder.find("5", size) == path] == [found_as]
    assert folder.find("6", found_as) is None


@pytest.mark.parametrize("width", [200, 1024, 1600, 2048])
@pytest.mark.parametrize("asked", SIZES)
def test_a_picture_of_any_width_is_found_in_the_size_that_was_asked_for(folder, asked, width):
    """An image may be narrower than the size, and an original as wide as a thumbnail."""
    path = folder.keep("5", with_metadata(draw("5", width, 150), facts("5"), asked))
    assert [size for size in SIZES if folder.find("5", size) == path] == [asked]


@pytest.mark.parametrize("content", [b"", b"\xff", b"\xff\xd8\xff\xd9", bytes(9000), PICTURE[:-2], PICTURE[:300], PNG])
def test_what_is_no_whole_jpeg_is_not_found(folder, content):
    (folder.path / "5.jpg").write_bytes(content)
    assert [folder.find("5", size) for size in ("256", "original")] == [None, None]


def test_a_picture_of_another_type_takes_the_place_of_the_first(folder):
    folder.keep("5", PICTURE)
    assert folder.keep("5", PNG).name == "5.png"
    assert names(folder) == ["5.png"]
    assert (folder.path / "5.png").read_bytes() == PNG


def test_a_start_removes_what_a_killed_run_left_and_nothing_else(folder):
    for name in (".mapillary-1.part", ".mapillary-2.part", ".other.part", "mapillary-1.part", "9.jpg"):
        (folder.path / name).write_bytes(b"x")
    folder.prepare()
    assert names(folder) == [".other.part", "9.jpg", "mapillary-1.part"]


def test_other_runs_that_start_do_not_disturb_one_that_writes(folder):
    ended = threading.Event()

    def start_again():
        while not ended.is_set():
            folder.prepare()

    starting = threading.Thread(target=start_again)
    starting.start()
    try:
        for number in range(1, 301):
            folder.keep(str(number), PICTURE)
    finally:
        ended.set()
        starting.join()
    assert names(folder) == sorted(f"{number}.jpg" for number in range(1, 301))
    assert all(path.read_bytes() == PICTURE for path in folder.path.iterdir())


def test_lines_stay_while_their_pictures_are_there(folder):
    for key in ("1", "2", "3"):
        folder.keep(key, PICTURE)
    folder.credit(
        {"1.jpg": facts("1"), "2.jpg": facts("2", "zoë\n9.jpg\tme\thttps://example.org"), "8.jpg": facts("8")}
    )
    (folder.path / "1.jpg").unlink()
    folder.credit({"3.jpg": facts("3", None)})
    text = (folder.path / "ATTRIBUTION.txt").read_text(encoding="utf-8")
    lines = [line.split("\t") for line in text.splitlines() if "\t" in line]
    assert [(name, link.split("pKey=")[1][0]) for name, _, link in lines] == [("2.jpg", "2"), ("3.jpg", "3")]
    assert lines[0][1].startswith("zoë 9.jpg me")
    assert "\nMapillary contributors: 1\n" in text
    assert "https://creativecommons.org/licenses/by-sa/4.0/" in text
    assert names(folder) == ["2.jpg", "3.jpg", "ATTRIBUTION.txt"]


def test_without_pictures_nothing_is_credited(folder):
    folder.credit({})
    assert names(folder) == []


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"5.jpg\tanna\thttps://x\n", b"\n" * 1000])
def test_a_text_of_somebody_else_is_no_obstacle(folder, content):
    (folder.path / "ATTRIBUTION.txt").write_bytes(content)
    folder.keep("1", PICTURE)
    folder.credit({"1.jpg": facts("1")})
    assert (folder.path / "ATTRIBUTION.txt").read_text(encoding="utf-8").count(".jpg\t") == 1


def test_a_folder_that_is_locked_is_one_sentence(ordinary_user, open_folder):
    open_folder.chmod(0o555)
    folder = PictureFolder(open_folder / "pictures")
    with pytest.raises(InvalidRequestError, match=r"FOLDER cannot be written to: .*Permission denied"):
        check_picture_folder(folder.path)
    for act in (folder.prepare, lambda: PictureFolder(open_folder).keep("5", PICTURE)):
        with pytest.raises(PictureFolderError, match=r"Nothing can be written to the folder .*: Permission denied"):
            act()
    assert list(open_folder.iterdir()) == []


def test_a_full_disk_leaves_no_half_file(folder, monkeypatch):
    resource = pytest.importorskip("resource")
    signal = pytest.importorskip("signal")
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    folder.keep("4", PICTURE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(PICTURE) // 2, before[1]))
    try:
        with pytest.raises(PictureFolderError, match="File too large"):
            folder.keep("4", draw("4", 256, 128))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert names(folder) == ["4.jpg"]
    assert (folder.path / "4.jpg").read_bytes() == PICTURE


def test_the_check_makes_no_folder(tmp_path):
    check_picture_folder(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InvalidRequestError, match="is a file"):
        check_picture_folder(tmp_path / "file" / "b")
