"""
The app's side of a run: R2O Studio decides about every step, and this process computes. Commands come as lines of JSON on
stdin, and each has one answer on stdout:

    {"do": "batch"}                               {"is": "batch", "step": 7}: the batch of the next step is ready
    {"do": "step", "rates": {...}}                {"is": "step", "step": 7, "slots": 120, "loss": ..., ...}
    {"do": "save", "path": "..."}                 {"is": "save"}: the state as a checkpoint without previews
    {"do": "embed", "path": "...", "images": 8, "slots": 120}
                                                  {"is": "embed"}: the file of images and masks is now one of features
    {"do": "end"}                                 nothing: the process ends

The first answer, {"is": "ready", ...}, needs no command. Instead of an answer, {"is": "error", "what": ..., "message": ...} can
come, after which the process ends. It also ends when stdin does: whoever gave the commands is gone then, killed or not.
"""

import json
import math
import os
import queue
import signal
import threading
import traceback

import numpy as np
import torch

from .checkpoint import CheckpointError, save
from .job import JobError


def follow(open_run):
    """
    Answers commands until there are no more. Returns the exit code.
    open_run: gives the trainer, the step to begin with, and the batches from there on
    """
    answers = _Answers()
    try:
        # Ctrl-C reaches every process of a terminal: the app says when it is time to end.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        commands = _Commands()
        trainer, step, batches = open_run()
        follower = _Follower(trainer, step, batches)
        answers.give({"is": "ready", "step": step, "torch": torch.__version__})
        for command in commands:
            answers.give(follower.answer(command))
        return 0
    except Exception as error:
        traceback.print_exc()
        answers.give({"is": "error", "what": _kind_of(error), "message": _message_of(error)})
        return 1


class _Follower:
    def __init__(self, trainer, step, batches):
        self.trainer, self.step, self.batches = trainer, step, iter(batches)
        self.batch = None

    def answer(self, command):
        name = command["do"]
        return {"is": name, **getattr(self, f"_{name}")(**{key: value for key, value in command.items() if key != "do"})}

    def _batch(self):
        self.batch = next(self.batches)
        return {"step": self.batch["step"]}

    def _step(self, rates):
        values = self.trainer.step(self.batch, rates)
        self.step = self.batch["step"] + 1
        finite = {name: value if math.isfinite(value) else None for name, value in values.items()}
        return {"step": self.batch["step"], "slots": self.trainer.slots, **finite}

    def _save(self, path):
        save(path, self.trainer.networks, self.trainer.optimizer, self.step, self.trainer.slots, [])
        return {}

    def _embed(self, path, images, slots):
        side = self.trainer.config["viewPx"]
        values = np.fromfile(path, "<f4")
        spanning, masks = np.split(values, [images * side * side * 3])
        features = self.trainer.embed(spanning.reshape(images, side, side, 3), masks.reshape(images, slots, -1))
        features.astype("<f4").tofile(path)
        return {}


class _Commands:
    """Lines of stdin, read while steps are computed: the end of them ends the process at once, in the middle of a step too."""

    def __init__(self):
        self._waiting = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        # Not sys.stdin, which processes that are forked while this waits would wait for, to close it.
        for line in os.fdopen(os.dup(0), encoding="utf-8"):
            self._waiting.put(json.loads(line))
        os._exit(1)

    def __iter__(self):
        while (command := self._waiting.get())["do"] != "end":
            yield command


class _Answers:
    """Lines of stdout; what else is printed there, by libraries or other processes, goes to stderr."""

    def __init__(self):
        self._file = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def give(self, answer):
        print(json.dumps(answer), file=self._file, flush=True)


def _kind_of(error):
    if isinstance(error, (MemoryError, torch.cuda.OutOfMemoryError)):
        return "memory"
    # On the CPU and on Metal, it is a RuntimeError like any other.
    if isinstance(error, RuntimeError) and ("out of memory" in str(error) or "allocate memory" in str(error)):
        return "memory"
    return "job" if isinstance(error, (JobError, CheckpointError)) else "other"


def _message_of(error):
    first = str(error).strip().split("\n")[0][:300]
    return first if isinstance(error, (JobError, CheckpointError)) else f"{type(error).__name__}: {first}"
