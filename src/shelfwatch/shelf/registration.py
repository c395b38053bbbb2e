"""Registration: how one photo of a bay lies in another, found from the products in both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from shelfwatch.shelf.homography import corners, fit_affine, fit_homography, invert, project
from shelfwatch.shelf.links import Floats, Indices
from shelfwatch.shelf.looks import Looks, Shot

SEED = 20260301  # the same photos give the same answer
CANDIDATES = 6  # products of the later photo that each of the earlier may be
SHARPNESS = 0.06  # difference of likeness that makes one candidate e times as probable as another
DRAWS = 2000  # pairs of candidates drawn
GUESSES = 300  # of them judged, those that make sense
REFINED = 6  # guesses followed up, the best
MAX_SCALE = 2.5  # how much nearer one photo may be taken
MAX_TURN = 0.5  # radians between the photos
SIZE_SLACK = 1.35  # how far a product's size may differ from what a guess says
APART = 2.0  # least distance of the two products of a guess, in product sizes
LOOSE, TIGHT = 0.5, 0.2  # of a product's size: how far off it may lie at first, and in the end
ROUNDS = 7  # fits from loose to tight
LAST_ROUNDS = 3  # fits after them, to the products that lie best
LEAST_REACH, TYPICAL = 0.04, 4.0  # how far off these may lie: in product sizes, and in medians of how far off they are
ALIKE = 0.5  # least likeness of two looks at one product
FLAT_ROUNDS = 2  # first fits, without perspective
MIN_PAIRS = 2  # products a fit needs at least: their corners are eight points
PERSPECTIVE_PAIRS = 8  # least products in both photos for a fit with perspective
RIM = 0.004  # of the photo's sides: products nearer to its edge are cut and say little about where they are
# What a registration must reach. Same shelves are far above it, and of different ones none reaches it all at once.
MIN_INLIERS = 8
MIN_SHARE = 0.4  # of the products that both photos could show
MIN_COMMON = 0.4  # products both could show, of all in the emptier photo
MIN_LIKENESS = 0.75
MAX_RESIDUAL = 0.08  # product sizes
MAX_STRETCH = 1.4  # how much more a photo may be widened one way than the other, in its middle


@dataclass(frozen=True, eq=False)
class Registration:
    """How the earlier photo lies in the later one.

    `matrix` is the homography, float64 (3, 3), from pixels of the earlier to those of the later. `earlier` and `later`
    are indices of products that fit in place and look, one to one. `share` is how many these are of what both photos
    could show, 0..1, and `common` how many products both could show, of those in the emptier photo. `residual` is how
    far they lie off, median in product sizes, `likeness` how alike they are in the median, at most 1.
    """

    matrix: Floats
    earlier: Indices
    later: Indices
    share: float
    common: float
    residual: float
    likeness: float


@dataclass(frozen=True, eq=False)
class _Fit:
    """A matrix, the pairs (P,) that agree with it and how well, and how far each is off in product sizes."""

    matrix: Floats
    earlier: Indices
    later: Indices
    off: Floats
    score: float


def register(earlier: Shot, later: Shot) -> Registration | None:
    """Find how `earlier` lies in `later`; None where the photos do not show the same products in the same places."""
    found = best_fit(earlier, later)
    if found is None or len(found.earlier) < MIN_INLIERS or found.share < MIN_SHARE or found.common < MIN_COMMON:
        return None
    return found if found.likeness >= MIN_LIKENESS and found.residual <= MAX_RESIDUAL else None


def best_fit(earlier: Shot, later: Shot) -> Registration | None:
    """The best registration there is, however poor; None where there is none that a camera could make."""
    if min(len(earlier.boxes), len(later.boxes)) < 2:
        return None
    likeness = earlier.looks @ later.looks.T
    pairing = _Pairing(earlier, later, likeness)
    fits = [
        pairing.refine(guess, (LOOSE,) * FLAT_ROUNDS, flat=FLAT_ROUNDS) for guess in _guesses(earlier, later, likeness)
    ]
    best = max((fit for fit in fits if fit is not None), key=lambda fit: fit.score, default=None)
    if best is not None:
        best = pairing.refine(best.matrix, np.geomspace(LOOSE, TIGHT, ROUNDS).tolist(), flat=FLAT_ROUNDS)
    for _ in range(LAST_ROUNDS if best is not None else 0):
        assert best is not None
        best = pairing.tighten(best)
    if best is None or not len(best.earlier) or not _possible(best.matrix, earlier):
        return None
    both = min(
        _inside(project(best.matrix, _middles(earlier.boxes)), later),
        _inside(project(invert(best.matrix), _middles(later.boxes)), earlier),
    )
    share = min(1.0, len(best.earlier) / max(both, 1))
    alike = likeness[best.earlier, best.later]
    common = both / min(len(earlier.boxes), len(later.boxes))
    figures = share, common, float(np.median(best.off)), float(np.median(alike))
    return Registration(best.matrix, best.earlier, best.later, *figures)


class _Pairing:
    """Fits matrices to the products of two photos."""

    def __init__(self, earlier: Shot, later: Shot, likeness: Looks) -> None:
        self.likeness = likeness
        self.start, self.goal = _middles(earlier.boxes), _middles(later.boxes)
        self.size = later.boxes[:, 2:] - later.boxes[:, :2]
        self.start_corners, self.goal_corners = corners(earlier.boxes), corners(later.boxes)
        self.start_whole, self.goal_whole = _whole(earlier), _whole(later)

    def refine(self, matrix: Floats, reaches: Sequence[float], *, flat: int = 0) -> _Fit | None:
        """Pair and fit in turn, once for each reach, the first `flat` times without perspective; None where too few
        products are left.
        """
        fit = self.pair(matrix, reaches[0])
        for number, reach in enumerate(reaches):
            sure = self.start_whole[fit.earlier] & self.goal_whole[fit.later]
            sure |= sure.sum() < MIN_PAIRS
            points = self.start_corners[fit.earlier[sure]].reshape(-1, 2)
            targets = self.goal_corners[fit.later[sure]].reshape(-1, 2)
            if len(points) < 4 * MIN_PAIRS:
                return None
            simple = number < flat or len(points) < 4 * PERSPECTIVE_PAIRS
            fit = self.pair((fit_affine if simple else fit_homography)(points, targets), reach)
        return fit

    def tighten(self, fit: _Fit) -> _Fit:
        """Fit once more, to the pairs that lie best; the pairs are then those of the new matrix, tight or not."""
        reach = float(np.clip(TYPICAL * np.median(fit.off), LEAST_REACH, TIGHT)) if len(fit.off) else TIGHT
        closest = self.refine(fit.matrix, (reach,))
        return fit if closest is None else self.pair(closest.matrix, TIGHT)

    def pair(self, matrix: Floats, reach: float) -> _Fit:
        """The pairs that lie within `reach` product sizes and look alike, each the other's best."""
        x, y = project(matrix, self.start).T[:, :, None]
        squared = ((x - self.goal[:, 0]) / self.size[:, 0]) ** 2 + ((y - self.goal[:, 1]) / self.size[:, 1]) ** 2
        worth = self.likeness * (1 - squared / (reach * reach))
        worth[(squared > reach * reach) | (self.likeness < ALIKE) | ~np.isfinite(squared)] = 0
        choice = worth.argmax(axis=1)
        own = np.arange(len(choice))
        mutual = np.flatnonzero((worth.argmax(axis=0)[choice] == own) & (worth[own, choice] > 0))
        partner = choice[mutual]
        off = np.sqrt(squared[mutual, partner])
        return _Fit(matrix, mutual, partner, off, float(worth[mutual, partner].sum()))


