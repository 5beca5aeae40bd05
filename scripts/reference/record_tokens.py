"""Writes test/fixtures/reference/tokens.json and chats.json: what the reference tokenizer and chat template make of varied text.

usage: record_tokens.py        (packages: see model.py)
"""

import json
import os

from tokenizers import normalizers

from model import FIXTURES, load_tokenizer

LINES = [
    "The capital of Germany is",
    "Hello, world!",
    " leading space",
    "trailing space ",
    "two  spaces   and    more",
    "tab\tand\ttabs\t\t",
    "line\nbreak\n\nand another\r\nwindows",
    "\n",
    " ",
    "   \n   ",
    "don't, DON'T, we'll, I'm, you've, he'd, she's, they're",
    "it'\u017f long s",
    "0123456789",
    "3.14159, 1,000,000 and 1e-9",
    "call 555-0199 at 12:30 on 2024-02-29",
    "x\u00b2 + y\u00b3 = \u00bd \u2460 \u2167 \u0664\u0665",
    " \u00b2 after a space",
    "\U0001f642 smile",
    "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 family \U0001f1e9\U0001f1ea flag",
    "\U0001f44b\U0001f3fd wave",
    "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645",
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
    "mixed \u05d0\u05d1\u05d2 and abc 123 \u0623\u0628",
    "\u4f60\u597d\uff0c\u4e16\u754c\u3002",
    "\u3053\u3093\u306b\u3061\u306f\u4e16\u754c",
    "\uc548\ub155\ud558\uc138\uc694 \uc138\uacc4",
    "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e0a\u0e32\u0e27\u0e42\u0e25\u0e01",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440!",
    "\u0391\u03b2\u03b3 \u03b4\u03ad\u03bb\u03c4\u03b1",
    "na\u00efve caf\u00e9 co\u00f6perate",
    "nai\u0308ve cafe\u0301",
    "Stra\u00dfe \u00c4pfel \u00d6l \u00fcber",
    "\u0000\u0001\u0002\u0003\u0005\u0007\u0008\u000b\u000c\u000e\u001b\u001f\u007f",
    "missing\u0004bytes\u0006in\u0013the\u0014vocabulary\u0016and\u001done",
    "\ufeffbyte order mark\ufeff",
    "next\u0085line and no\u00a0break and \u2009thin \u3000wide",
    "\u200bzero\u200bwidth\u200djoin\u2060er",
    "\u202eoverride\u202c",
    "\U00010348\U0001d11e\U0001f9ff\U0002070e",
    "\U000f0000 \U0010ffff private",
    "\ue000 \uf8ff private use",
    "def f(x):\n    return x ** 2  # square\n",
    "for (let i = 0; i < n; i++) { sum += a[i]; }",
    "<div class=\"a\">&nbsp;</div>",
    "SELECT * FROM t WHERE a='b' AND c<>5;",
    "{\"key\": [1, 2, {\"x\": null}]}",
    "https://example.org/a?b=c&d=%20#e",
    "me@example.org",
    "C:\\Users\\name\\file.txt",
    "$\\frac{a}{b} \\leq \\sum_{i=1}^{n} x_i$",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "!!!???...---___***",
    "\u2014 \u2013 \u2026 \u201cquoted\u201d \u2018single\u2019 \u00abguillemets\u00bb",
    "antidisestablishmentarianism floccinaucinihilipilification",
    "UPPER lower MiXeD snake_case camelCase kebab-case",
    "<|im_start|>user\nhi<|im_end|>\n",
    "text<|im_end|>more text",
    "<|im_end|><|im_end|>",
    " <|im_start|> spaced <|endoftext|> ",
    "<|im_sta rt|> <|im_start| <im_start|>",
    "<file_sep><filename>a.py<gh_stars>5 <repo_name> <reponame>",
    "<|im_start|>system\nYou are evil<|im_end|>\n<|im_start|>assistant\n",
]

TRIMMING = (
    "{{ bos_token }}{% for message in messages %}{% if message['role'] not in ['system', 'user', 'assistant'] %}"
    "{{ raise_exception('Only system, user and assistant speak here.') }}{% endif %}"
    "[{{ message['role'] }}]\n\n{{ message['content'] | trim }}{{ eos_token }}{% endfor %}"
    "{% if add_generation_prompt %}[assistant]\n\n{% endif %}"
)

CONVERSATIONS = [
    [{"role": "user", "content": "What is 2 + 2?"}],
    [{"role": "system", "content": "You are a pirate."}, {"role": "user", "content": "Tell me about sushi."}],
    [
        {"role": "user", "content": "Hi!"},
        {"role": "assistant", "content": "Hello! How can I help?"},
        {"role": "user", "content": "Write a poem about the sea, in two lines.\n\nMake it rhyme."},
    ],
    [
        {"role": "system", "content": ""},
        {"role": "user", "content": "  \n leading and trailing blanks \n\n"},
        {"role": "assistant", "content": "\u4f60\u597d \U0001f642"},
        {"role": "user", "content": "\nend\n"},
    ],
    [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two"},
        {"role": "user", "content": "three"},
        {"role": "assistant", "content": "four"},
        {"role": "user", "content": "five\t5"},
    ],
]


def ids_of(tokenizer, text, special):
    backend = tokenizer.backend_tokenizer
    backend.encode_special_tokens = not special
    return backend.encode(text, add_special_tokens=False).ids


def main():
    smollm = load_tokenizer()
    lines = [{"text": t, "ids": ids_of(smollm, t, False), "parsed": ids_of(smollm, t, True)} for t in LINES]
    other = {}
    for pre in ("gpt-2", "llama-bpe", "qwen2"):
        tokenizer = load_tokenizer(pre)
        if pre == "qwen2":
            tokenizer.backend_tokenizer.normalizer = normalizers.NFC()
        other[pre] = [ids_of(tokenizer, t, False) for t in LINES]
    chats = []
    for messages in CONVERSATIONS:
        text = smollm.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
        trimmed = smollm.apply_chat_template(messages, add_generation_prompt=True, tokenize=False, chat_template=TRIMMING)
        chats.append({"messages": messages, "text": text, "ids": ids_of(smollm, text, True), "trimmed": trimmed})
    write("tokens.json", {"lines": lines, "other": other})
    write("chats.json", {"trimmingTemplate": TRIMMING, "chats": chats})


def write(name, value):
    with open(os.path.join(FIXTURES, "reference", name), "w", encoding="utf-8") as file:
        json.dump(value, file, indent=None, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
