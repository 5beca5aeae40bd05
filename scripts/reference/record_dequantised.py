"""Writes test/fixtures/dequantise/formats.json: bytes of every tensor format and the float32 weights that the reference reads in them.

usage: record_dequantised.py   (pip install gguf)
"""

import base64
import json
import os

import numpy as np
from gguf import GGMLQuantizationType, dequantize, quantize

FOLDER = os.path.join(os.path.dirname(__file__), "../../test/fixtures/dequantise")
ROWS, COLUMNS = 2, 512

# Where the halves of a block lie, and its bytes: the reference can read these formats, not write them.
K_BLOCKS = {"Q3_K": (110, [108]), "Q4_K": (144, [0, 2]), "Q5_K": (176, [0, 2]), "Q6_K": (210, [208])}


def random_blocks(random, size, halves):
    blocks = random.integers(0, 256, (ROWS * COLUMNS // 256, size), dtype=np.uint8)
    for place in halves:
        values = random.normal(0, 0.01, len(blocks)).astype(np.float16)
        blocks[:, place : place + 2] = values.view(np.uint8).reshape(-1, 2)
    return blocks.reshape(ROWS, -1)


def main():
    random = np.random.default_rng(7)
    formats = {}
    for name in ("F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", *K_BLOCKS):
        kind = GGMLQuantizationType[name]
        if name in K_BLOCKS:
            data = random_blocks(random, *K_BLOCKS[name])
        else:
            weights = random.normal(0, 0.2, (ROWS, COLUMNS)).astype(np.float32)
            weights[0, :4] = [0, -0.0, 6e-8, 3e-5]
            weights[1, 64:96] = 0  # a block of nothing
            data = quantize(weights, kind)
        read = dequantize(data, kind).astype("<f4")
        encode = lambda array: base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()
        formats[name] = {"bytes": encode(data), "weights": encode(read)}
    os.makedirs(FOLDER, exist_ok=True)
    with open(os.path.join(FOLDER, "formats.json"), "w", encoding="utf-8") as file:
        json.dump({"shape": [ROWS, COLUMNS], "formats": formats}, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
