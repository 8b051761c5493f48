"""Views of an image: the draws, and their pixels as Pillow and OpenCV make them (SPEC section 1)."""

import math

import numpy as np
from PIL import Image, ImageEnhance

from .draws import Draws

MEAN = np.array([0.485, 0.456, 0.406], np.float32)
STD = np.array([0.229, 0.224, 0.225], np.float32)
_BLUR_SHARE = (1, 0.1)
_SOLARIZE_SHARE = (0, 0.2)
_RADIUS = 11

_values = np.arange(256, dtype=np.float64)
# Every operation rounded to float32, as PyTorch does it: [256, 3].
TABLE = (((_values / 255).astype(np.float32)[:, None] - MEAN) / STD).astype(np.float32)


def normalised(pixels):
    """[..., 3] uint8 to float32 as the networks read it."""
    return TABLE[pixels, np.arange(3)]


def resize_crop(image, crop, size, is_flipped=False):
    """A crop (top, left, height, width) of a PIL image as a square, bicubic with antialiasing."""
    top, left, height, width = crop
    # In two passes, columns first: newer versions of Pillow take the order that is faster, and round differently.
    columns = image.crop((left, top, left + width, top + height)).resize((size, height), Image.BICUBIC)
    out = columns.resize((size, size), Image.BICUBIC)
    return out.transpose(Image.FLIP_LEFT_RIGHT) if is_flipped else out


def squashed(image, size):
    """The spanning view before it is normalised: [size, size, 3] uint8."""
    return np.asarray(resize_crop(image, (0, 0, image.height, image.width), size))


def draw_crop(draw, width, height):
    """As torchvision's RandomResizedCrop: 8 to 100 % of the area, width to height 3:4 to 4:3."""
    least = math.log(3 / 4)
    for _ in range(10):
        area = (0.08 + (1 - 0.08) * draw()) * width * height
        ratio = math.exp(least + (math.log(4 / 3) - least) * draw())
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if w <= 0 or w > width or h <= 0 or h > height:
            continue
        top = math.floor(draw() * (height - h + 1))
        left = math.floor(draw() * (width - w + 1))
        return top, left, h, w
    ratio = width / height
    w = round(height * (4 / 3)) if ratio > 4 / 3 else width
    h = round(width / (3 / 4)) if ratio < 3 / 4 else height
    return (height - h) // 2, (width - w) // 2, h, w


def draw_plans(draw, width, height, flips_always):
    """Everything that chance decides about both views."""
    return [_draw_plan(draw, width, height, view, flips_always) for view in (0, 1)]


def _draw_plan(draw, width, height, view, flips_always):
    crop = draw_crop(draw, width, height)
    is_flipped = draw() < 0.5 or flips_always
    jitter = _draw_jitter(draw) if draw() < 0.8 else []
    is_gray = draw() < 0.2
    sigma = _between(draw, 0.1, 2) if draw() < _BLUR_SHARE[view] else None
    return {
        "crop": crop,
        "isFlipped": is_flipped,
        "jitter": jitter,
        "isGray": is_gray,
        "blurSigma": sigma,
        "isSolarized": draw() < _SOLARIZE_SHARE[view],
    }


def _draw_jitter(draw):
    steps = [
        ("brightness", _between(draw, 1 - 0.4, 1 + 0.4)),
        ("contrast", _between(draw, 1 - 0.4, 1 + 0.4)),
        ("saturation", _between(draw, 1 - 0.2, 1 + 0.2)),
        ("hue", _between(draw, -0.1, 0.1)),
    ]
    ranked = [(draw(), step) for step in steps]
    return [step for _, step in sorted(ranked, key=lambda pair: pair[0])]


def _between(draw, low, high):
    return low + (high - low) * draw()


def jittered(image, op, amount):
    """One operation of the colour jitter on a PIL image."""
    if op == "brightness":
        return ImageEnhance.Brightness(image).enhance(amount)
    if op == "contrast":
        return ImageEnhance.Contrast(image).enhance(amount)
    if op == "saturation":
        return ImageEnhance.Color(image).enhance(amount)
    h, s, v = image.convert("HSV").split()
    turned = (np.asarray(h, np.int16) + (math.trunc(amount * 255) & 255)).astype(np.uint8)
    return Image.merge("HSV", (Image.fromarray(turned, "L"), s, v)).convert("RGB")


def gray(image):
    return image.convert("L").convert("RGB")


def solarized(pixels):
    return np.where(pixels >= 128, 255 - pixels, pixels)


def blurred(pixels, sigma):
    """Gaussian blur with a 23 x 23 kernel in OpenCV's 8-bit fixed point; [H, W, 3] uint8."""
    weights = _half_kernel(sigma)
    values = pixels.astype(np.int64)
    for axis in (1, 0):
        radius = len(weights) - 1
        if radius == 0:
            return pixels
        padding = [(0, 0)] * 3
        padding[axis] = (radius, radius)
        padded = np.pad(values, padding, "reflect")
        length = values.shape[axis]
        take = lambda at: np.take(padded, range(at, at + length), axis)  # noqa: E731
        total = weights[0] * take(radius)
        for tap in range(1, radius + 1):
            total = total + weights[tap] * (take(radius - tap) + take(radius + tap))
        values = total
    return ((values + (1 << 15)) >> 16).astype(np.uint8)


def _half_kernel(sigma):
    """Multiples of 1/256 from the centre outwards: what rounding takes from one it gives to the next."""
    exact = [math.exp(-(at * at) / (2 * sigma * sigma)) for at in range(_RADIUS + 1)]
    total = 2 * sum(exact) - 1
    weights, carried, rest = [0] * (_RADIUS + 1), 0.0, 256
    for at in range(_RADIUS, 0, -1):
        wanted = exact[at] / total * 256 + carried
        weights[at] = math.floor(wanted + 0.5)
        carried = wanted - weights[at]
        rest -= 2 * weights[at]
    weights[0] = rest
    while weights[-1] == 0:
        weights.pop()
    return weights


def render(image, plan, size):
    """One view before it is normalised: [size, size, 3] uint8."""
    out = resize_crop(image, plan["crop"], size, plan["isFlipped"])
    for op, amount in plan["jitter"]:
        out = jittered(out, op, amount)
    if plan["isGray"]:
        out = gray(out)
    pixels = np.asarray(out)
    if plan["blurSigma"] is not None:
        pixels = blurred(pixels, plan["blurSigma"])
    return solarized(pixels) if plan["isSolarized"] else pixels


def make_views(pixels, size, seed, step, index, flips_always):
    """Both views [2, size, size, 3] float32, the spanning view [size, size, 3] and boxes [2, 5] float32."""
    image = Image.fromarray(pixels)
    draw = Draws(seed, step, "views", index)
    plans = draw_plans(draw, image.width, image.height, flips_always)
    views = np.stack([normalised(render(image, plan, size)) for plan in plans])
    boxes = np.array([_box(plan, image) for plan in plans], np.float32)
    return views, normalised(squashed(image, size)), boxes


def _box(plan, image):
    top, left, height, width = plan["crop"]
    return [
        top / image.height,
        left / image.width,
        (top + height) / image.height,
        (left + width) / image.width,
        1.0 if plan["isFlipped"] else 0.0,
    ]
