"""Images once, sequences in one piece."""

from mapillary_coverage.core.download.collector import Table, collect_points, collect_sequences
from mapillary_coverage.core.mapillary.schema import IMAGE, SEQUENCE


def table(layer, ids, geometries, in_tile=None, in_area=None, **columns):
    filled = {field.name: columns.get(field.name, [None] * len(ids)) for field in layer.fields}
    filled["id"] = ids
    return Table(layer, filled, geometries, in_tile or [True] * len(ids), in_area or [True] * len(ids))


def test_the_copy_inside_its_own_tile_wins_whichever_comes_first():
    buffered = table(IMAGE, ["1", "2"], [(0, 0), (1, 1)], [False, True])
    own = table(IMAGE, ["1"], [(0.1, 0.1)])
    for tables in ([buffered, own], [own, buffered]):
        images = collect_points(IMAGE, tables)
        assert dict(zip(images.columns["id"], images.geometries)) == {"1": (0.1, 0.1), "2": (1, 1)}


def test_objects_without_an_id_are_kept_and_never_merged():
    images = collect_points(IMAGE, [table(IMAGE, [None, None], [(0, 0), (0, 0)]), table(IMAGE, [None], [(0, 0)])])
    assert images.columns["id"] == [None] * 3
    sequences = collect_sequences(SEQUENCE, [table(SEQUENCE, [None, None], [["a"], ["b"]])])
    assert sequences.geometries == [["a"], ["b"]]


def test_sequence_parts_of_all_tiles_are_merged_by_id():
    first = table(SEQUENCE, ["s", "t"], [["a", "b"], ["x"]], creator_id=[None, "5"], image_id=["9", None])
    second = table(SEQUENCE, ["s"], [["c"]], creator_id=["7"], image_id=["8"])
    sequences = collect_sequences(SEQUENCE, [first, second])
    assert sequences.columns["id"] == ["s", "t"]
    assert sequences.geometries == [["a", "b", "c"], ["x"]]
    assert sequences.columns["creator_id"] == ["7", "5"]
    assert sequences.columns["image_id"] == ["9", None]


def test_a_sequence_is_kept_whole_where_it_touches_the_area_in_any_tile():
    outside = table(SEQUENCE, ["s", "t"], [["a"], ["x"]], in_area=[False, False])
    inside = table(SEQUENCE, ["s"], [["b"]])
    sequences = collect_sequences(SEQUENCE, [outside, inside])
    assert sequences.columns["id"] == ["s"]
    assert sequences.geometries == [["a", "b"]]