def _guesses(earlier: Shot, later: Shot, likeness: Looks) -> list[Floats]:
    """Shifts with turn and scale that bring two products onto two that look like them; those that suit most first."""
    count = min(CANDIDATES, likeness.shape[1])
    candidate = np.argsort(-likeness, axis=1, kind="stable")[:, :count]
    own = np.arange(len(likeness))[:, None]
    like = likeness[own, candidate]
    # A product that looks like many others says little about where it is.
    chance = np.exp((likeness - 1) / SHARPNESS)
    chance = np.exp((like - 1) / SHARPNESS) / np.maximum(chance.sum(axis=1, keepdims=True), 1e-6)
    chances = chance.astype(np.float64).ravel()
    if not chances.sum():
        return []
    draws = np.random.default_rng(SEED).choice(chances.size, (2, DRAWS), p=chances / chances.sum())
    (a, b), (to_a, to_b) = draws // count, candidate.ravel()[draws]
    start, goal = (middles[:, 0] + 1j * middles[:, 1] for middles in map(_middles, (earlier.boxes, later.boxes)))
    size, goal_size = _sizes(earlier.boxes), _sizes(later.boxes)
    between = start[b] - start[a]
    sound = (to_a != to_b) & (np.abs(between) > APART * np.median(size))
    turn = np.divide(goal[to_b] - goal[to_a], between, out=np.zeros_like(between), where=sound)
    scale = np.abs(turn)
    sound &= (scale > 1 / MAX_SCALE) & (scale < MAX_SCALE) & (np.abs(np.angle(turn)) < MAX_TURN)
    for one, other in ((a, to_a), (b, to_b)):
        grown = goal_size[other] / size[one]
        sound &= (grown < SIZE_SLACK * scale) & (scale < SIZE_SLACK * grown)
    chosen = np.flatnonzero(sound)[:GUESSES]
    turn, shift = turn[chosen], goal[to_a[chosen]] - turn[chosen] * start[a[chosen]]
    mapped = turn[:, None] * start + shift[:, None]
    away = mapped[:, :, None] - goal[candidate]
    side = later.boxes[candidate, 2:] - later.boxes[candidate, :2]
    squared = (away.real / side[..., 0]) ** 2 + (away.imag / side[..., 1]) ** 2
    worth = (like * np.maximum(0, 1 - squared / (LOOSE * LOOSE))).max(axis=2).sum(axis=1)
    return [
        np.array([[turn[i].real, -turn[i].imag, shift[i].real], [turn[i].imag, turn[i].real, shift[i].imag], [0, 0, 1]])
        for i in np.argsort(-worth, kind="stable")[:REFINED]
    ]


