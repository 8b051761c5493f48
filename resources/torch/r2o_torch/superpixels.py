"""Superpixels on coarse grids, regions of cells, and regions as a view sees them (SPEC sections 3 to 5)."""

import math
from collections import deque

import numpy as np

REGION_GRID = 56
NO_REGION = -1


def _taps(size_px, size):
    place = np.maximum((np.arange(size) + 0.5) * size_px / size - 0.5, 0)
    low = np.floor(place).astype(np.int64)
    share = np.stack([1 - (place - low), place - low], 1)
    return np.stack([low, np.minimum(low + 1, size_px - 1)], 1), share


def soft_cells(labels, size):
    """
    Shares of superpixels in the cells of a grid: bilinear, without antialiasing.
    labels [H, W]; returns labels [size * size, 4] and shares, float32, no label twice with a share.
    """
    rows, row_share = _taps(labels.shape[0], size)
    columns, column_share = _taps(labels.shape[1], size)
    cells = size * size
    kept = np.zeros((cells, 4), np.int64)
    shares = np.zeros((cells, 4), np.float32)
    for corner in range(4):
        r, c = corner >> 1, corner & 1
        label = labels[np.ix_(rows[:, r], columns[:, c])].reshape(-1).astype(np.int64)
        share = (row_share[:, r, None] * column_share[None, :, c]).reshape(-1)
        waiting = share > 0
        for slot in range(4):
            fits = waiting & ((shares[:, slot] == 0) | (kept[:, slot] == label))
            kept[fits, slot] = label[fits]
            shares[fits, slot] = (shares[fits, slot].astype(np.float64) + share[fits]).astype(np.float32)
            waiting &= ~fits
    return kept, shares


def soft_masks(cells, count):
    """The dense form [cells, count] float32."""
    labels, shares = cells
    masks = np.zeros((len(labels), count), np.float32)
    for slot in range(4):
        used = shares[:, slot] > 0
        masks[np.nonzero(used)[0], labels[used, slot]] = shares[used, slot]
    return masks


def region_map(cells, regions, rule="largest-region"):
    """The region of each cell, [size, size]; regions [superpixels], NO_REGION for one that was not clustered."""
    labels, shares = cells
    own = np.asarray(regions)[labels]
    share64 = shares.astype(np.float64)
    side = math.isqrt(len(labels))
    if rule == "official-average":
        total = np.zeros(len(labels))
        for slot in range(4):
            total += share64[:, slot] * own[:, slot]
        return np.trunc(total).astype(np.int16).reshape(side, side)
    best = np.full(len(labels), NO_REGION)
    best_share = np.zeros(len(labels))
    for slot in range(4):
        region = own[:, slot]
        share = np.zeros(len(labels))
        for other in range(4):
            share += np.where(own[:, other] == region, share64[:, other], 0)
        counts = (shares[:, slot] > 0) & (region >= 0)
        better = counts & ((share > best_share) | ((share == best_share) & (region < best)))
        best[better] = region[better]
        best_share[better] = share[better]
    return _filled(best.astype(np.int16).reshape(side, side))


def _filled(regions):
    """Cells without a region take that of the nearest cell that has one, breadth first."""
    queue = deque(zip(*np.nonzero(regions >= 0)))
    if len(queue) == regions.size:
        return regions
    side = len(regions)
    while queue:
        y, x = queue.popleft()
        for ny, nx in ((y, x - 1), (y, x + 1), (y - 1, x), (y + 1, x)):
            if 0 <= ny < side and 0 <= nx < side and regions[ny, nx] < 0:
                regions[ny, nx] = regions[y, x]
                queue.append((ny, nx))
    return regions


def _axis_weights(start, end, map_size, out_size):
    f = np.float32
    weights = np.zeros((out_size, map_size))
    first = f(f(start) * f(map_size))
    length = max(f(f(f(end) * f(map_size)) - first), f(1))
    bin_length = f(length / f(out_size))
    samples = math.ceil(bin_length)
    for out in range(out_size):
        for sample in range(samples):
            offset = f(f((sample + 0.5) * float(bin_length)) / f(samples))
            place = float(f(f(first + f(out * float(bin_length))) + offset))
            if place < -1 or place > map_size:
                continue
            inside = min(max(place, 0), map_size - 1)
            low = min(math.floor(inside), map_size - 1)
            share = inside - low
            weights[out, low] += (1 - share) / samples
            if share > 0:
                weights[out, low + 1] += share / samples
    return weights


def roi_sampling(box, out_size, map_size=REGION_GRID):
    """Weights [out, map] of rows and columns that carry a map to a view: torchvision's roi_align, aligned=False."""
    y1, x1, y2, x2, flip = box
    columns = _axis_weights(x1, x2, map_size, out_size)
    return _axis_weights(y1, y2, map_size, out_size), columns[::-1] if flip == 1 else columns


def roi_align(channels, sampling):
    """channels [map, map, C] to [C, out * out] float32."""
    rows, columns = sampling
    lines = np.tensordot(rows, channels.astype(np.float64), (1, 0))  # [out, map, C]
    bins = np.tensordot(columns, lines, (1, 1))  # [out x, out y, C]
    return bins.transpose(2, 1, 0).reshape(channels.shape[2], -1).astype(np.float32)


def one_hot(regions, count):
    """[map, map] to [map, map, count]; nothing for cells without a region."""
    return (regions[..., None] == np.arange(count)).astype(np.float32)
