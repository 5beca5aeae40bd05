"""Writes test/fixtures/reference/taps.json, taps.f32 and logits.f32: every tap of the last position, and its logits.

usage: record_taps.py          (packages: see model.py)

taps.f32    float32, little-endian [prompts, layers * 4, hidden]; taps in the order attn_out, resid_mid, mlp_out, resid_post
logits.f32  float32, little-endian [prompts, vocabulary]
taps.json   the shapes, and text and ids of every prompt (special tokens in the text are parsed)
"""

import json
import os

import numpy as np
import torch

from model import FIXTURES, load_model, load_tokenizer

PROMPTS = [
    "My favorite dish",
    "The capital of Germany is",
    "Sushi is a dish from the country of",
    "Pineapples are a delicious fruit",
    "My favorite dish to eat is",
    "def fibonacci(n):\n    if n < 2:\n        return n\n    return",
    "Die Hauptstadt von Frankreich hei\u00dft Paris, und die von Italien hei\u00dft",
    "In 1969, 3 astronauts flew 384,400 km to the \U0001f319 and",
    "<|im_start|>user\nTell me about sushi.<|im_end|>\n<|im_start|>assistant\nSushi is a",
    "The committee met on Tuesday to review the safety report. Its chair, an engineer with thirty years of experience, "
    "asked whether the audit had covered every valve, and whether anyone had checked the figures against the original "
    "logs. Nobody answered at first. Then the youngest member of the team stood up and",
]


def record(model, ids):
    """ids [1, S] -> (taps [layers * 4, hidden], logits [vocabulary]) of the last position"""
    layers = model.model.layers
    taps = torch.zeros(len(layers) * 4, model.config.hidden_size)

    def keep(row):
        def hook(module, args, output):
            taps[row] = (output[0] if isinstance(output, tuple) else output).reshape(-1, taps.shape[1])[-1]

        return hook

    def keep_input(row):
        def hook(module, args):
            taps[row] = args[0].reshape(-1, taps.shape[1])[-1]

        return hook

    handles = []
    for index, block in enumerate(layers):
        handles.append(block.self_attn.register_forward_hook(keep(4 * index)))
        # The norm before the MLP reads the residual after attention.
        handles.append(block.post_attention_layernorm.register_forward_pre_hook(keep_input(4 * index + 1)))
        handles.append(block.mlp.register_forward_hook(keep(4 * index + 2)))
        handles.append(block.register_forward_hook(keep(4 * index + 3)))
    with torch.no_grad():
        logits = model(ids).logits[0, -1]
    for handle in handles:
        handle.remove()
    return taps.numpy(), logits.numpy()


def main():
    tokenizer, model = load_tokenizer(), load_model()
    prompts, taps, logits = [], [], []
    for text in PROMPTS:
        ids = tokenizer(text, return_tensors="pt").input_ids
        rows, row = record(model, ids)
        prompts.append({"text": text, "ids": ids[0].tolist()})
        taps.append(rows)
        logits.append(row)
    taps, logits = np.stack(taps).astype("<f4"), np.stack(logits).astype("<f4")
    folder = os.path.join(FIXTURES, "reference")
    taps.tofile(os.path.join(folder, "taps.f32"))
    logits.tofile(os.path.join(folder, "logits.f32"))
    with open(os.path.join(folder, "taps.json"), "w", encoding="utf-8") as file:
        json.dump({"taps": taps.shape, "logits": logits.shape, "prompts": prompts}, file, indent=1)
        file.write("\n")
    print([len(prompt["ids"]) for prompt in prompts], taps.shape, logits.shape)


if __name__ == "__main__":
    main()
