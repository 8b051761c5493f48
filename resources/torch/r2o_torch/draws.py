"""Random numbers that depend on nothing but a key, as src-main/core/tensor/random.ts draws them."""

import math

_INCREMENT = 0x6D2B79F5
_MASK = 0xFFFFFFFF


def fnv1a32(text):
    """FNV-1a of the UTF-8 bytes of a text, unsigned."""
    value = 0x811C9DC5
    for byte in text.encode():
        value = ((value ^ byte) * 0x01000193) & _MASK
    return value


def _hash(state):
    a = (state + _INCREMENT) & _MASK
    t = ((a ^ (a >> 15)) * (a | 1)) & _MASK
    t ^= (t + (((t ^ (t >> 7)) * (t | 61)) & _MASK)) & _MASK
    return (t ^ (t >> 14)) & _MASK


def u01(seed, index):
    """Element `index` of the stream of `seed`: a multiple of 2^-24 in [0, 1)."""
    return (_hash((seed + index * _INCREMENT) & _MASK) >> 8) / 0x1000000


class Draws:
    """A stream of uniform numbers in [0, 1) for a seed, a step, a use and a place in the batch."""

    def __init__(self, seed, step, stream, index=0):
        key = fnv1a32(stream)
        for part in (seed, step, index):
            key = _hash(key ^ (part & _MASK))
        self._key = key
        self._next = 0

    def __call__(self):
        value = u01(self._key, self._next)
        self._next += 1
        return value


def epoch_order(image_count, seed, epoch):
    """All images in the order of an epoch: Fisher and Yates, from the end."""
    draw = Draws(seed, epoch, "order")
    order = list(range(image_count))
    for last in range(image_count - 1, 0, -1):
        other = math.floor(draw() * (last + 1))
        order[last], order[other] = order[other], order[last]
    return order
