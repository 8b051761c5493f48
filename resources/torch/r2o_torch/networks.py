"""The networks of R2O with the names that the app's checkpoints use (SPEC section 6)."""

import contextlib

import torch
import torch.nn.functional as F
from torch import nn

from .parallel import summed, world


class BatchNorm(nn.Module):
    """
    Batch normalisation over [..., C] rows or [B, C, H, W] maps, with the statistics of the batch unless it is frozen. With
    several processes, mean and variance are those of all of them, on any device; torch.nn.SyncBatchNorm wants GPUs.
    """

    # Whether running statistics are used, and left as they are.
    is_frozen = False

    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        if self.is_frozen:
            return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.1, 1e-5)
        if world()[1] == 1:
            return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, True, 0.1, 1e-5)
        axes = [axis for axis in range(x.dim()) if axis != 1]
        wide = x if x.dtype == torch.float64 else x.float()
        count = torch.full((1,), float(x.numel() // x.shape[1]), dtype=wide.dtype, device=x.device)
        sums = summed(torch.cat([wide.sum(axes), count]))
        total = sums[-1].detach()
        mean = sums[:-1] / total
        shape = [1, -1] + [1] * (x.dim() - 2)
        centred = wide - mean.view(shape)
        variance = summed(centred.square().sum(axes)) / total
        with torch.no_grad():
            self.running_mean.lerp_(mean, 0.1)
            self.running_var.lerp_(variance * (total / (total - 1).clamp(min=1)), 0.1)
        scaled = centred * (self.weight * torch.rsqrt(variance + 1e-5)).view(shape)
        return (scaled + self.bias.view(shape)).to(x.dtype)


def _conv(inputs, outputs, size, stride=1):
    return nn.Conv2d(inputs, outputs, size, stride, (size - 1) // 2, bias=False)


class _Block(nn.Module):
    def __init__(self, inputs, inner, outputs, stride):
        super().__init__()
        if inner == outputs:
            sizes = [(3, inputs, inner, stride), (3, inner, outputs, 1)]
        else:
            # torchvision puts a bottleneck's stride on the 3x3 convolution (ResNet v1.5).
            sizes = [(1, inputs, inner, 1), (3, inner, inner, stride), (1, inner, outputs, 1)]
        self.depth = len(sizes)
        for at, (size, i, o, s) in enumerate(sizes, 1):
            setattr(self, f"conv{at}", _conv(i, o, size, s))
            setattr(self, f"bn{at}", BatchNorm(o))
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(_conv(inputs, outputs, 1, stride), BatchNorm(outputs))

    def forward(self, x):
        branch = x
        for at in range(1, self.depth + 1):
            branch = getattr(self, f"bn{at}")(getattr(self, f"conv{at}")(branch))
            if at < self.depth:
                branch = F.relu(branch)
        return F.relu(branch + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """spec: block (basic or bottleneck), depths of the four stages, width of the stem."""

    def __init__(self, spec):
        super().__init__()
        width, expansion = spec["width"], 1 if spec["block"] == "basic" else 4
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = BatchNorm(width)
        inputs = width
        for stage, depth in enumerate(spec["depths"]):
            inner = width * 2**stage
            blocks = []
            for at in range(depth):
                stride = 2 if at == 0 and stage > 0 else 1
                blocks.append(_Block(inputs, inner, inner * expansion, stride))
                inputs = inner * expansion
            setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
        self.channels = inputs

    def forward(self, x):
        """x [B, 3, H, W]; the maps of layer3 (stride 16) and layer4 (stride 32)."""
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        c4 = self.layer3(self.layer2(self.layer1(x)))
        return c4, self.layer4(c4)


class Mlp(nn.Module):
    def __init__(self, inputs, hidden, outputs):
        super().__init__()
        self.l1 = nn.Linear(inputs, hidden)
        self.bn1 = BatchNorm(hidden)
        self.l2 = nn.Linear(hidden, outputs)

    def forward(self, rows):
        return self.l2(F.relu(self.bn1(self.l1(rows))))


class Branch(nn.Module):
    """Encoder and projector."""

    def __init__(self, spec, hidden, embedding):
        super().__init__()
        self.backbone = ResNet(spec)
        self.projector = Mlp(self.backbone.channels, hidden, embedding)

    def forward(self, views, masks):
        """views [B, 3, H, W], masks [B, K, cells]: one projection for each region, [B * K, embedding]."""
        _, map5 = self.backbone(views)
        return self.projector(pool_masks(map5, masks).flatten(0, 1))


class Online(nn.Module):
    """All that gradients update."""

    def __init__(self, spec, hidden, embedding):
        super().__init__()
        self.online = Branch(spec, hidden, embedding)
        self.predictor = Mlp(embedding, hidden, embedding)

    def forward(self, views, masks):
        return self.predictor(self.online(views, masks))


class Networks(nn.Module):
    """Online and target network, with the names of the app: online.backbone.conv1.weight, ..."""

    def __init__(self, spec, hidden, embedding):
        super().__init__()
        self.trained = Online(spec, hidden, embedding)
        self.target = Branch(spec, hidden, embedding)
        self.target.requires_grad_(False)


@contextlib.contextmanager
def frozen(network):
    """Normalises with running statistics, so that what is computed leaves no trace."""
    layers = [module for module in network.modules() if isinstance(module, BatchNorm)]
    for layer in layers:
        layer.is_frozen = True
    try:
        yield
    finally:
        for layer in layers:
            layer.is_frozen = False


def pool_masks(features, masks):
    """features [B, C, H, W], masks [B, M, H * W]: mean under each mask, [B, M, C]; an area below 1 counts as 1."""
    cells = features.flatten(2).transpose(1, 2)  # [B, H * W, C]
    return (masks.to(cells.dtype) @ cells) / masks.sum(2, keepdim=True).clamp(min=1)


def is_lars_excluded(name):
    """Biases and scales; the scale of the stem is not (SPEC Q9)."""
    if name.endswith(".bias"):
        return True
    is_scale = ".bn" in name or ".downsample.1." in name
    return is_scale and not name.endswith(".backbone.bn1.weight")
