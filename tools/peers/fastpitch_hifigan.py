#!/usr/bin/env python3
"""Times FastPitch and HiFi-GAN in ONNX Runtime and PyTorch on the CPU: what `voxlip bench run --stage
fastpitch.infer,hifigan.vocode,hifigan.v2,hifigan.v3` is compared with.

Public sizes and seeded random weights in float32: 100 symbols to 430 mel frames (durations given, as the index by which
encoder rows are repeated), 430 frames to samples with V1, V2 and V3; batches 1 and 8. The networks come from a folder of plain
PyTorch modules (--reference: fastpitch_nets.py, hifigan_nets.py and the seeded weights of peers.py) and are written as ONNX
files. With --voxlip the product's own runs stand between those of the peers, round by round, and the ratio of the medians is
printed. Needs torch, onnx and onnxruntime. Allocator settings belong to the comparison: run with, for instance,
MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=8000000000.
"""

import argparse
import sys
import tempfile
import warnings
from pathlib import Path

import torch
from interleaved import measure, ort_session

SYMBOLS, FRAMES, BINS = 100, 430, 80
STAGES = {"fastpitch": "fastpitch.infer", "hifigan_v1": "hifigan.vocode", "hifigan_v2": "hifigan.v2", "hifigan_v3": "hifigan.v3"}
V1 = dict(resblock="1", upsample_rates=[8, 8, 2, 2], upsample_kernel_sizes=[16, 16, 4, 4], upsample_initial_channel=512)
V1.update(resblock_kernel_sizes=[3, 7, 11], resblock_dilation_sizes=[[1, 3, 5]] * 3)
V3 = dict(resblock="2", upsample_rates=[8, 8, 4], upsample_kernel_sizes=[16, 16, 8], upsample_initial_channel=256)
V3.update(resblock_kernel_sizes=[3, 5, 7], resblock_dilation_sizes=[[1, 2], [2, 6], [3, 12]])


class Net(torch.nn.Module):
    def __init__(self, call):
        super().__init__()
        self.call = call

    def forward(self, *args):
        return self.call(*args)


def hifigan(peers, config, batch):
    import hifigan_nets

    w, c = peers.Weights(), config["upsample_initial_channel"]
    kinds = ("convs1", "convs2") if config["resblock"] == "1" else ("convs",)
    w.add("conv_pre", c, BINS, 7)
    for i, k in enumerate(config["upsample_kernel_sizes"]):
        w.add(f"ups.{i}", c, c // 2, k, bias=c // 2)
        c //= 2
        for j, size in enumerate(config["resblock_kernel_sizes"]):
            for m in range(len(config["resblock_dilation_sizes"][j])):
                for kind in kinds:
                    w.add(f"resblocks.{len(config['resblock_kernel_sizes']) * i + j}.{kind}.{m}", c, c, size)
    w.add("conv_post", 1, c, 7)
    return Net(lambda mel: hifigan_nets.generator(w, config, mel)), (torch.randn(batch, BINS, FRAMES) * 2 - 5,)


def fastpitch(peers, batch):
    """Encoder, predictors, pitch and energy embeddings, rows repeated by an index, decoder."""
    net = peers.fastpitch(1)[0].call.__closure__
    net = next(c.cell_contents for c in net if type(c.cell_contents).__name__ == "FastPitch")
    index = torch.arange(FRAMES) * SYMBOLS // FRAMES

    def call(ids, index):
        h, mask = net.enc(ids)
        durations = net.pred("duration_predictor", h, mask)
        pitch = net.pred("pitch_predictor", h, mask)
        h = h + net.emb1("pitch_emb", pitch.transpose(1, 2))
        energy = net.pred("energy_predictor", h, mask)
        h = h + net.emb1("energy_emb", energy.transpose(1, 2))
        x = h[:, index]
        mel = net.decode(x, torch.full((ids.shape[0],), x.shape[1])).transpose(1, 2)
        return mel, durations, pitch, energy

    return Net(call), (torch.randint(1, 148, (batch, SYMBOLS)), index)


def exported(net, args, threads):
    names = [f"x{i}" for i in range(len(args))]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = str(Path(folder) / "net.onnx")
        torch.onnx.export(net, args, path, opset_version=17, input_names=names, dynamo=False)
        return ort_session(path, {n: x.numpy() for n, x in zip(names, args)}, threads)


def timed(args, name, build, batch):
    torch.manual_seed(1)
    net, inputs = build(batch)
    runs = {"ort": exported(net, inputs, args.threads), "torch": lambda: net(*inputs)}
    first = lambda y: y[0] if isinstance(y, (tuple, list)) else y
    line = dict(net=name, batch=batch, frames=FRAMES, threads=args.threads)
    line["max_abs_torch_minus_ort"] = float(abs(first(net(*inputs)).numpy() - first(runs["ort"]())).max())
    measure(args, line, STAGES[name], batch, runs)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reference", required=True, help="folder with fastpitch_nets.py, hifigan_nets.py and peers.py")
    parser.add_argument("--nets", nargs="+", choices=list(STAGES), default=list(STAGES))
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeat", type=int, default=5, help="calls of each peer a round")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--voxlip", help="the product's program, run between the peers")
    parser.add_argument("--cache-dir", help="where the product keeps the weights it makes")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_grad_enabled(False)
    torch.set_flush_denormal(True)
    sys.path.insert(0, args.reference)
    import peers

    builders = dict(fastpitch=lambda b: fastpitch(peers, b), hifigan_v1=lambda b: hifigan(peers, V1, b))
    builders["hifigan_v2"] = lambda b: hifigan(peers, dict(V1, upsample_initial_channel=128), b)
    builders["hifigan_v3"] = lambda b: hifigan(peers, V3, b)
    for name in args.nets:
        for batch in args.batch:
            timed(args, name, builders[name], batch)


if __name__ == "__main__":
    main()
