#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""factorize.py: a job that never ends, to try a debugger on."""

import logging
import random
import time

logger = logging.getLogger("factorize")


def factorize(number):
    """Return the prime factors of a number, by trial division."""
    factors = []
    divisor = 2
    while divisor * divisor <= number:
        while number % divisor == 0:
            factors.append(divisor)
            number //= divisor
        divisor += 1
    if number > 1:
        factors.append(number)
    return factors


def work_loop():
    """Factorize one random number a second, for good."""
    counter = 0
    while True:
        counter += 1
        number = random.randint(10**5, 10**6)
        factors = factorize(number)
        logger.info("iteration %d: %d = %s", counter, number, " * ".join(map(str, factors)))
        time.sleep(1)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    work_loop()
