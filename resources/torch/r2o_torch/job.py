"""A planned run: the folder that `r2o pretrain --plan-to` writes."""

import json
import os
import re

import numpy as np

from . import superpixels as sp
from .draws import epoch_order
from .schedules import steps_per_epoch, total_steps
from .views import make_views

VERSION = 1
_CHECKPOINT = re.compile(r"^checkpoint-(\d+)\.safetensors$")


class JobError(Exception):
    """A job that cannot run, and what to do."""


class Job:
    def __init__(self, folder):
        self.folder = folder
        path = os.path.join(folder, "job.json")
        try:
            with open(path, encoding="utf-8") as file:
                job = json.load(file)
        except OSError as error:
            raise JobError(f"{path} cannot be read: write it with r2o pretrain --plan-to.") from error
        if job.get("version") != VERSION:
            raise JobError(f"{path} has version {job.get('version')}, not {VERSION}: use one version of R2O Studio.")
        self.config, self.encoder, self.images = job["config"], job["encoder"], job["images"]
        self.total_steps = total_steps(self.config, len(self.images))
        if self.total_steps != job["totalSteps"]:
            raise JobError(f"{path} has {job['totalSteps']} steps, but its settings give {self.total_steps}.")

    def path(self, name):
        return os.path.join(self.folder, name)

    def newest_checkpoint(self):
        """The checkpoint with the most steps."""
        steps = [int(found[1]) for found in map(_CHECKPOINT.match, os.listdir(self.folder)) if found]
        if not steps:
            raise JobError(f"{self.folder} has no checkpoint to start from.")
        return self.path(checkpoint_name(max(steps)))


def checkpoint_name(step):
    return f"checkpoint-{step}.safetensors"


class Batches:
    """The batches of a run, or one process's part of each: item `step` is that of the step."""

    def __init__(self, job, rank=0, size=1):
        batch = job.config["batchSize"]
        if batch % size != 0:
            raise JobError(f"{size} processes cannot share a batch of {batch}: choose a batchSize that is a multiple.")
        self.job, self.rank, self.share = job, rank, batch // size
        sides = [(image["heightPx"], image["widthPx"]) for image in job.images]
        sizes = [3 * height * width for height, width in sides]
        self.sides, self.starts = sides, np.concatenate([[0], np.cumsum(sizes)])
        self._pixels = self._labels = None
        self._epoch = (0, [])

    def __len__(self):
        return self.job.total_steps

    def _open(self, index):
        view = self.job.config["viewPx"]
        if self._pixels is None:
            # Opened by the process that reads it, which shares the pages with all others.
            self._pixels = np.memmap(self.job.path("pixels.bin"), np.uint8, "r")
            self._labels = np.memmap(self.job.path("superpixels.bin"), "<u2", "r").reshape(-1, view, view)
        start, end = self.starts[index], self.starts[index + 1]
        return np.array(self._pixels[start:end]).reshape(*self.sides[index], 3), self._labels[index]

    def __getitem__(self, step):
        config = self.job.config
        per_epoch, batch = steps_per_epoch(config, len(self.job.images)), config["batchSize"]
        epoch = step // per_epoch + 1
        if self._epoch[0] != epoch:
            self._epoch = (epoch, epoch_order(len(self.job.images), config["seed"], epoch))
        order = self._epoch[1]
        first = (step % per_epoch) * batch
        places = range(self.rank * self.share, (self.rank + 1) * self.share)
        made = [self._image(order[(first + place) % len(order)], step, place) for place in places]
        views, spanning, boxes, superpixels = zip(*made)
        return {
            "step": step,
            "views": np.stack(views, 1),  # [2, b, H, W, 3]
            "spanning": np.stack(spanning),
            "boxes": np.stack(boxes),
            "superpixels": list(superpixels),
        }

    def _image(self, index, step, place):
        config = self.job.config
        pixels, labels = self._open(index)
        flips_always = config["parity"] == "official"
        views, spanning, boxes = make_views(pixels, config["viewPx"], config["seed"], step, place, flips_always)
        count = self.job.images[index]["superpixels"]
        cells = sp.soft_cells(labels, config["viewPx"] // 16), sp.soft_cells(labels, sp.REGION_GRID)
        return views, spanning, boxes, (count, *cells)