def _possible(matrix: Floats, earlier: Shot) -> bool:
    """Whether a camera could see the earlier photo like that: not mirrored, nothing behind it, of similar size."""
    frame = np.array([[0, 0], [earlier.width, 0], [earlier.width, earlier.height], [0, earlier.height]], np.float64)
    depth = frame @ matrix[2, :2] + matrix[2, 2]
    area = np.linalg.det(matrix) / depth**3  # of a pixel there, once mapped
    if not ((depth > 0).all() and (area > MAX_SCALE**-4).all() and (area < MAX_SCALE**4).all()):
        return False
    middle = matrix @ [earlier.width / 2, earlier.height / 2, 1]
    grown = (matrix[:2, :2] - np.outer(middle[:2] / middle[2], matrix[2, :2])) / middle[2]
    most, least = np.linalg.svd(grown, compute_uv=False).tolist()
    return bool(most < MAX_STRETCH * least)


def _inside(points: Floats, shot: Shot) -> int:
    """How many points lie in a photo."""
    return int(((points > 0) & (points < (shot.width, shot.height))).all(axis=1).sum())


def _whole(shot: Shot) -> NDArray[np.bool_]:
    """Which products the photo's edge does not cut."""
    rim = RIM * np.array([shot.width, shot.height])
    inside = (shot.boxes[:, :2] > rim) & (shot.boxes[:, 2:] < (shot.width, shot.height) - rim)
    return np.asarray(inside.all(axis=1), np.bool_)


def _middles(boxes: Floats) -> Floats:
    middles: Floats = (boxes[:, :2] + boxes[:, 2:]) / 2
    return middles


def _sizes(boxes: Floats) -> Floats:
    sizes: Floats = np.sqrt((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]))
    return sizes
