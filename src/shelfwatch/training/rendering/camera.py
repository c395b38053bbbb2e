"""The camera: where it stands, and what its lens, sensor and file format do to the picture.

Geometry is one homography from the shelf's plane to the photo; truth goes through the same matrix as pixels.
"""

import io
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter

from shelfwatch.training.rendering.layout import RenderOptions

CAMERA_DISTANCE = 1.35  # from the lens to the shelf, in photo heights at the shelf
MAX_YAW = 34.0  # degrees from square to the shelf, at perspective 1
MAX_PITCH = 9.0  # degrees up or down, at perspective 1
MAX_NOISE = 14.0  # standard deviation of sensor noise in sRGB levels, at noise 1
MAX_BLUR = 1.6  # radius of lens blur in pixels of a 2000 px high photo, at blur 1
ASIDE_YAW = 9.0  # degrees by which a second photo of the same shelf may be taken from elsewhere
ASIDE_PITCH = 3.0
ASIDE_ROLL = 2.5
ASIDE_DISTANCE = (0.9, 1.15)  # of the first photo's
ASIDE_SHIFT = 0.1  # of the photo's width and height, either way
METERED = (96.0, 132.0)  # mean sRGB level the camera's automatic exposure aims at
HIGHLIGHT = 242.0  # sRGB level above which only the brightest patches may end
MAX_EXPOSURE = 1.9  # how far it brightens a dark scene
SATURATION = (0.74, 1.02)  # of the finished photo against the inks as invented
JPEG_QUALITY = (72, 93)  # of the phone's own file, before anybody saves the photo again

Points = NDArray[np.float64] | NDArray[np.float32]


