"""Checkpoints as the app writes and reads them: safetensors with its names, filters [kh, kw, I, O], linear [in, out]."""

import json
import os
import struct

import numpy as np
import torch

_KEY = "r2o_checkpoint"
_PREVIEW = "preview."
_DTYPES = {"F32": np.dtype("<f4"), "U8": np.dtype("u1")}


class CheckpointError(Exception):
    """A checkpoint that cannot be used, and why."""


def read_safetensors(path):
    """Arrays by name, and the file's own metadata."""
    with open(path, "rb") as file:
        data = file.read()
    try:
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + length])
        metadata = header.pop("__metadata__", {})
        start = 8 + length
        arrays = {}
        for name, entry in header.items():
            begin, end = entry["data_offsets"]
            if start + end > len(data):
                raise CheckpointError(f"{path} is cut off")
            values = np.frombuffer(data[start + begin : start + end], _DTYPES[entry["dtype"]])
            arrays[name] = values.reshape(entry["shape"])
        return arrays, metadata
    except (struct.error, ValueError, KeyError) as error:
        raise CheckpointError(f"{path} is not a checkpoint, or damaged: {error}") from error


def write_safetensors(path, arrays, metadata):
    """The file appears under its name only when all of it is on the disk."""
    header, offset = {"__metadata__": metadata}, 0
    for name, array in arrays.items():
        dtype = "U8" if array.dtype == np.uint8 else "F32"
        header[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [offset, offset + array.nbytes]}
        offset += array.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    partial = f"{path}.{os.getpid()}.partial"
    with open(partial, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for array in arrays.values():
            file.write(np.ascontiguousarray(array).tobytes())
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)


def own_name(name):
    """The app's name of one of `Networks`' tensors: trained.online.x is online.x."""
    return name[len("trained.") :] if name.startswith("trained.") else name


def to_app(tensor):
    array = tensor.detach().float().cpu().numpy()
    if array.ndim == 4:
        array = array.transpose(2, 3, 1, 0)
    elif array.ndim == 2:
        array = array.T
    return np.ascontiguousarray(array)


def from_app(array):
    if array.ndim == 4:
        array = array.transpose(3, 2, 0, 1)
    elif array.ndim == 2:
        array = array.T
    return torch.from_numpy(np.array(array, order="C"))


def save(path, networks, optimizer, step, slots, previews):
    """
    The state after `step` steps.
    previews: arrays of the latest region maps, which only the app makes; they are handed on.
    """
    arrays = {own_name(name): to_app(tensor) for name, tensor in networks.state_dict().items()}
    arrays.update({f"momentum.{name}": to_app(buffer) for name, buffer in optimizer.buffers.items()})
    arrays.update({f"{_PREVIEW}{index}": preview for index, preview in enumerate(previews)})
    description = {"version": 1, "step": step, "superpixelSlots": slots}
    write_safetensors(path, arrays, {_KEY: json.dumps(description)})


def load(path, networks, optimizer):
    """Puts a state back. Returns the steps done, the superpixel slots and the previews."""
    arrays, metadata = read_safetensors(path)
    description = json.loads(metadata.get(_KEY, "null"))
    if not isinstance(description, dict) or description.get("version") != 1:
        raise CheckpointError(f"{path} is not a checkpoint of this version")
    with torch.no_grad():
        for name, tensor in networks.state_dict().items():
            _put(tensor, arrays, own_name(name), path)
        for name, buffer in optimizer.buffers.items():
            _put(buffer, arrays, f"momentum.{name}", path)
    previews = []
    while f"{_PREVIEW}{len(previews)}" in arrays:
        previews.append(arrays[f"{_PREVIEW}{len(previews)}"])
    return description["step"], description["superpixelSlots"], previews


def _put(tensor, arrays, name, path):
    if name not in arrays:
        raise CheckpointError(f"{path} has no '{name}': it is of another network")
    value = from_app(arrays[name])
    if value.shape != tensor.shape:
        raise CheckpointError(f"{path} has '{name}' as {tuple(value.shape)}, not {tuple(tensor.shape)}")
    tensor.copy_(value)
