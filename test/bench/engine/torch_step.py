"""The yardstick of `npm run bench -- engine`: R2O's training step, or an encoder's forward pass, in PyTorch on the CPU.

The same work as test/bench/engine/measure.ts at the same settings, on random numbers: superpixel features of whole images
by the target network, ten iterations of K-means, the update with both views, momentum SGD, moving average. Runs on
PyTorch 1.13 (Debian) and 2.x; --channels-last and --compile are what 2.x may gain by. Prints one line of JSON.
"""

import argparse
import copy
import json
import resource
import statistics
import time

import torch
import torchvision
from torch import nn
from torch.nn import functional as F

REGIONS, SUPERPIXELS, KMEANS_ITERATIONS = 32, 100, 10
HIDDEN, EMBEDDING = 1024, 256
EMA_DECAY = 0.99


def options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mode", choices=("step", "infer"), required=True)
    parser.add_argument("--arch", choices=("resnet18", "resnet50"), required=True)
    for name in ("batch", "size", "steps", "threads"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--channels-last", action="store_true")
    parser.add_argument("--compile", action="store_true")
    return parser.parse_args()


class Head(nn.Module):
    """Linear, batch normalization, rectifier, linear: projector and predictor."""

    def __init__(self, inputs):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(inputs, HIDDEN), nn.BatchNorm1d(HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, EMBEDDING)
        )

    def forward(self, rows):
        return self.layers(rows)


class Branch(nn.Module):
    """Encoder and projector; the projector takes the mean feature of each region."""

    def __init__(self, arch):
        super().__init__()
        net = getattr(torchvision.models, arch)()
        self.until_c4 = nn.Sequential(
            net.conv1, net.bn1, net.relu, net.maxpool, net.layer1, net.layer2, net.layer3
        )
        self.c5 = net.layer4
        self.projector = Head(net.fc.in_features)

    def forward(self, images, masks):
        cells = self.c5(self.until_c4(images)).flatten(2).transpose(1, 2)
        return self.projector(means(cells, masks).flatten(0, 1))


def means(cells, masks):
    return masks @ cells / masks.sum(-1, keepdim=True).clamp(min=1e-6)


def kmeans(rows):
    centres = rows[:REGIONS]
    for _ in range(KMEANS_ITERATIONS):
        distances = (centres * centres).sum(1) - 2 * rows @ centres.T
        members = F.one_hot(distances.argmin(1), REGIONS).float()
        centres = members.T @ rows / members.sum(0).clamp(min=1)[:, None]
    return centres


def training(o, maybe_compiled, laid_out):
    online = laid_out(Branch(o.arch).train())
    target = copy.deepcopy(online).requires_grad_(False)
    predictor = Head(EMBEDDING).train()
    views, whole = laid_out(torch.rand(2 * o.batch, 3, o.size, o.size)), laid_out(torch.rand(o.batch, 3, o.size, o.size))
    masks = torch.rand(2 * o.batch, REGIONS, (o.size // 32) ** 2)
    superpixels = torch.rand(o.batch, SUPERPIXELS, (o.size // 16) ** 2)
    optimizer = torch.optim.SGD([*online.parameters(), *predictor.parameters()], lr=1e-3, momentum=0.9)
    run_online, run_target, run_predictor = map(maybe_compiled, (online, target, predictor))
    run_whole = maybe_compiled(target.until_c4)

    def step():
        with torch.no_grad():
            cells = run_whole(whole).flatten(2).transpose(1, 2)
            kmeans(F.normalize(means(cells, superpixels).flatten(0, 1), dim=1))
            for kept, new in zip(target.parameters(), online.parameters()):
                kept.lerp_(new, 1 - EMA_DECAY)
            wanted = F.normalize(run_target(views, masks), dim=1).roll(o.batch * REGIONS, 0)
        predicted = F.normalize(run_predictor(run_online(views, masks)), dim=1)
        loss = (predicted - wanted).square().sum(1).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()

    return step


def inference(o, maybe_compiled, laid_out):
    net = laid_out(Branch(o.arch).eval())
    images = laid_out(torch.rand(o.batch, 3, o.size, o.size))

    def features(x):
        c4 = net.until_c4(x)
        return c4, net.c5(c4)

    run = maybe_compiled(features)

    def step():
        with torch.no_grad():
            run(images)

    return step


def main():
    o = options()
    torch.set_num_threads(o.threads)
    torch.manual_seed(0)
    maybe_compiled = torch.compile if o.compile else lambda function: function
    laid_out = (lambda x: x.to(memory_format=torch.channels_last)) if o.channels_last else lambda x: x
    work = (training if o.mode == "step" else inference)(o, maybe_compiled, laid_out)
    for _ in range(2):
        work()
    times = []
    for _ in range(o.steps):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1e3)
    median = statistics.median(times)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        json.dumps(
            {
                "medianMs": median,
                "minMs": min(times),
                "imagesPerS": o.batch / median * 1e3,
                "peakRssMiB": peak,
                "version": torch.__version__,
            }
        )
    )


main()
