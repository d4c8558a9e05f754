"""What the scripts of this folder share: ONNX Runtime's set-up, and timing of peers and product in turns."""

import json
import os
import statistics
import subprocess
import tempfile
import time


def ort_session(path, feed, threads):
    """A call of the network in an ONNX file. feed: arrays by the name of their input."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    inputs = {i.name: feed[i.name] for i in session.get_inputs()}
    return lambda: session.run(None, inputs)


def product_ms(args, stage, batch):
    """Median and least latency of one run of the product's own bench."""
    with tempfile.TemporaryDirectory() as folder:
        call = [args.voxlip, "bench", "run", "--pack", "fullsize", "--stage", stage, "--clips", "5", "--batch", str(batch)]
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


def measure(args, line, stage, batch, runs):
    """Prints `line` with the times of every peer and, with --voxlip, of the product and their ratios."""
    times, product = {k: [] for k in runs}, []
    for _ in range(args.rounds):
        for key, run in runs.items():
            times[key] += times_ms(run, args.repeat)
        if args.voxlip:
            product.append(product_ms(args, stage, batch))
    for key, t in times.items():
        line.update({f"{key}_p50_ms": round(statistics.median(t), 2), f"{key}_min_ms": round(min(t), 2)})
    if product:
        line.update(voxlip_p50_ms=round(statistics.median(p for p, _ in product), 2), voxlip_min_ms=round(min(m for _, m in product), 2))
        for key in runs:
            line[f"voxlip_over_{key}"] = round(line["voxlip_p50_ms"] / line[f"{key}_p50_ms"], 3)
            line[f"voxlip_over_{key}_min"] = round(line["voxlip_min_ms"] / line[f"{key}_min_ms"], 3)
    print(json.dumps(line), flush=True)
