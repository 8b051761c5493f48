"""Gradients of a batch that is computed in parts, and the probe of devices."""

import unittest
from unittest import mock

import numpy as np
import torch

from r2o_torch import probe
from r2o_torch.step import Trainer

SPEC = {"block": "basic", "depths": [1, 1, 1, 1], "width": 8}
CONFIG = {
    "hidden": 16, "embedding": 8, "viewPx": 64, "isWeightedByArea": True, "parity": "recommended", "seed": 0,
    "optimizer": "sgd", "optimizerMomentum": 0.9, "weightDecay": 0, "trust": 1e-3,
}


def update(parts, images):
    """One step in float64 on views and masks of some images. Loss, predictions and the state after it."""
    torch.manual_seed(1)
    trainer = Trainer(SPEC, CONFIG, parts=parts)
    trainer.networks.double()
    trainer.optimizer.buffers = {name: buffer.double() for name, buffer in trainer.optimizer.buffers.items()}
    views, masks = (torch.cat([one, one + 0.1]) for one in images)
    out = trainer.update(views, masks, 0.1, 0.9)
    return out, trainer.networks.state_dict()


class Parts(unittest.TestCase):
    def setUp(self):
        draw = torch.Generator().manual_seed(3)
        self.views = torch.randn(2, 3, 64, 64, generator=draw, dtype=torch.float64)
        self.masks = torch.rand(2, 3, 4, generator=draw, dtype=torch.float64)
        # In one region that hardly shows, weights differ.
        self.masks[1, 0] *= 0.01

    def test_halves_that_are_equal_compute_what_the_whole_computes(self):
        # Then mean and variance of a half are those of the whole: nothing else differs between parts and a batch.
        images = [torch.cat([one, one]) for one in (self.views, self.masks)]
        (whole, state), (parts, state_of_parts) = update(1, images), update(2, images)
        self.assertAlmostEqual(whole["loss"], parts["loss"], 12)
        self.assertLess(abs(whole["gradientNorm"] / parts["gradientNorm"] - 1), 1e-9)
        torch.testing.assert_close(whole["predictions"], parts["predictions"], rtol=1e-9, atol=1e-9)
        for name, value in state.items():
            if "running" not in name:
                torch.testing.assert_close(value, state_of_parts[name], rtol=1e-9, atol=1e-9, msg=name)

    def test_other_halves_differ_by_their_statistics(self):
        images = [self.views, self.masks]
        (whole, state), (parts, state_of_parts) = update(1, images), update(2, images)
        self.assertGreater(abs(whole["loss"] / parts["loss"] - 1), 1e-6)
        # Running statistics move once for each part, and the projector sees other rows in each.
        name = "trained.online.backbone.bn1.running_mean"
        moved = [state[name].norm(), state_of_parts[name].norm()]
        self.assertAlmostEqual(float(moved[1] / moved[0]), 1.9, 1)


class Probe(unittest.TestCase):
    def test_the_cpu_computes_what_float64_computes(self):
        found = probe.probe("cpu")
        self.assertIsNone(found["problem"])
        self.assertGreater(found["gflops"], 0)
        # Measured: 2e-5.
        self.assertLess(probe.compare("cpu")[0], 1e-3)

    def test_a_device_that_computes_wrong_results_is_found(self):
        right = torch.nn.functional.batch_norm
        wrong = lambda x, *rest: right(x, *rest) * (1.2 if x.dtype == torch.float32 and x.dim() == 4 else 1)  # noqa: E731
        with mock.patch("torch.nn.functional.batch_norm", wrong):
            self.assertIn("computes wrong results", probe.probe("cpu")["problem"])
        with mock.patch("torch.nn.functional.batch_norm", lambda *_: torch.full((1,), np.nan)):
            self.assertIsNotNone(probe.probe("cpu")["problem"])

    @unittest.skipIf(torch.cuda.is_available(), "there is a CUDA device")
    def test_what_is_not_there_is_said(self):
        self.assertEqual(probe.probe("cuda")["problem"], "PyTorch finds no CUDA device here")


if __name__ == "__main__":
    unittest.main()
