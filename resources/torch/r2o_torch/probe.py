"""
python -m r2o_torch.probe cpu cuda mps: compares devices with float64 on the CPU, and measures their speed. Prints a line of
JSON for each: {"id": "cpu", "name": ..., "memoryBytes": ..., "gflops": ..., "torch": ..., "problem": null}.
"""

import json
import platform
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

from .step import Trainer

# The convolution that the app measures its own devices by.
_BATCH, _CHANNELS, _SIDE = 4, 128, 23
_CONFIG = {
    "hidden": 32, "embedding": 16, "viewPx": 96, "isWeightedByArea": False, "parity": "recommended", "seed": 0,
    "optimizer": "lars", "optimizerMomentum": 0.9, "weightDecay": 1e-4, "trust": 1e-3,
}
_SPEC = {"block": "bottleneck", "depths": [1, 1, 1, 1], "width": 8}
# Of a device that rounds to float32 or TF32. A wrong kernel is off by the size of the numbers.
_TOLERANCE = 0.05


def probe(name):
    """What is known about a device, with the reason in `problem` if it cannot be used."""
    found = {"id": name, "name": None, "memoryBytes": None, "gflops": None, "torch": torch.__version__, "problem": None}
    try:
        missing = _missing(name)
        if missing is not None:
            return {**found, "problem": missing}
        found["name"], found["memoryBytes"] = _description(name)
        worst, where = compare(name)
        if not worst <= _TOLERANCE:
            return {**found, "problem": f"computes wrong results: {where} is off by {worst:.2g} of its size"}
        return {**found, "gflops": _speed(name)}
    except Exception as error:  # A driver can fail in any way; the finding is that it does.
        return {**found, "problem": f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200] if str(error).strip() else ''}"}


def _missing(name):
    if name == "cuda" and not torch.cuda.is_available():
        return "PyTorch finds no CUDA device here"
    if name == "mps" and not torch.backends.mps.is_available():
        return "PyTorch finds no Metal device here"
    return None


def _description(name):
    if name == "cuda":
        facts = torch.cuda.get_device_properties(0)
        return facts.name, facts.total_memory
    return platform.processor() or platform.machine(), None


def compare(name):
    """The largest difference of a training step from float64 on the CPU, as a share of the numbers' size, and of what."""
    ours, exact = _step(name, torch.float32), _step("cpu", torch.float64)
    errors = {key: float(np.linalg.norm(ours[key] - exact[key]) / max(np.linalg.norm(exact[key]), 1e-12)) for key in exact}
    # What is only a rest of rounding, as gradients of biases before a normalisation, says nothing.
    scale = max(np.linalg.norm(value) for key, value in exact.items() if key.startswith("gradient"))
    counted = {key: error for key, error in errors.items() if np.linalg.norm(exact[key]) > 1e-6 * scale}
    bad = [key for key in counted if not np.isfinite(counted[key])]
    where = bad[0] if bad else max(counted, key=counted.get)
    return counted[where], where


def _step(name, dtype):
    """Results and gradients of one step of a small network, as arrays of float64."""
    torch.manual_seed(1)
    trainer = Trainer(_SPEC, _CONFIG)
    draw = torch.Generator().manual_seed(2)
    views = torch.randn(4, 3, 96, 96, generator=draw)
    masks = torch.rand(4, 5, 9, generator=draw)
    networks = trainer.networks.to(dtype)
    device = torch.device(name)
    networks.to(device)
    moved = Trainer(_SPEC, _CONFIG, name)
    moved.networks.to(dtype).load_state_dict(networks.state_dict())
    moved.optimizer.buffers = {key: buffer.to(device, dtype) for key, buffer in moved.optimizer.buffers.items()}
    update = moved.update(views.to(device, dtype), masks.to(device, dtype), 0.1, 0.9)
    features = moved.embed(views.permute(0, 2, 3, 1).to(device, dtype), masks.repeat(1, 1, 4).to(device, dtype))
    results = {"loss": torch.tensor(update["loss"]), "predictions": update["predictions"], "features": torch.as_tensor(features)}
    results.update({f"gradient of {key}": p.grad for key, p in moved.networks.trained.named_parameters()})
    results.update({f"{key} after the step": p for key, p in moved.networks.named_parameters()})
    return {key: value.detach().cpu().double().numpy() for key, value in results.items()}


def _speed(name):
    """In 1e9 floating point operations a second."""
    images = torch.full((_BATCH, _CHANNELS, _SIDE, _SIDE), 0.5, device=name)
    filters = torch.full((_CHANNELS, _CHANNELS, 3, 3), 0.25, device=name)
    best = min(_seconds(lambda: F.conv2d(images, filters).mean((1, 2, 3)).tolist()) for _ in range(4))
    return 2 * _BATCH * (_SIDE - 2) ** 2 * _CHANNELS**2 * 9 / best / 1e9


def _seconds(run):
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


if __name__ == "__main__":
    for device_name in sys.argv[1:]:
        print(json.dumps(probe(device_name)), flush=True)
