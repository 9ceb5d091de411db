"""Seconds of an epoch in PyTorch: the network, the batch and the optimizer of `scones-model`, on random images, without
augmentation. Prints the fastest of some epochs in the faster of the two memory layouts. Arguments: images, epochs."""

import sys
import time

import torch
from torch import nn

WIDTHS = (32, 64, 128, 128)
BATCH = 64


def network():
    """Convolutions with batch norm, pooled down, averaged, and a linear layer."""
    layers, channels = [], 3
    for index, width in enumerate(WIDTHS):
        layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)]
        if index + 1 < len(WIDTHS):
            layers.append(nn.MaxPool2d(2))
        layers.append(nn.ReLU())
        channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, 2))


def seconds(images, epochs, layout):
    """The fastest epoch."""
    torch.manual_seed(0)
    model = network().to(memory_format=layout)
    pixels = torch.randn(images, 3, 32, 32).contiguous(memory_format=layout)
    classes = torch.randint(0, 2, (images,))
    optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9, nesterov=True, weight_decay=5e-4)
    times = []
    for _ in range(epochs):
        begun = time.perf_counter()
        for at in range(0, images, BATCH):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(pixels[at : at + BATCH]), classes[at : at + BATCH]).backward()
            optimizer.step()
        times.append(time.perf_counter() - begun)
    return min(times)


torch.set_num_threads(1)
sizes = [int(number) for number in sys.argv[1:3]]
print(min(seconds(*sizes, layout) for layout in (torch.contiguous_format, torch.channels_last)))
