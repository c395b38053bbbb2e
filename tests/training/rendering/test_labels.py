import numpy as np
import pytest
from PIL import Image

from shelfwatch.training.rendering.labels import GROUNDS, MOTIFS, draw_label, luminance, pick_palette, write
from shelfwatch.training.rendering.packages import invent_sku, pick_brand


def design(seed, **changes):
    rng = np.random.default_rng(seed)
    sku = invent_sku(rng, "carton", 0.7, *pick_brand(rng))
    return type(sku)(**{**sku.__dict__, **changes})


def test_a_label_has_the_asked_size_and_repeats():
    sku = design(1)
    label = draw_label(sku, 90, 140)
    assert label.size == (90, 140)
    assert label.tobytes() == draw_label(sku, 90, 140).tobytes()


def test_two_skus_look_different():
    first, second = (np.asarray(draw_label(design(seed), 90, 140), np.int16) for seed in (1, 2))
    assert np.abs(first - second).mean() > 10


@pytest.mark.parametrize("ground", GROUNDS)
def test_every_ground_draws(ground):
    assert len(draw_label(design(3, ground=ground), 80, 120).getcolors(maxcolors=80 * 120)) > 20


@pytest.mark.parametrize("motif", sorted(set(MOTIFS) - {"none"}))
def test_every_motif_leaves_a_mark(motif):
    with_motif = np.asarray(draw_label(design(4, motif=motif, ground="solid"), 120, 160), np.int16)
    without = np.asarray(draw_label(design(4, motif="none", ground="solid"), 120, 160), np.int16)
    assert (np.abs(with_motif - without).sum(axis=2) > 30).mean() > 0.01


def test_words_stay_in_their_box():
    page = Image.new("RGB", (200, 100))
    write(page, "Wexcombe", (40, 30, 160, 60), (255, 255, 255))
    left, top, right, bottom = page.getbbox()
    assert left >= 39
    assert top >= 29
    assert right <= 161
    assert bottom <= 61
    assert right - left > 60


def test_words_without_room_are_left_out():
    page = Image.new("RGB", (20, 20))
    write(page, "Wexcombe", (5, 5, 6, 15), (255, 255, 255))
    assert page.getbbox() is None


@pytest.mark.parametrize("mood", ["bright", "white", "pastel", "dark"])
def test_ink_can_be_read_on_the_base(mood):
    for seed in range(30):
        palette = pick_palette(np.random.default_rng(seed), seed / 30, mood)
        assert abs(luminance(palette.base) - luminance(palette.ink)) > 40
