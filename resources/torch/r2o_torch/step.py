"""A training step of R2O (SPEC sections 4 to 8), on the images that this process has of a batch."""

import contextlib
import math

import numpy as np
import torch
from torch.nn.parallel import DistributedDataParallel

from . import superpixels as sp
from .clustering import kmeans
from .draws import Draws
from .networks import Networks, frozen, pool_masks
from .optimizer import Optimizer
from .parallel import gathered, summed, world
from .schedules import K_ALL_SUPERPIXELS

_VISIBLE_AREA = 1e-3


class Trainer:
    """
    The networks of a run and what trains them.
    spec: block, depths and width of the encoder; config: the app's settings of a run.
    options: device, is_bf16, is_channels_last, is_compiled, clusters_per_process, and parts: how many the images of this
    process are divided into for the update, of which gradients are added up.
    """

    def __init__(
        self, spec, config, device="cpu", is_bf16=False, is_channels_last=False, is_compiled=False, clusters_per_process=False, parts=1
    ):
        self.config = config
        self.parts = parts
        self.device = torch.device(device)
        self.networks = Networks(spec, config["hidden"], config["embedding"]).to(self.device)
        self.format = torch.channels_last if is_channels_last else torch.contiguous_format
        self.networks.to(memory_format=self.format)
        self.optimizer = Optimizer(self.networks.trained.named_parameters(), config)
        self.is_bf16 = is_bf16
        self.clusters_per_process = clusters_per_process
        self.slots = 0
        self._is_compiled = is_compiled
        self._online = None

    def _forward(self):
        """What is called for the online network, made when the weights are in place: processes start from those of the first."""
        if self._online is None:
            online = self.networks.trained
            if self._is_compiled:
                online = torch.compile(online)
            if world()[1] > 1:
                ids = [self.device.index or 0] if self.device.type == "cuda" else None
                # Statistics are those of all processes already.
                online = DistributedDataParallel(online, device_ids=ids, broadcast_buffers=False)
            self._online = online
        return self._online

    def _precision(self):
        if not self.is_bf16:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)

    def _maps(self, images):
        """[B, H, W, 3] float32 to what networks read."""
        tensor = torch.as_tensor(images, device=self.device).permute(0, 3, 1, 2)
        return tensor.contiguous(memory_format=self.format)

    def step(self, batch, rates):
        """
        Trains on a batch. `batch` has the images of this process: step, views [2, b, H, W, 3], spanning [b, H, W, 3],
        boxes [b, 2, 5], superpixels (a list of count, coarse and fine cells).
        """
        masks, visible, k, entropy = self._regions(batch, rates)
        image_count = sum(gathered(len(batch["superpixels"])))
        seen = sum(gathered(visible))
        metrics = {"visibleShare": seen / (k * image_count)}
        if entropy is not None:
            metrics["clusterEntropy"] = entropy
        if seen == 0:
            return metrics
        views = self._maps(batch["views"].reshape(-1, *batch["views"].shape[2:]))
        update = self.update(views, torch.as_tensor(masks, device=self.device), rates["learningRate"], rates["emaDecay"])
        metrics.update({name: update[name] for name in ("loss", "gradientNorm")})
        counted = (masks.reshape(-1, masks.shape[2]) > 0).any(1)
        metrics["featureSpread"] = _spread(update["projections"].float().cpu().numpy()[counted])
        return metrics

    def update(self, views, masks, learning_rate, ema_decay):
        """views [2b, 3, H, W]: first views, then second views; masks [2b, K, cells]. Outputs as the app's update step."""
        self.average(ema_decay)
        self.networks.trained.zero_grad(set_to_none=True)
        weights = self.weights(masks)
        # The weights of all parts and processes: a part's loss is its share of the whole one.
        weight = summed(weights.sum().detach().clone()).clamp(min=_VISIBLE_AREA**2)
        losses, predictions, projections = zip(*(
            self._part(views[rows], masks[rows], weights.view(len(masks), -1)[rows].flatten(), weight, is_last)
            for rows, is_last in self._parts(len(views) // 2)
        ))
        gradients = [p.grad for p in self.networks.trained.parameters()]
        norm = torch.stack([g.square().sum() for g in gradients]).sum().sqrt()
        self.optimizer.step(learning_rate)
        total = summed(torch.stack(losses).sum())
        return {
            "loss": float(total),
            "gradientNorm": float(norm),
            "predictions": _rejoined(predictions),
            "projections": _rejoined(projections),
        }

    def _parts(self, images):
        """Rows of the views of each part, [2b] as those of the whole batch, and whether it is the last."""
        if images % self.parts != 0:
            raise ValueError(f"{images} images cannot be divided into {self.parts} parts")
        share = images // self.parts
        for part in range(self.parts):
            first = torch.arange(part * share, (part + 1) * share, device=self.device)
            yield torch.cat([first, first + images]), part == self.parts - 1

    def _part(self, views, masks, weights, weight, is_last):
        """Adds the gradients of some images. Their part of the loss, predictions and projections."""
        with torch.no_grad(), self._precision():
            projected = self.networks.target(views, masks)
        # The target sees the views exchanged.
        first, second = _wide(projected).chunk(2)
        projections = torch.cat([second, first])
        online = self._forward()
        # Processes add their gradients up once, with those of the last part.
        waits = contextlib.nullcontext() if is_last or world()[1] == 1 else online.no_sync()
        with waits:
            with self._precision():
                predictions = online(views, masks)
            predictions = _wide(predictions)
            distance = (unit_rows(predictions) - unit_rows(projections)).square().sum(1)
            loss = (distance * weights).sum() / weight
            # DistributedDataParallel gives the mean over processes; each has its part of the sum.
            (loss * world()[1]).backward()
        return loss.detach(), predictions.detach(), projections

    @torch.no_grad()
    def average(self, decay):
        """The target follows the online network, as that was before its gradient step."""
        for target, online in zip(self.networks.target.parameters(), self.networks.trained.online.parameters()):
            target.mul_(decay).add_(online, alpha=1 - decay)

    def weights(self, masks):
        """Weight of each region, [2b * K]: 1 where both views show it, times its area if the run says so."""
        first, second = masks.sum(2).chunk(2)  # [b, K] each
        weight = ((first > _VISIBLE_AREA) & (second > _VISIBLE_AREA)).to(masks.dtype)
        if self.config["isWeightedByArea"]:
            weight = weight * (first + second) * 0.5
        return torch.cat([weight, weight]).flatten()

    @torch.no_grad()
    def features(self, spanning, masks):
        """Cluster stage: unit mean feature of each superpixel, [b, slots, C]. The target's statistics take part in it."""
        with self._precision():
            c4, _ = self.networks.target.backbone(self._maps(spanning))
        pooled = pool_masks(_wide(c4), torch.as_tensor(masks, device=self.device))
        return unit_rows(pooled).cpu().numpy()

    def embed(self, spanning, masks):
        """As `features`, with running statistics: nothing of the state changes."""
        with frozen(self.networks.target):
            return self.features(spanning, masks)

    def _regions(self, batch, rates):
        """Masks [2b, K, cells], regions that both views show here, K, and the entropy of cluster sizes."""
        images, k = batch["superpixels"], rates["regionCount"]
        cells = self.config["viewPx"] // 32
        longest = max(gathered(max(count for count, _, _ in images)))
        self.slots = max(self.slots, longest)
        if k == K_ALL_SUPERPIXELS:
            maps = [sp.soft_masks(fine, longest).reshape(sp.REGION_GRID, sp.REGION_GRID, -1) for _, _, fine in images]
            return (*mask_views(maps, batch["boxes"], cells), longest, None)
        regions, entropy = self._cluster(batch, k, longest)
        rule = "official-average" if self.config["parity"] == "official" else "largest-region"
        maps = [sp.one_hot(sp.region_map(fine, own, rule), k) for (_, _, fine), own in zip(images, regions)]
        return (*mask_views(maps, batch["boxes"], cells), k, entropy)

    def _cluster(self, batch, k, longest):
        """Region of each superpixel of the images here; regions are shared by all images that are clustered together."""
        images = batch["superpixels"]
        masks = np.stack([sp.soft_masks(coarse, self.slots).T for _, coarse, _ in images])
        features = self.features(batch["spanning"], masks)
        is_official = self.config["parity"] == "official"
        labels = [np.arange(longest) if is_official else seen_labels(count, coarse) for count, coarse, _ in images]
        own = np.concatenate([features[at][chosen] for at, chosen in enumerate(labels)])
        rank, size = world()
        seed, step = self.config["seed"], batch["step"]
        if self.clusters_per_process and size > 1:
            assigned, *_ = kmeans(own, k, Draws(seed, step, "kmeans", rank))
            entropy = None
        else:
            parts = gathered(own)
            together, *_ = kmeans(np.concatenate(parts), k, Draws(seed, step, "kmeans"))
            entropy = _entropy(together)
            before = sum(len(part) for part in parts[:rank])
            assigned = together[before : before + len(own)]
        regions, at = [], 0
        for (count, _, _), chosen in zip(images, labels):
            region = np.full(count, sp.NO_REGION)
            for label, cluster in zip(chosen, assigned[at : at + len(chosen)]):
                if label < count:
                    region[label] = cluster
            regions.append(region)
            at += len(chosen)
        return regions, entropy


def _rejoined(parts):
    """[2b * K, n] of parts, each with its first views before its second, in the order of the whole batch."""
    firsts, seconds = zip(*(part.chunk(2) for part in parts))
    return torch.cat([*firsts, *seconds])


def _wide(tensor):
    """What autocast made narrow, in float32 again."""
    return tensor.float() if tensor.dtype in (torch.bfloat16, torch.float16) else tensor


def unit_rows(rows):
    """Divided by their length; rows of zeros stay, with a gradient of zero."""
    return rows / rows.square().sum(-1, keepdim=True).clamp(min=1e-24).sqrt()


def seen_labels(count, coarse):
    """Superpixels that the feature grid sees: the others have no feature to cluster by."""
    labels, shares = coarse
    seen = np.zeros(count, bool)
    seen[labels[shares > 0]] = True
    return np.nonzero(seen)[0]


def mask_views(maps, boxes, cells):
    """maps [56, 56, K] of each image, boxes [b, 2, 5]: masks [2b, K, cells * cells], and how many regions both views show."""
    masks = np.stack(
        [
            sp.roi_align(region, sp.roi_sampling(boxes[image][view], cells))
            for view in (0, 1)
            for image, region in enumerate(maps)
        ]
    )
    area = masks.astype(np.float64).sum(2).reshape(2, len(maps), -1)
    return masks, int((area > _VISIBLE_AREA).all(0).sum())


def _spread(rows):
    """1 where every direction is used alike, 0 where all embeddings have collapsed."""
    length = np.linalg.norm(rows, axis=1)
    units = rows[length > 0].astype(np.float64) / length[length > 0, None]
    if len(units) < 2:
        return 0.0
    return float(units.std(0).mean() * math.sqrt(units.shape[1]))


def _entropy(labels):
    """1 for clusters of one size, 0 where everything is in one."""
    sizes = np.bincount(labels)
    if len(sizes) < 2:
        return 0.0
    shares = sizes[sizes > 0] / len(labels)
    return float(-(shares * np.log(shares)).sum() / math.log(len(sizes)))
