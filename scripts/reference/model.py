"""Loads the reference: Hugging Face transformers on the weights and the vocabulary of a GGUF file.

pip install torch==2.13.0 transformers==5.23.0 accelerate gguf
"""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from tokenizers import Regex, pre_tokenizers
from transformers import AutoModelForCausalLM, AutoTokenizer

MODEL = os.path.join(
    os.path.dirname(__file__), "../../models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf"
)
FIXTURES = os.path.join(os.path.dirname(__file__), "../../test/fixtures")


def byte_level(use_regex):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=use_regex)


def isolate(pattern):
    return pre_tokenizers.Split(Regex(pattern), behavior="isolated", invert=False)


def llama3(digits):
    return (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|" + digits + r"| ?[^\s\p{L}\p{N}]+[\r\n]*|"
        r"\s*[\r\n]+|\s+(?!\S)|\s+"
    )


# As the publishers' own tokenizer.json files have them; reading a GGUF gives plain byte level for all of them.
PRE_TOKENIZERS = {
    "smollm": lambda: pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level(True)]),
    "gpt-2": lambda: byte_level(True),
    "llama-bpe": lambda: pre_tokenizers.Sequence([isolate(llama3(r"\p{N}{1,3}")), byte_level(False)]),
    "qwen2": lambda: pre_tokenizers.Sequence([isolate(llama3(r"\p{N}")), byte_level(False)]),
}


def load_tokenizer(pre="smollm"):
    folder, name = os.path.split(os.path.abspath(MODEL))
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    tokenizer.backend_tokenizer.pre_tokenizer = PRE_TOKENIZERS[pre]()
    return tokenizer


def load_model():
    folder, name = os.path.split(os.path.abspath(MODEL))
    return AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32).eval()
