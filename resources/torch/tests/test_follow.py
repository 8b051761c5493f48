"""The commands of the app, and what happens when it is gone."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import numpy as np
import torch

from r2o_torch.checkpoint import read_safetensors
from r2o_torch.follow import _kind_of
from r2o_torch.job import Job
from r2o_torch.schedules import rates_at

from .test_run import ROOT, STEPS, make_job, metrics, run


class Follow(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.folder = os.path.join(self._folder.name, "job")
        os.mkdir(self.folder)
        make_job(self.folder)

    def start(self, *options):
        process = subprocess.Popen(
            [sys.executable, "-m", "r2o_torch", self.folder, "--follow", "--workers", "0", *options],
            cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, 60)
        self.addCleanup(process.stdin.close)
        return process, json.loads(process.stdout.readline())

    def ask(self, process, **command):
        process.stdin.write(json.dumps(command) + "\n")
        process.stdin.flush()
        return json.loads(process.stdout.readline())

    def step(self, process):
        step = self.ask(process, do="batch")["step"]
        job = Job(self.folder)
        return self.ask(process, do="step", rates=rates_at(job.config, len(job.images), step))

    def test_steps_by_command_are_those_of_a_run(self):
        process, ready = self.start()
        self.assertEqual((ready["is"], ready["step"]), ("ready", 0))
        made = [self.step(process) for _ in range(STEPS)]
        path = os.path.join(self._folder.name, "state.safetensors")
        self.assertEqual(self.ask(process, do="save", path=path), {"is": "save"})
        process.stdin.write('{"do": "end"}\n')
        process.stdin.flush()
        self.assertEqual(process.wait(60), 0)
        self.assertEqual(run(self.folder)[0], 0)
        self.assertEqual([m["loss"] for m in metrics(self.folder)], [m["loss"] for m in made])
        ours, theirs = (read_safetensors(one)[0] for one in (path, os.path.join(self.folder, f"checkpoint-{STEPS}.safetensors")))
        for name, values in ours.items():
            np.testing.assert_array_equal(values, theirs[name], name)

    def test_features_leave_no_trace(self):
        process, _ = self.start()
        self.step(process)
        paths = [os.path.join(self._folder.name, name) for name in ("before", "after", "images")]
        self.ask(process, do="save", path=paths[0])
        draw = np.random.default_rng(1)
        values = np.concatenate([draw.standard_normal(3 * 64 * 64 * 3), draw.random(3 * 20 * 16)]).astype("<f4")
        values.tofile(paths[2])
        self.ask(process, do="embed", path=paths[2], images=3, slots=20)
        features = np.fromfile(paths[2], "<f4").reshape(3, 20, -1)
        np.testing.assert_allclose(np.linalg.norm(features, axis=2), 1, atol=1e-5)
        self.ask(process, do="save", path=paths[1])
        before, after = (read_safetensors(path)[0] for path in paths[:2])
        for name, value in before.items():
            np.testing.assert_array_equal(value, after[name], name)

    def test_it_ends_with_the_process_that_commands_it(self):
        process, _ = self.start("--workers", "1")
        self.step(process)
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.step(process)["step"], 1)
        process.stdin.close()
        self.assertEqual(process.wait(60), 1)
        # The process that prepares batches, too.
        for _ in range(600):
            try:
                os.killpg(process.pid, 0)
            except ProcessLookupError:
                return
            time.sleep(0.1)
        self.fail("a process was left")

    def test_what_cannot_run_is_an_answer(self):
        os.remove(os.path.join(self.folder, "checkpoint-0.safetensors"))
        process, answer = self.start()
        self.assertEqual((answer["is"], answer["what"]), ("error", "job"))
        self.assertIn("has no checkpoint to start from", answer["message"])
        self.assertEqual(process.wait(60), 1)

    def test_memory_that_is_not_there_is_named(self):
        try:
            torch.empty(2**50)
        except RuntimeError as error:
            self.assertEqual(_kind_of(error), "memory")
        self.assertEqual(_kind_of(torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")), "memory")
        self.assertEqual(_kind_of(RuntimeError("size mismatch")), "other")


if __name__ == "__main__":
    unittest.main()
