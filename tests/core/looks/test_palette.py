"""The colours can be told apart by everybody, and stand out on every ground."""

from itertools import combinations

import pytest

from mapillary_coverage.core.looks import palette

NORMAL = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
DEFICIENCIES = {
    "normal": NORMAL,
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
"""Matrices on linear RGB: Machado, Oliveira, Fernandes 2009, severity 1."""
GROUNDS = ("#ffffff", "#f4f2ec", "#000000", "#1d2226", "#4c5f3b", "#3d4f34", "#7d7c6f", "#a19b90", "#c9c4ba", "#6d7a55")
SETS = {
    "years": (*palette.YEARS, palette.UNKNOWN),
    "quality": (*palette.QUALITY, palette.UNKNOWN),
    "panorama": (palette.PANORAMA, palette.FLAT),
    "people": (*palette.PEOPLE, palette.OTHERS, palette.UNKNOWN),
}


def linear(colour):
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def lab(colour, matrix=NORMAL):
    seen = [sum(weight * part for weight, part in zip(row, linear(colour))) for row in matrix]
    red, green, blue = (min(max(part, 0), 1) for part in seen)
    x = (0.4124564 * red + 0.3575761 * green + 0.1804375 * blue) / 0.95047
    y = 0.2126729 * red + 0.7151522 * green + 0.0721750 * blue
    z = (0.0193339 * red + 0.1191920 * green + 0.9503041 * blue) / 1.08883
    fx, fy, fz = (part ** (1 / 3) if part > 0.008856 else 7.787 * part + 16 / 116 for part in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def distance(one, other, matrix=NORMAL):
    return sum((a - b) ** 2 for a, b in zip(lab(one, matrix), lab(other, matrix))) ** 0.5


@pytest.mark.parametrize("eyes", DEFICIENCIES)
@pytest.mark.parametrize("name", SETS)
def test_classes_can_be_told_apart(name, eyes):
    near = [
        (round(distance(one, other, DEFICIENCIES[eyes]), 1), one, other)
        for one, other in combinations(SETS[name], 2)
        if distance(one, other, DEFICIENCIES[eyes]) < 15
    ]
    assert not near


@pytest.mark.parametrize("eyes", DEFICIENCIES)
@pytest.mark.parametrize("ground", GROUNDS)
def test_fill_or_casing_stands_out_on_the_ground(ground, eyes):
    for colour in {palette.COVERAGE, *(each for colours in SETS.values() for each in colours)}:
        fill, casing = (lab(each, DEFICIENCIES[eyes]) for each in (colour, palette.CASING))
        under = lab(ground, DEFICIENCIES[eyes])
        assert max(abs(fill[0] - under[0]), abs(casing[0] - under[0])) > 20, (colour, ground)
        assert abs(fill[0] - casing[0]) > 35, colour


def test_newer_years_are_lighter_to_all_eyes():
    for matrix in DEFICIENCIES.values():
        lightness = [lab(colour, matrix)[0] for colour in palette.YEARS]
        assert lightness == sorted(lightness, reverse=True)
