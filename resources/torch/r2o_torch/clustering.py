"""K-means as the app computes it: greedy k-means++ and Lloyd's iterations (SPEC section 4, step 3)."""

import math

import numpy as np

_MAX_ITERATIONS = 200
_TOLERANCE = 1e-6


def choose_seeds(rows, count, draw):
    """Indices of min(count, rows) rows; ties go to the first."""
    n = len(rows)
    seeds_wanted = min(count, n)
    trials = 2 + math.floor(math.log(max(seeds_wanted, 1)))
    norms = _squared_norms(rows)
    closest = np.full(n, np.inf)
    cumulative = None
    seeds = []
    while len(seeds) < seeds_wanted:
        if cumulative is None:
            drawn = [math.floor(draw() * n)]
        else:
            whole = cumulative[-1]
            drawn = [min(int(np.searchsorted(cumulative, draw() * whole)), n - 1) for _ in range(trials)]
        dots = (rows @ rows[drawn].T).astype(np.float64)
        best, best_left, least = 0, closest, np.inf
        for column, candidate in enumerate(drawn):
            left = np.minimum(np.maximum(norms + norms[candidate] - 2 * dots[:, column], 0), closest)
            # Added one after the other, as the app does, and not in pairs.
            potential = np.cumsum(left)[-1]
            if potential < least:
                best, best_left, least = candidate, left, potential
        seeds.append(best)
        closest = best_left
        cumulative = np.cumsum(closest)
    return seeds


def lloyd(rows, seeds):
    """Labels, centres, iterations and inertia, from given rows; a centre without rows stays where it is."""
    centres = rows[list(seeds)].copy()
    norms = _squared_norms(rows)
    inertia = math.inf
    for iteration in range(1, _MAX_ITERATIONS + 1):
        dots = (rows @ centres.T).astype(np.float64)
        squared = np.maximum(norms[:, None] + _squared_norms(centres)[None] - 2 * dots, 0)
        labels = squared.argmin(1)
        previous, inertia = inertia, float(np.cumsum(squared[np.arange(len(rows)), labels])[-1])
        if abs(inertia - previous) < _TOLERANCE or iteration == _MAX_ITERATIONS:
            break
        sums = np.zeros(centres.shape)
        np.add.at(sums, labels, rows.astype(np.float64))
        sizes = np.bincount(labels, minlength=len(centres))
        moved = sizes > 0
        centres[moved] = (sums[moved] / sizes[moved, None]).astype(rows.dtype)
    return labels, centres, iteration, inertia


def kmeans(rows, count, draw):
    """rows [n, d]; the type decides the precision of centres and products."""
    return lloyd(rows, choose_seeds(rows, count, draw))


def _squared_norms(rows):
    return np.square(rows.astype(np.float64)).sum(1)
