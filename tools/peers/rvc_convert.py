#!/usr/bin/env python3
"""Times the public operator sequence of RVC's conversion in PyTorch on the CPU: what `voxlip convert` is compared with.

Whole conversion of N seconds with a v2, 40 kHz, full-size voice and seeded random weights, as RVC-Project's branch 20240604
does it in float32: 48 Hz high-pass, 1 s of reflected padding, RMVPE pitch, HuBERT layer 12 (no index), synthesizer over all
frames, padding cut off, int16. The networks come from a folder of plain PyTorch modules (--reference: rvc_nets.py and the
seeded weights of peers.py); attention with relative positions builds the [T, 2T - 1] matrices of the public code.
Needs torch, numpy and scipy. Allocator settings belong to the comparison: run both sides with, for instance,
MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=8000000000.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F
from scipy import signal

RATE, HOP, PAD_SECONDS, WIDTH = 16000, 160, 1, 10


def built(module, class_name, build):
    """The instance of module.class_name that build(1) makes."""
    original, made = getattr(module, class_name), []

    def make(*args):
        made.append(original(*args))
        return made[-1]

    setattr(module, class_name, make)
    try:
        build(1)
    finally:
        setattr(module, class_name, original)
    return made[0]


def relative_attention(q, k, v, rel_k, rel_v):
    """q, k, v [1, heads, T, d], q scaled; rel_* [1, 21, d]. The public code's padded and skewed matrices."""
    t = q.shape[2]
    pad, cut = max(t - WIDTH - 1, 0), max(WIDTH + 1 - t, 0)
    table = lambda e: F.pad(e, (0, 0, pad, pad))[:, cut : cut + 2 * t - 1]
    relative = torch.matmul(q, table(rel_k)[:, None].transpose(-2, -1))
    flat = F.pad(F.pad(relative, (0, 1)).flatten(2), (0, t - 1))
    scores = torch.matmul(q, k.transpose(-2, -1)) + flat.view(1, q.shape[1], t + 1, 2 * t - 1)[:, :, :t, t - 1 :]
    p = torch.softmax(scores, -1)
    flat = F.pad(F.pad(p, (0, t - 1)).flatten(2), (t, 0))
    weights = flat.view(1, q.shape[1], t, 2 * t)[:, :, :, 1:]
    return torch.matmul(p, v) + torch.matmul(weights, table(rel_v)[:, None])


def encode(net, phone, pitch):
    """The prior's encoder of `net` in the public operator sequence."""
    sd, width, heads = net.sd, net.c[3], net.c[5]
    x = F.linear(phone, sd["enc_p.emb_phone.weight"], sd["enc_p.emb_phone.bias"]) + sd["enc_p.emb_pitch.weight"][pitch]
    x = F.leaky_relu(x * width**0.5, 0.1).transpose(1, 2)
    t = x.shape[2]
    norm = lambda x, k: F.layer_norm(x.transpose(1, 2), (width,), sd[k + ".gamma"], sd[k + ".beta"], 1e-5).transpose(1, 2)
    split = lambda x: x.view(1, heads, width // heads, t).transpose(2, 3)
    for n in range(net.c[6]):
        k = f"enc_p.encoder.attn_layers.{n}."
        q, key, v = (split(net.conv(x, k + "conv_" + c)) for c in "qkv")
        y = relative_attention(q / (width // heads) ** 0.5, key, v, sd[k + "emb_rel_k"], sd[k + "emb_rel_v"])
        y = net.conv(y.transpose(2, 3).reshape(1, width, t), k + "conv_o")
        x = norm(x + y, f"enc_p.encoder.norm_layers_1.{n}")
        f, pad = f"enc_p.encoder.ffn_layers.{n}.", net.c[7] // 2
        y = net.conv(F.relu(net.conv(x, f + "conv_1", padding=pad)), f + "conv_2", padding=pad)
        x = norm(x + y, f"enc_p.encoder.norm_layers_2.{n}")
    return net.conv(x, "enc_p.proj").chunk(2, 1)


def coarse(f0):
    mel = 1127 * np.log(1 + f0 / 700)
    low, high = (1127 * np.log(1 + f / 700) for f in (50, 1100))
    mel[mel > 0] = (mel[mel > 0] - low) * 254 / (high - low) + 1
    return np.rint(np.clip(mel, 1, 255)).astype(np.int64)


class Conversion:
    def __init__(self, folder):
        sys.path.insert(0, folder)
        import peers
        import rvc_nets

        torch.manual_seed(1)
        self.hubert = built(rvc_nets, "Hubert", peers.hubert)
        self.rmvpe = built(rvc_nets, "Rmvpe", peers.rmvpe)
        self.synthesizer = built(rvc_nets, "Synthesizer", peers.rvc_synth)
        self.b, self.a = signal.butter(5, 48, "high", fs=RATE)

    def __call__(self, wave):
        """The int16 result and the seconds of each part."""
        marks = [("", time.perf_counter())]
        mark = lambda name: marks.append((name, time.perf_counter()))
        padded = np.pad(signal.filtfilt(self.b, self.a, wave), PAD_SECONDS * RATE, mode="reflect")
        x = torch.from_numpy(padded.astype(np.float32))[None]
        mark("filter")
        f0 = self.rmvpe(x)[: x.shape[1] // HOP].astype(np.float32)
        mark("f0")
        features = self.hubert(x)["layer12"]
        mark("content")
        features = F.interpolate(features.permute(0, 2, 1), scale_factor=2).permute(0, 2, 1)
        t = min(features.shape[1], len(f0))
        pitch, hz = torch.from_numpy(coarse(f0[:t].astype(np.float64)))[None], torch.from_numpy(f0[:t])[None]
        net = self.synthesizer
        hop = net.hop
        m, logs = encode(net, features[:, :t], pitch)
        g = net.sd["emb_g.weight"][0][None, :, None]
        z = net.flow(m + torch.exp(logs) * torch.randn_like(m) * 0.66666, g)
        out = net.dec(z, hz, g, torch.randn(1, t * hop, 1), {})[0, 0].numpy()
        mark("synthesizer")
        edge = PAD_SECONDS * net.sr
        out = out[edge:-edge]
        out = (out * 32768 / max(np.abs(out).max() / 0.99, 1)).astype(np.int16)
        mark("output")
        parts = {name: end - begin for (_, begin), (name, end) in zip(marks, marks[1:])}
        return out, dict(parts, total=marks[-1][1] - marks[0][1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reference", required=True, help="folder with rvc_nets.py and peers.py")
    parser.add_argument("--seconds", type=float, nargs="+", default=[5, 10, 30])
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_grad_enabled(False)
    torch.set_flush_denormal(True)
    conversion = Conversion(args.reference)
    allocator = {k: v for k, v in os.environ.items() if k.startswith("MALLOC_")}
    for seconds in args.seconds:
        n = np.arange(int(seconds * RATE))
        wave = 0.3 * np.sin(2 * np.pi * 220 / RATE * n) + 0.05 * np.random.default_rng(0).standard_normal(len(n))
        conversion(wave)  # warm-up
        runs, cpu = [], []
        for _ in range(args.repeat):
            begin = time.process_time()
            runs.append(conversion(wave)[1])
            cpu.append(time.process_time() - begin)
        line = {k + "_ms": round(1e3 * statistics.median(r[k] for r in runs), 1) for k in runs[0]}
        line["total_cpu_ms"] = round(1e3 * statistics.median(cpu), 1)
        line["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        print(json.dumps(dict(seconds=seconds, threads=args.threads, repeat=args.repeat, **line, **allocator)), flush=True)


if __name__ == "__main__":
    main()
