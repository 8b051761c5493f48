"""python -m r2o_torch FOLDER: trains a planned run, or continues it. torchrun starts it in several processes."""

import argparse
import json
import math
import multiprocessing
import os
import signal
import sys
import threading
import time

import torch
from torch.utils.data import DataLoader, Subset

from . import checkpoint, parallel
from .follow import follow
from .job import Batches, Job, JobError, checkpoint_name
from .schedules import rates_at
from .step import Trainer


def main(arguments=None):
    options = _options(arguments)
    if options.follow:
        return follow(lambda: _open_run(options))
    try:
        device = _device(options.device)
        parallel.start(device.split(":")[0])
        _train(options, device)
        return 0
    except (JobError, checkpoint.CheckpointError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    finally:
        parallel.stop()


def _options(arguments):
    parser = argparse.ArgumentParser(prog="python -m r2o_torch", description=__doc__)
    parser.add_argument("folder", help="what r2o pretrain --plan-to has written")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda", "mps"])
    parser.add_argument("--until", type=int, help="stop after this step and write a checkpoint (default: the last)")
    parser.add_argument("--workers", type=int, default=2, help="processes that prepare batches")
    parser.add_argument("--bf16", action="store_true", help="compute in bfloat16 where PyTorch's autocast does")
    parser.add_argument("--channels-last", action="store_true", help="keep maps in NHWC")
    parser.add_argument("--compile", action="store_true", help="compile the online network with torch.compile")
    parser.add_argument("--cluster", choices=["batch", "process"], default="batch", help="what K-means clusters together")
    parser.add_argument(
        "--accumulate", type=int, default=1, metavar="N", help="compute a batch in N parts, which need a part of the memory"
    )
    parser.add_argument("--follow", action="store_true", help="take commands on stdin, as R2O Studio gives them; see follow.py")
    return parser.parse_args(arguments)


def _device(name):
    """The device of this process. Never another one than was asked for."""
    if name == "cuda":
        if not torch.cuda.is_available():
            raise JobError("PyTorch finds no CUDA device here.")
        index = int(os.environ.get("LOCAL_RANK", "0"))
        torch.cuda.set_device(index)
        return f"cuda:{index}"
    if name == "mps" and not torch.backends.mps.is_available():
        raise JobError("PyTorch finds no Metal device here.")
    return name


class _Stop:
    """Ctrl-C, or a request to end: the step under way is finished and saved."""

    def __init__(self):
        self.is_wanted = False
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self._want)

    def _want(self, *_):
        self.is_wanted = True

    def everywhere(self):
        return any(parallel.gathered(self.is_wanted))


def _trainer(options, device, job):
    share = job.config["batchSize"] // parallel.world()[1]
    if options.accumulate < 1 or share % options.accumulate != 0:
        raise JobError(f"--accumulate {options.accumulate} cannot divide the {share} images of a process: choose a divisor.")
    return Trainer(
        job.encoder,
        job.config,
        device,
        is_bf16=options.bf16,
        is_channels_last=options.channels_last,
        is_compiled=options.compile,
        clusters_per_process=options.cluster == "process",
        parts=options.accumulate,
    )


def _open_run(options):
    """For `follow`: the trainer, the step to begin with, and the batches from there on."""
    job = Job(options.folder)
    trainer = _trainer(options, _device(options.device), job)
    start, trainer.slots, _ = checkpoint.load(job.newest_checkpoint(), trainer.networks, trainer.optimizer)
    return trainer, start, _loader(options, Batches(job), range(start, job.total_steps))


def _loader(options, batches, steps):
    # The order of the steps; each worker makes whole steps, so that no batch depends on their number.
    return DataLoader(
        Subset(batches, steps),
        batch_size=None,
        num_workers=options.workers,
        collate_fn=_as_it_is,
        worker_init_fn=_end_with_parent,
    )


def _end_with_parent(_worker):
    """A process that has prepared a batch would wait for ever for one that was killed to take it."""
    parent = multiprocessing.parent_process()

    def watch():
        if os.name == "nt":
            parent.join()
        while os.name != "nt" and os.getppid() == parent.pid:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _train(options, device):
    job = Job(options.folder)
    rank, size = parallel.world()
    trainer = _trainer(options, device, job)
    start, trainer.slots, previews = checkpoint.load(job.newest_checkpoint(), trainer.networks, trainer.optimizer)
    end = min(options.until or job.total_steps, job.total_steps)
    if rank == 0:
        print(f"step {start} of {job.total_steps}, {size} process(es) on {device}", file=sys.stderr)
    loader = _loader(options, Batches(job, rank, size), range(start, end))
    stop, done = _Stop(), start
    saved_at = time.monotonic()
    with open(job.path("metrics.jsonl") if rank == 0 else os.devnull, "a", encoding="utf-8") as metrics:
        began = time.monotonic()
        for batch in loader:
            rates = rates_at(job.config, len(job.images), done)
            values = trainer.step(batch, rates)
            if not all(math.isfinite(values.get(name, 0)) for name in ("loss", "gradientNorm")):
                raise JobError(f"step {done} has loss {values['loss']}: start again from an earlier checkpoint.")
            now = time.monotonic()
            rate = job.config["batchSize"] / (now - began)
            began = now
            record = {"step": done, **values, **rates, "imagesPerS": rate}
            print(json.dumps(record), file=metrics, flush=True)
            done += 1
            if rank == 0 and sys.stderr.isatty():
                print(f"\rstep {done}/{job.total_steps}  loss {values.get('loss', math.nan):.4f}  {rate:.1f} images/s ", end="", file=sys.stderr)
            is_due = now - saved_at > job.config["checkpointMinutes"] * 60
            if any(parallel.gathered(is_due)) and done < end:
                _save(job, trainer, done, previews)
                saved_at = now
            if stop.everywhere():
                break
    if done > start:
        _save(job, trainer, done, previews)
    if rank == 0:
        print(f"{'finished' if done == job.total_steps else 'stopped'} after step {done}: {checkpoint_name(done)}", file=sys.stderr)


def _as_it_is(batch):
    """PyTorch would turn arrays into tensors."""
    return batch


def _save(job, trainer, done, previews):
    if parallel.world()[0] == 0:
        checkpoint.save(job.path(checkpoint_name(done)), trainer.networks, trainer.optimizer, done, trainer.slots, previews)


if __name__ == "__main__":
    sys.exit(main())
