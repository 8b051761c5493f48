"""Schedules of a run: regions, learning rate and EMA decay (SPEC sections 9 and 10)."""

import math

K_ALL_SUPERPIXELS = 9999
_MAX_K = 128


def raw_k_at(schedule, epoch):
    """Regions of an epoch (from 1) before they are made a whole number."""
    kind, epochs, values = schedule["type"], schedule["epochs"], schedule["values"]
    if kind == "constant":
        return values[0]
    if kind == "piecewise":
        passed = sum(start <= epoch for start in epochs)
        return values[max(passed - 1, 0)]
    if kind == "linear":
        return _interpolate(epoch, epochs, values)
    start, end, first, last = epochs[0], epochs[1], values[0], values[1]
    if epoch <= start:
        return first
    if epoch >= end:
        return last
    angle = (epoch - start) / (end - start) * (math.pi / 2)
    least = min(first, last)
    return math.cos(math.pi / 2 - angle if first < last else angle) * (max(first, last) - least) + least


def _interpolate(epoch, epochs, values):
    if len(epochs) == 1:
        return values[0]
    to = next((at for at in range(1, len(epochs)) if epoch <= epochs[at]), len(epochs) - 1)
    slope = (values[to] - values[to - 1]) / (epochs[to] - epochs[to - 1])
    return values[to - 1] + slope * (epoch - epochs[to - 1])


def k_at(schedule, epoch):
    """Regions to cluster for in an epoch (from 1); K_ALL_SUPERPIXELS above 128."""
    k = math.trunc(raw_k_at(schedule, epoch))
    return K_ALL_SUPERPIXELS if k > _MAX_K else max(k, 1)


def images_per_epoch(config, image_count):
    return min(config["epochImages"] or image_count, image_count)


def steps_per_epoch(config, image_count):
    return max(1, images_per_epoch(config, image_count) // config["batchSize"])


def total_steps(config, image_count):
    return config["epochs"] * steps_per_epoch(config, image_count)


def step_counts(config, images):
    """Steps of warm-up and of the whole run, as rate and EMA count them; `images` of an epoch."""
    batch = config["batchSize"]
    return math.floor(config["warmupEpochs"] * images / batch), math.floor(config["epochs"] * images / batch)


def lr_at(config, images, step, k):
    """Learning rate of a step (from 0) with k regions."""
    warmup, total = step_counts(config, images)
    max_lr = config["baseLr"] / 256 * config["batchSize"]
    by_k = config["scaleLrByK"]
    scale = 1 if by_k == 0 else (_MAX_K if k == K_ALL_SUPERPIXELS else k) / by_k
    if step < warmup:
        return step / warmup * max_lr * scale
    if config["lrSchedule"] == "piecewise":
        return (max_lr if step < 0.96 * total else max_lr / 10) * scale
    length = total - warmup
    progress = min(step - warmup, length) / length if length > 0 else 1
    return max_lr * 0.5 * (1 + math.cos(math.pi * progress)) * scale


def ema_decay_at(step, total, base):
    """Decay of the target's moving average: from `base` to 1 over the run."""
    return 1 - (1 - base) * (math.cos(math.pi * step / total) + 1) / 2


def rates_at(config, image_count, step):
    """Epoch, regions, learning rate and EMA decay of a step (from 0)."""
    epoch = step // steps_per_epoch(config, image_count) + 1
    k = k_at(config["kSchedule"], epoch)
    images = images_per_epoch(config, image_count)
    return {
        "epoch": epoch,
        "regionCount": k,
        "learningRate": lr_at(config, images, step, k),
        "emaDecay": ema_decay_at(step, step_counts(config, images)[1], config["emaDecay"]),
    }
