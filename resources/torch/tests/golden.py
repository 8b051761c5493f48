"""The golden numbers of the repository: test/golden/fixtures/README.md describes them."""

import json
import math
import os

import numpy as np

from r2o_torch.draws import fnv1a32

FOLDER = os.path.join(os.path.dirname(__file__), "../../../test/golden/fixtures")


def read_json(name):
    with open(os.path.join(FOLDER, "cases", f"{name}.json"), encoding="utf-8") as file:
        return json.load(file)


def array(name):
    return np.load(os.path.join(FOLDER, "cases", f"{name}.npy"))


def image(name):
    return np.load(os.path.join(FOLDER, "images", f"{name}.npy"))


def signed_units(seed, size):
    """The generator for many elements at once."""
    index = np.arange(size, dtype=np.uint64)
    mask = np.uint64(0xFFFFFFFF)
    a = (np.uint64(seed) + (index + np.uint64(1)) * np.uint64(0x6D2B79F5)) & mask
    t = ((a ^ (a >> np.uint64(15))) * (a | np.uint64(1))) & mask
    t ^= (t + (((t ^ (t >> np.uint64(7))) * (t | np.uint64(61))) & mask)) & mask
    r = (t ^ (t >> np.uint64(14))) & mask
    return 2 * ((r >> np.uint64(8)).astype(np.float64) / 2**24) - 1


def tensor(name, shape, base, kind):
    """Weights and inputs, made again from their names, in PyTorch's order."""
    u = signed_units(fnv1a32(name) ^ base, math.prod(shape))
    fan_in = math.prod(shape[1:]) if len(shape) > 1 else 1
    scaled = {
        "conv": lambda: u * math.sqrt(6 / fan_in),
        "linear": lambda: u * math.sqrt(3 / fan_in),
        "bias": lambda: 0.1 * u,
        "scale": lambda: 1 + 0.25 * u,
        "unit": lambda: u,
    }[kind]()
    return scaled.astype(np.float32).reshape(shape)
