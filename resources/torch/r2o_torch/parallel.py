"""Several processes as one: what torchrun has started, or a single process."""

import os

import torch
import torch.distributed as dist


def world():
    """Rank and number of processes."""
    return (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)


def start(device):
    """Joins the processes that torchrun has started; nothing to do for one."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1 and not dist.is_initialized():
        dist.init_process_group("nccl" if device == "cuda" else "gloo")


def stop():
    if dist.is_initialized():
        dist.destroy_process_group()


class _SumOverProcesses(torch.autograd.Function):
    """The sum of a tensor over all processes; its gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx, tensor):
        total = tensor.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx, gradient):
        total = gradient.contiguous().clone()
        dist.all_reduce(total)
        return total


def summed(tensor):
    """The sum of a tensor over all processes, through which gradients flow."""
    return _SumOverProcesses.apply(tensor) if world()[1] > 1 else tensor


def gathered(value):
    """What each process has, in the order of ranks."""
    size = world()[1]
    if size == 1:
        return [value]
    everything = [None] * size
    dist.all_gather_object(everything, value)
    return everything
