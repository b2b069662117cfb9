#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""extract-kernel.py BZIMAGE ELF: take the uncompressed kernel out of a bzImage.

An emulated machine starts an ELF kernel (PVH) in a fraction of the time that it needs to decompress a bzImage.
"""

import gzip
import lzma
import sys
import zlib
from compression import zstd

FORMATS = (
    (b"\x28\xb5\x2f\xfd", lambda data: zstd.ZstdDecompressor().decompress(data), zstd.ZstdError),
    (b"\xfd7zXZ\x00", lambda data: lzma.LZMADecompressor().decompress(data), lzma.LZMAError),
    (b"\x1f\x8b\x08", lambda data: zlib.decompressobj(wbits=31).decompress(data), (zlib.error, gzip.BadGzipFile)),
)


def candidates(image):
    for magic, decompress, failure in FORMATS:
        at = image.find(magic)
        while at >= 0:
            try:
                yield decompress(image[at:])
            except failure:
                pass
            at = image.find(magic, at + 1)


def main():
    source, target = sys.argv[1:]
    with open(source, "rb") as file:
        image = file.read()
    kernel = next((data for data in candidates(image) if data.startswith(b"\x7fELF")), None)
    if kernel is None:
        sys.exit(f"{source}: no compressed ELF kernel found in it")
    with open(target, "wb") as file:
        file.write(kernel)


main()
