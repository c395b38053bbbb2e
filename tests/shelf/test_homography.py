import numpy as np
import pytest

from shelfwatch.shelf.homography import fit_affine, fit_homography, project, project_boxes

TURNED = np.array([[0.95, 0.06, 20.0], [-0.05, 1.04, -30.0], [6e-5, -4e-5, 1.0]])
GRID = np.array([(x, y) for x in range(0, 1001, 125) for y in range(0, 1401, 175)], float)


def test_a_homography_is_found_from_its_points():
    assert np.allclose(fit_homography(GRID, project(TURNED, GRID)), TURNED, rtol=0.02, atol=1e-5)


def test_noise_averages_out():
    noise = np.random.default_rng(0).normal(0, 3, GRID.shape)
    found = fit_homography(GRID, project(TURNED, GRID) + noise)
    off = np.linalg.norm(project(found, GRID) - project(TURNED, GRID), axis=1)
    assert np.median(off) < 1.5


def test_points_on_one_line_bend_nothing():
    line = np.array([(x, 500 + y) for x in range(0, 1000, 60) for y in (0, 1)], float)
    noise = np.random.default_rng(1).normal(0, 1, line.shape)
    found = fit_homography(line, line + noise)
    assert np.linalg.norm(project(found, line) - line, axis=1).max() < 5
    above = line - np.array([0, 60])
    assert np.linalg.norm(project(found, above) - above, axis=1).max() < 60


def test_an_affine_map_is_found_from_three_points():
    affine = TURNED.copy()
    affine[2] = 0, 0, 1
    points = np.array([[0, 0], [100, 0], [0, 50.0]])
    assert np.allclose(fit_affine(points, project(affine, points)), affine)


def test_the_horizon_is_infinitely_far():
    matrix = np.array([[1, 0, 0], [0, 1, 0], [0, -0.01, 1.0]])
    assert np.isinf(project(matrix, np.array([[50, 100.0]]))).all()


@pytest.mark.parametrize("angle", [0.05, -0.3])
def test_turning_makes_boxes_no_larger(angle):
    turn = np.array([[np.cos(angle), -np.sin(angle), 7], [np.sin(angle), np.cos(angle), 9], [0, 0, 1]])
    boxes = np.array([[100, 200, 160, 320], [0, 0, 10, 10.0]])
    mapped = project_boxes(turn, boxes)
    middle = project(turn, (boxes[:, :2] + boxes[:, 2:]) / 2)
    assert np.allclose((mapped[:, :2] + mapped[:, 2:]) / 2, middle)
    assert np.allclose(mapped[:, 2:] - mapped[:, :2], np.cos(angle) * (boxes[:, 2:] - boxes[:, :2]))
