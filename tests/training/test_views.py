from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
pytest.importorskip("cv2", reason="the extra `train` is not installed")

from shelfwatch.training.augment import AugmentOptions, View  # noqa: E402
from shelfwatch.training.dataset import load_dataset  # noqa: E402
from shelfwatch.training.views import Source, Views, batches, collate  # noqa: E402

pytestmark = pytest.mark.train

OPTIONS = AugmentOptions(canvas=64, mosaic=0.5)
STILL = AugmentOptions(
    canvas=64,
    zoom=(1, 1),
    aspect=0,
    degrees=0,
    shear=0,
    perspective=0,
    mosaic=0,
    light=0,
    blur=0,
    glare=0,
    shade=0,
    noise=0,
    jpeg=0,
)


@pytest.fixture
def samples(write_dataset):
    """Three grey photos of 80 × 40 pixels: with two boxes, with one, with none."""
    labels = {"a.png": ["1 0.25 0.5 0.3 0.6", "0 0.75 0.5 0.3 0.6"], "b.png": ["1 0.5 0.5 0.8 0.8"], "c.png": None}
    return load_dataset(write_dataset({"train": labels}, names=("bottle", "can"), size=(80, 40))).samples("train")


def make(samples, number=6, options=OPTIONS, seed=3):
    return Views([Source(samples)], number, 64, options, seed)


def same(a, b):
    return (
        np.array_equal(a.pixels, b.pixels)
        and np.array_equal(a.boxes, b.boxes)
        and np.array_equal(a.class_id, b.class_id)
    )


class TestViews:
    def test_the_same_in_every_run(self, samples):
        first, second = make(samples), make(samples)
        assert len(first) == 6
        for i in reversed(range(6)):
            assert same(first[i], second[i])

    def test_every_view_and_every_seed_is_another(self, samples):
        views = [make(samples, seed=seed)[i] for seed in (3, 4) for i in range(4)]
        for i, view in enumerate(views):
            assert view.pixels.shape == (64, 64, 3)
            assert not any(same(view, other) for other in views[:i])

    def test_whichever_process_makes_them(self, samples):
        views = make(samples)
        alone, helped = (list(batches(views, 2, workers)) for workers in (0, 2))
        assert len(alone) == len(helped) == 3
        for a, b in zip(alone, helped, strict=True):
            assert torch.equal(a.pixels, b.pixels)
            assert torch.equal(a.targets.image, b.targets.image)
            assert torch.equal(a.targets.class_id, b.targets.class_id)
            assert torch.equal(a.targets.boxes, b.targets.boxes)

    def test_a_last_batch_that_is_too_small_is_dropped(self, samples):
        assert [len(batch.pixels) for batch in batches(make(samples, 5), 2, 0)] == [2, 2]

    def test_odds_of_the_sources(self, samples):
        views = Views([Source(samples[:1]), Source(samples[1:2], 3.0), Source(samples[2:], 0)], 1, 64, OPTIONS, 0)
        assert np.allclose(views.odds, [0.25, 0.75, 0])
        rng = np.random.default_rng(0)
        seen = Counter(len(views.photo(rng, views.source(rng)).boxes) for _ in range(400))
        assert seen[0] == 0
        assert 240 < seen[1] < 360

    @pytest.mark.parametrize("mosaic", [0.0, 1.0])
    def test_a_view_is_as_exact_as_the_photos_it_is_made_of(self, samples, mosaic):
        cans, bottles = samples[1], replace(samples[1], class_id=np.zeros(1, np.int32))
        sources = [Source([cans]), Source([bottles], exact=False)]
        views = Views(sources, 20, 64, replace(OPTIONS, mosaic=mosaic), 0)
        made = [views[i] for i in range(20)]
        assert {view.exact for view in made} == {True, False}
        for view in made:  # never of two sources
            assert set(view.class_id.tolist()) <= {int(view.exact)}
        batch = collate(made)
        for image, view in enumerate(made):
            assert batch.targets.exact[batch.targets.image == image].tolist() == [view.exact] * len(view.boxes)

    def test_a_batch_says_which_views_people_have_set_right(self, samples):
        views = Views([Source(samples), Source(samples, corrected=True)], 20, 64, OPTIONS, 0)
        made = [views[i] for i in range(20)]
        assert {view.corrected for view in made} == {True, False}
        assert collate(made).corrected.tolist() == [view.corrected for view in made]

    def test_a_batch_says_how_large_its_products_look(self, samples):
        views = [make(samples[i : i + 1], 1, STILL)[0] for i in range(3)]  # 24 × 24, 64 × 32 and none, at 0.8 of that
        assert collate(views).side.tolist() == pytest.approx([19.2, 0.8 * (64 * 32) ** 0.5, 0])

    def test_boxes_follow_a_photo_decoded_smaller(self, tmp_path, write_dataset):
        file = write_dataset({"train": {"a.jpg": ["0 0.5 0.5 0.5 0.25"]}}, size=(800, 400))
        views = Views([Source(load_dataset(file).samples("train"))], 1, 64, replace(STILL, zoom=(1, 1)), 0)
        photo = views.photo(np.random.default_rng(0), views.sources[0])
        height, width = photo.pixels.shape[:2]
        assert width == 100  # an eighth of the file's, the least that 64 pixels can be made of
        assert np.allclose(photo.boxes, [[0.25 * width, 0.375 * height, 0.75 * width, 0.625 * height]])

    def test_without_any_change_a_view_is_its_photo_as_served(self, samples):
        views = make(samples[1:2], 20, STILL)
        for i in range(20):
            view = views[i]
            assert view.class_id.tolist() == [1]
            assert np.allclose(view.boxes[0, 2:] - view.boxes[0, :2], [0.8 * 64, 0.8 * 32], atol=0.01)


class TestCollate:
    def view(self, number, value):
        boxes = np.arange(4 * number, dtype=np.float32).reshape(-1, 4) + value
        return View(np.full((8, 8, 3), value, np.uint8), boxes, np.full(number, value, np.int32))

    def test_targets_know_their_view(self):
        batch = collate([self.view(2, 10), self.view(0, 20), self.view(1, 30)])
        assert (batch.pixels.shape, batch.pixels.dtype) == ((3, 8, 8, 3), torch.uint8)
        assert batch.pixels[:, 0, 0, 0].tolist() == [10, 20, 30]
        assert batch.targets.image.tolist() == [0, 0, 2]
        assert batch.targets.class_id.tolist() == [10, 10, 30]
        assert batch.targets.boxes[:, 0].tolist() == [10, 14, 30]
        dtypes = (batch.targets.image.dtype, batch.targets.class_id.dtype, batch.targets.boxes.dtype)
        assert dtypes == (torch.int64, torch.int64, torch.float32)

    def test_no_boxes_at_all(self):
        targets = collate([self.view(0, 1), self.view(0, 2)]).targets
        assert (targets.image.shape, targets.boxes.shape) == ((0,), (0, 4))
