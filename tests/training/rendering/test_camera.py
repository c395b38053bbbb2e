import numpy as np
import pytest
from PIL import Image

from shelfwatch.training.rendering.camera import Camera, aim, develop
from shelfwatch.training.rendering.layout import RenderOptions

OPTIONS = RenderOptions(width=300, height=400, perspective=1.0, tilt=6.0)


def test_points_come_back_from_the_photo():
    camera = aim(np.random.default_rng(1), OPTIONS)
    points = np.random.default_rng(2).uniform(0, 400, (50, 2))
    assert np.allclose(camera.to_plane(camera.to_photo(points)), points, atol=1e-6)
    assert not np.allclose(camera.to_photo(points), points, atol=2)


def test_square_to_the_shelf_nothing_moves():
    camera = aim(np.random.default_rng(1), RenderOptions(width=300, height=400, perspective=0.0, tilt=0.0))
    assert np.allclose(camera.matrix, np.eye(3), atol=1e-9)


@pytest.mark.parametrize("seed", range(6))
def test_pixels_and_points_take_the_same_way(seed):
    camera = aim(np.random.default_rng(seed), OPTIONS)
    extent = camera.extent(300, 400)
    scene = Image.new("L", (extent[2] - extent[0], extent[3] - extent[1]))
    patch = (120, 180, 160, 230)  # in plane coordinates
    scene.paste(255, tuple(np.array(patch) - (extent[0], extent[1], extent[0], extent[1])))
    photo = camera.shoot(scene, (extent[0], extent[1]), 300, 400)
    corners = camera.to_photo(np.array([[120, 180], [160, 180], [160, 230], [120, 230]], float))
    found = np.array(photo.getbbox(), float)
    assert np.allclose(found, [*corners.min(axis=0), *corners.max(axis=0)], atol=1.01)


def test_the_extent_covers_the_photo():
    camera = aim(np.random.default_rng(4), OPTIONS)
    left, top, right, bottom = camera.extent(300, 400)
    edge = camera.to_plane(np.array([[x, y] for x in (0, 150, 300) for y in (0, 200, 400)], float))
    assert (edge >= (left, top)).all()
    assert (edge <= (right, bottom)).all()


def test_developing_keeps_size_and_brightens_a_dark_scene():
    dark = Image.new("RGB", (120, 90), (50, 50, 50))
    photo = develop(dark, np.random.default_rng(0), RenderOptions(width=120, height=90))
    assert photo.shape == (90, 120, 3)
    assert photo.dtype == np.uint8
    assert 65 < photo.mean() < 160


def checkerboard(width, height, square=16):
    ys, xs = np.indices((height, width)) // square
    return Image.fromarray(((ys + xs) % 2 * 120 + 40).astype(np.uint8)).convert("RGB")


def test_noise_follows_its_option():
    def grain(noise):
        options = RenderOptions(width=320, height=240, noise=noise, blur=0.0, glare=0.0)
        photo = develop(checkerboard(320, 240), np.random.default_rng(3), options).astype(np.float32)
        return photo[20:28, 36:44].std()  # inside one square

    assert grain(1.0) > 2 * grain(0.0) + 1


def test_blur_follows_its_option():
    def steepest(blur):
        # Blur is measured against a photo 2000 pixels high.
        options = RenderOptions(width=96, height=2000, noise=0.0, blur=blur, glare=0.0)
        photos = [develop(checkerboard(96, 2000), np.random.default_rng(seed), options) for seed in range(4)]
        return np.percentile(np.abs(np.diff(np.stack(photos).astype(np.float32), axis=2)), 99)

    assert steepest(1.0) < 0.9 * steepest(0.0)


def test_a_camera_is_its_matrix():
    move = Camera(np.array([[1.0, 0, 7], [0, 1, -3], [0, 0, 1]]))
    assert move.to_photo(np.array([[1.0, 1.0]])).tolist() == [[8.0, -2.0]]
