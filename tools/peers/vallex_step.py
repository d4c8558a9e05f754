#!/usr/bin/env python3
"""Times the public operator sequence of VALL-E X's language model in PyTorch on the CPU: what `voxlip bench run --stage
vallex.ar_step,vallex.prefill,vallex.nar` is compared with.

Public sizes and seeded random weights in float32; 60 text tokens, a prompt of 225 frames. The network comes from a folder of
plain PyTorch modules (--reference: vallex_lm.py). Prefill, single cached steps in the middle of the clip (the cache grows by
torch.cat as in the public code) and one pass of the non-autoregressive stage over text, prompt and clip, times seven.
Needs torch. Allocator settings belong to the comparison: run both sides with, for instance,
MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=8000000000.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time

import torch

DIM, HEADS, LAYERS, TEXT, PROMPT = 1024, 16, 12, 60, 225


def weights(stages):
    """Random weights of the public sizes, by the keys of the public state dict."""
    w = {}
    linear = lambda key, out, inner: w.update({key: torch.randn(out, inner) * inner**-0.5})
    for stage in stages:
        w[f"{stage}_text_embedding.word_embeddings.weight"] = torch.randn(2048, DIM)
        w[f"{stage}_language_embedding.word_embeddings.weight"] = torch.randn(3, DIM)
        for part in ("text", "audio"):
            w[f"{stage}_{part}_position.alpha"] = torch.ones(1)
        norms = [f"{stage}_decoder.norm"]
        for i in range(LAYERS):
            k = f"{stage}_decoder.layers.{i}."
            norms += [k + "norm1", k + "norm2"]
            shapes = {"self_attn.in_proj_": (3 * DIM, DIM), "self_attn.out_proj.": (DIM, DIM)}
            shapes.update({"linear1.": (4 * DIM, DIM), "linear2.": (DIM, 4 * DIM)})
            for name, (out, inner) in shapes.items():
                linear(k + name + "weight", out, inner)
                w[k + name + "bias"] = torch.zeros(out)
        for norm in norms:
            adaptive = ".norm" if stage == "nar" else ""
            w[norm + adaptive + ".weight"], w[norm + adaptive + ".bias"] = torch.ones(DIM), torch.zeros(DIM)
            if adaptive:
                linear(norm + ".project_layer.weight", 2 * DIM, DIM)
                w[norm + ".project_layer.bias"] = torch.zeros(2 * DIM)
    w["ar_audio_embedding.word_embeddings.weight"] = torch.randn(1026, DIM)
    linear("ar_predict_layer.weight", 1025, DIM)
    return w


def timed(call, repeat):
    call()
    times = []
    for _ in range(repeat):
        begin = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - begin))
    return dict(p50_ms=round(statistics.median(times), 3), min_ms=round(min(times), 3), n=repeat)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reference", required=True, help="folder with vallex_lm.py")
    parser.add_argument("--frames", type=int, default=375)
    parser.add_argument("--repeat", type=int, default=21)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--nar", action="store_true", help="also one pass of the non-autoregressive stage")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_grad_enabled(False)
    torch.set_flush_denormal(True)
    torch.manual_seed(1)
    sys.path.insert(0, args.reference)
    from vallex_lm import VallexLM

    lm = VallexLM(weights(["ar", "nar"] if args.nar else ["ar"]) | {"nar_decoder.layers.0.absent": torch.zeros(1)}, HEADS)
    text, languages = torch.randint(5, 70, (TEXT,)), torch.zeros(TEXT, dtype=torch.long)
    prompt = torch.randint(1024, (PROMPT, 8))
    head = lm.w["ar_predict_layer.weight"]
    row = lambda: torch.randn(1, 1, DIM)

    cache = {}
    past = TEXT + PROMPT + 1 + args.frames // 2
    for i in range(LAYERS):
        cache[i] = tuple(torch.randn(1, HEADS, past, DIM // HEADS) for _ in range(2))
    step = lambda: lm.stack(row(), "ar", cache=dict(cache))[0, -1] @ head.T
    results = dict(step=timed(step, args.repeat))
    results["prefill"] = timed(lambda: lm.ar(text, languages, prompt, forced=[]), max(3, args.repeat // 4))
    if args.nar:
        xy, stage = torch.randn(1, TEXT + PROMPT + args.frames, DIM), torch.randn(DIM)
        results["nar_pass"] = timed(lambda: lm.stack(xy, "nar", stage), 3)
    allocator = {k: v for k, v in os.environ.items() if k.startswith("MALLOC_")}
    peak = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    for name, result in results.items():
        print(json.dumps(dict(what=name, threads=args.threads, frames=args.frames, peak_mb=peak, **result, **allocator)))


if __name__ == "__main__":
    main()
