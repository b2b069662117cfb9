#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""train.py [RATE]: fit a straight line to points, in as many epochs as it takes: a long job, to look into while it runs."""

import json
import random
import sys
import time

POINTS = [(x / 5, 3 * x / 5 + 1 + random.gauss(0, 0.1)) for x in range(5)]


class Model:
    """y = weight * x + bias"""

    def __init__(self):
        self.weight = self.bias = 0.0

    def save(self, path):
        with open(path, "w", encoding="ascii") as file:
            json.dump(vars(self), file)


def step(model, x, y, rate):
    """Move the model towards one point, return how far off it was."""
    error = model.weight * x + model.bias - y
    model.weight -= rate * error * x
    model.bias -= rate * error
    time.sleep(0.2)  # a real one computes for that long
    return error * error


def train(model, rate):
    epoch = 0
    while True:
        epoch += 1
        loss = 0.0
        for x, y in random.sample(POINTS, len(POINTS)):
            loss += step(model, x, y, rate) / len(POINTS)
        print(f"epoch {epoch}: loss {loss:.4f}")


if __name__ == "__main__":
    model = Model()
    train(model, rate=float(sys.argv[1]) if len(sys.argv) > 1 else 0.05)