@dataclass(frozen=True)
class Camera:
    """A position of the camera as the homography from plane to photo pixels."""

    matrix: NDArray[np.float64]  # (3, 3)

    def to_photo(self, points: Points) -> NDArray[np.float64]:
        """Map (P, 2) plane coordinates to (P, 2) photo pixels."""
        return _project(self.matrix, points)

    def to_plane(self, points: Points) -> NDArray[np.float64]:
        """Map (P, 2) photo pixels to (P, 2) plane coordinates."""
        return _project(np.asarray(np.linalg.inv(self.matrix), np.float64), points)

    def extent(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Bound the part of the plane a width x height photo sees: left, top, right, bottom."""
        corners = self.to_plane(np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64))
        low, high = np.floor(corners.min(axis=0)).astype(int), np.ceil(corners.max(axis=0)).astype(int)
        return int(low[0]), int(low[1]), int(high[0]), int(high[1])

    def shoot(self, scene: Image.Image, origin: tuple[int, int], width: int, height: int) -> Image.Image:
        """Project a painted scene; `origin` is the plane coordinate of its first pixel."""
        shift = np.array([[1, 0, -origin[0]], [0, 1, -origin[1]], [0, 0, 1]], np.float64)
        back = shift @ np.linalg.inv(self.matrix)
        back /= back[2, 2]
        data = tuple(back.ravel()[:8].tolist())
        resample = Image.Resampling.BICUBIC if scene.mode == "RGB" else Image.Resampling.NEAREST
        return scene.transform((width, height), Image.Transform.PERSPECTIVE, data, resample)


@dataclass(frozen=True)
class Pose:
    """Where the camera stands. Angles are radians from square to the shelf; `distance` is in usual distances, `shift`
    where it aims beside the middle of the plane, in widths and heights of the photo.
    """

    yaw: float
    pitch: float
    roll: float
    distance: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)

    def camera(self, options: RenderOptions) -> Camera:
        """The camera at this place; it keeps what it aims at in the middle of the photo, at scale 1 / `distance`."""
        yaw, pitch, roll = self.yaw, self.pitch, self.roll
        width, height = options.width, options.height
        middle = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]], np.float64)
        aimed = np.array([[1, 0, -self.shift[0] * width], [0, 1, -self.shift[1] * height], [0, 0, 1]], np.float64)
        distance = CAMERA_DISTANCE * max(width, height)
        about_y = np.array([[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]])
        about_x = np.array([[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]])
        about_z = np.array([[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]])
        turned = about_z @ about_x @ about_y
        # A point (x, y, 0) of the plane, turned and moved `distance` away, then divided by its depth.
        view = np.column_stack([turned[:, 0], turned[:, 1], [0.0, 0.0, distance * self.distance]])
        lens = np.diag([distance, distance, 1.0])
        matrix = np.linalg.inv(middle) @ lens @ view @ middle @ aimed
        return Camera(matrix / matrix[2, 2])

    def aside(self, rng: np.random.Generator) -> "Pose":
        """Another place nearby, as when somebody comes back another day."""
        turn = (float(rng.uniform(-limit, limit)) for limit in (ASIDE_YAW, ASIDE_PITCH, ASIDE_ROLL))
        yaw, pitch, roll = (
            angle + math.radians(more) for angle, more in zip((self.yaw, self.pitch, self.roll), turn, strict=True)
        )
        distance = self.distance * float(rng.uniform(*ASIDE_DISTANCE))
        x, y = (float(rng.uniform(-ASIDE_SHIFT, ASIDE_SHIFT)) for _ in range(2))
        return Pose(yaw, pitch, roll, distance, (self.shift[0] + x, self.shift[1] + y))


def pose(rng: np.random.Generator, options: RenderOptions) -> Pose:
    """Choose where the camera stands."""
    yaw = math.radians(MAX_YAW) * options.perspective * rng.uniform(-1, 1)
    pitch = math.radians(MAX_PITCH) * options.perspective * rng.uniform(-1, 1)
    return Pose(yaw, pitch, math.radians(options.tilt) * rng.uniform(-1, 1))


def aim(rng: np.random.Generator, options: RenderOptions) -> Camera:
    """Choose a camera position; the middle of the plane stays in the middle of the photo at scale 1."""
    return pose(rng, options).camera(options)


def develop(photo: Image.Image, rng: np.random.Generator, options: RenderOptions) -> NDArray[np.uint8]:
    """Add what lens, lamps, sensor and JPEG do to a clean projection; returns (H, W, 3) uint8 RGB."""
    width, height = photo.size
    radius = MAX_BLUR * options.blur * rng.uniform(0.2, 1.0) * height / 2000
    if radius > 0.15:
        photo = photo.filter(ImageFilter.GaussianBlur(radius))
    light = np.asarray(photo, np.float32) * _exposure(photo, rng)
    ys = np.linspace(-1, 1, 48, dtype=np.float32)[:, None]
    xs = np.linspace(-1, 1, 48, dtype=np.float32)[None, :]
    vignette = 1 - np.float32(rng.uniform(0.04, 0.16)) * (xs * xs + ys * ys)
    falloff = 1 + np.float32(rng.uniform(-0.08, 0.08)) * xs - np.float32(rng.uniform(-0.02, 0.12)) * ys
    gain = _spread(vignette * falloff * np.float32(rng.uniform(0.95, 1.05)), width, height)
    warmth = rng.uniform(-0.05, 0.06)
    balance = np.array([1 + warmth, 1 + rng.uniform(-0.015, 0.015), 1 - warmth], np.float32)
    light = light * gain[..., None] * balance
    if options.glare > 0 and rng.random() < 0.75:
        light += (_glare(rng, xs, ys, options.glare, width, height))[..., None] * balance
    if options.noise > 0:
        strength = np.float32(MAX_NOISE * options.noise * rng.uniform(0.15, 0.75))
        grain = rng.standard_normal((height, width), np.float32)
        colour = rng.standard_normal((height // 2 + 1, width // 2 + 1, 3), np.float32).repeat(2, 0).repeat(2, 1)
        light += strength * (0.8 * grain[..., None] + 0.45 * colour[:height, :width])
    picture = Image.fromarray(np.clip(light, 0, 255, out=light).astype(np.uint8))
    contrast = rng.uniform(0.0, 0.5)
    black = rng.uniform(0, 14)
    curve = [_tone(level / 255, contrast, black) for level in range(256)]
    picture = picture.point(curve * 3)
    picture = ImageEnhance.Color(picture).enhance(float(rng.uniform(*SATURATION)))
    saved = io.BytesIO()
    picture.save(saved, "JPEG", quality=int(rng.integers(JPEG_QUALITY[0], JPEG_QUALITY[1] + 1)))
    return np.asarray(Image.open(saved).convert("RGB"))


def _exposure(photo: Image.Image, rng: np.random.Generator) -> np.float32:
    small = photo.resize((32, 32), Image.Resampling.BOX).convert("L")
    levels = np.asarray(small, np.float32)
    # A camera meters the whole picture but will not burn out its lights.
    wanted = min(
        rng.uniform(*METERED) / max(float(levels.mean()), 1.0),
        HIGHLIGHT / max(float(np.percentile(levels, 96)), 1.0),
    )
    return np.float32(np.clip(wanted, 0.85, MAX_EXPOSURE))


def _project(matrix: NDArray[np.float64], points: Points) -> NDArray[np.float64]:
    flat = np.asarray(points, np.float64).reshape(-1, 2) @ matrix[:, :2].T + matrix[:, 2]
    projected: NDArray[np.float64] = flat[:, :2] / flat[:, 2:]
    return projected


def _spread(grid: NDArray[np.float32], width: int, height: int) -> NDArray[np.float32]:
    smooth = Image.fromarray(grid.astype(np.float32)).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(smooth, np.float32)


def _glare(
    rng: np.random.Generator,
    xs: NDArray[np.float32],
    ys: NDArray[np.float32],
    strength: float,
    width: int,
    height: int,
) -> NDArray[np.float32]:
    """Lamps seen in film and glass, and a haze from the ceiling, in sRGB levels."""
    haze = np.float32(strength * rng.uniform(0, 26)) * np.clip(-ys, 0, 1) ** 2 + np.zeros_like(xs)
    for _ in range(int(rng.integers(0, 3))):
        x, y = rng.uniform(-0.9, 0.9), rng.uniform(-0.9, 0.5)
        lean = rng.uniform(-0.6, 0.6)
        along, across = (xs - x) + lean * (ys - y), (ys - y) - lean * (xs - x)
        spot = np.exp(-((along / rng.uniform(0.15, 0.5)) ** 2) - (across / rng.uniform(0.08, 0.25)) ** 2)
        haze = haze + np.float32(strength * rng.uniform(15, 75)) * spot.astype(np.float32)
    return _spread(haze, width, height)


def _tone(level: float, contrast: float, black: float) -> int:
    bent = level + contrast * (level * level * (3 - 2 * level) - level)
    return round(black + (255 - black) * min(max(bent, 0.0), 1.0))
