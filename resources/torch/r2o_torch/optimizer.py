"""R2O's optimizers (SPEC section 8), one momentum buffer for each parameter."""

import torch

from .networks import is_lars_excluded


class Optimizer:
    def __init__(self, named_parameters, config):
        self.parameters = dict(named_parameters)
        self.buffers = {name: torch.zeros_like(p) for name, p in self.parameters.items()}
        self.config = config

    @torch.no_grad()
    def step(self, learning_rate):
        update = self._lars if self.config["optimizer"] == "lars" else self._sgd
        for name, parameter in self.parameters.items():
            update(name, parameter, parameter.grad, self.buffers[name], learning_rate)

    def _lars(self, name, parameter, gradient, buffer, learning_rate):
        momentum, decay = self.config["optimizerMomentum"], self.config["weightDecay"]
        if is_lars_excluded(name):
            direction = gradient * learning_rate
        else:
            direction = lars_direction(parameter, gradient, decay, self.config["trust"]) * learning_rate
        buffer.mul_(momentum).add_(direction)
        parameter.sub_(buffer)

    def _sgd(self, name, parameter, gradient, buffer, learning_rate):
        momentum, decay = self.config["optimizerMomentum"], self.config["weightDecay"]
        buffer.mul_(momentum).add_(gradient if decay == 0 else gradient + parameter * decay)
        parameter.sub_(buffer * learning_rate)


def lars_direction(parameter, gradient, decay, trust):
    """The gradient with decay, scaled by the layer's trust ratio; the ratio is 1 where there is nothing to divide by."""
    norm, gradient_norm = parameter.norm(), gradient.norm()
    denominator = gradient_norm + norm * decay
    adapted = (norm > 0) & (denominator > 0)
    ratio = torch.where(adapted, norm * trust / torch.where(adapted, denominator, torch.ones_like(norm)), torch.ones_like(norm))
    return (gradient + parameter * decay) * ratio
