#!/usr/bin/env python3
"""Times the Wav2Lip generator and YuNet in ONNX Runtime and PyTorch on the CPU: what `voxlip bench run --stage
wav2lip.forward,faces.detect` is compared with.

The generator has public sizes and seeded random weights in float32, batches 1, 8 and 16; it comes from a folder of plain PyTorch
modules (--reference: wav2lip_nets.py and peers.py) and is written as an ONNX file. YuNet is the published file with dynamic
sizes (--yunet FILE.onnx) on an input of 640x384: the network alone, whereas the product's time also holds what the product does
around it for a picture of 1280x720 (shrinking, conversion, boxes). With --voxlip the product's own runs stand between those of
the peers, round by round, and the ratio of the medians is printed. Needs torch, onnx and onnxruntime. Allocator settings belong
to the comparison: run with, for instance, MALLOC_MMAP_THRESHOLD_=4000000000 MALLOC_TRIM_THRESHOLD_=8000000000.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import torch

STAGES = {"wav2lip": "wav2lip.forward", "yunet": "faces.detect"}
PICTURE = (1, 3, 384, 640)


def ort_session(path, feed, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    inputs = {i.name: value for i, value in zip(session.get_inputs(), feed)}
    return lambda: session.run(None, inputs)


def wav2lip(peers, batch, threads):
    """The generator's runs by peer, and how far their images lie apart."""
    net, inputs, _ = peers.wav2lip(batch)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "net.onnx"
        torch.onnx.export(net, inputs, str(path), opset_version=17, input_names=["mel", "faces"], dynamo=False)
        runs = {"ort": ort_session(path, [x.numpy() for x in inputs], threads), "torch": lambda: net(*inputs)}
    return runs, float(abs(net(*inputs).numpy() - runs["ort"]()[0]).max())


def yunet(path, threads):
    return {"ort": ort_session(path, [(torch.rand(PICTURE) * 255).numpy()], threads)}, None


def product_ms(args, name, batch):
    """Median and least latency of one run of the product's own bench."""
    with tempfile.TemporaryDirectory() as folder:
        call = [args.voxlip, "bench", "run", "--pack", "fullsize", "--stage", STAGES[name], "--clips", "5", "--batch", str(batch)]
        call += ["--profile", "smoke", "--threads", str(args.threads), "--out", folder, "--overwrite", "--json", "--quiet"]
        if args.cache_dir:
            call += ["--cache-dir", args.cache_dir]
        environment = {k: v for k, v in os.environ.items() if k != "LD_LIBRARY_PATH"}
        row = json.loads(subprocess.run(call, check=True, capture_output=True, env=environment).stdout)["rows"][0]
    return row["p50_ms"], row["min_ms"]


def times_ms(call, repeat):
    call()
    out = []
    for _ in range(repeat):
        begin = time.perf_counter()
        call()
        out.append(1e3 * (time.perf_counter() - begin))
    return out


def measure(args, name, batch, runs, difference):
    line = dict(net=name, batch=batch, threads=args.threads)
    if difference is not None:
        line["max_abs_torch_minus_ort"] = difference
    times, product = {k: [] for k in runs}, []
    for _ in range(args.rounds):
        for key, run in runs.items():
            times[key] += times_ms(run, args.repeat)
        if args.voxlip:
            product.append(product_ms(args, name, batch))
    for key, t in times.items():
        line.update({f"{key}_p50_ms": round(statistics.median(t), 2), f"{key}_min_ms": round(min(t), 2)})
    if product:
        line.update(voxlip_p50_ms=round(statistics.median(p for p, _ in product), 2), voxlip_min_ms=round(min(m for _, m in product), 2))
        for key in runs:
            line[f"voxlip_over_{key}"] = round(line["voxlip_p50_ms"] / line[f"{key}_p50_ms"], 3)
            line[f"voxlip_over_{key}_min"] = round(line["voxlip_min_ms"] / line[f"{key}_min_ms"], 3)
    print(json.dumps(line), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reference", required=True, help="folder with wav2lip_nets.py and peers.py")
    parser.add_argument("--yunet", help="YuNet as an ONNX file with dynamic sizes; timed after the generator")
    parser.add_argument("--batch", type=int, nargs="*", default=[1, 8, 16], help="of the generator")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--repeat", type=int, default=11, help="calls of each peer a round")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--voxlip", help="the product's program, run between the peers")
    parser.add_argument("--cache-dir", help="where the product keeps the weights it makes")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.set_grad_enabled(False)
    torch.set_flush_denormal(True)
    sys.path.insert(0, args.reference)
    import peers

    for batch in args.batch:
        torch.manual_seed(1)
        measure(args, "wav2lip", batch, *wav2lip(peers, batch, args.threads))
    if args.yunet:
        torch.manual_seed(1)
        measure(args, "yunet", 1, *yunet(args.yunet, args.threads))


if __name__ == "__main__":
    main()
