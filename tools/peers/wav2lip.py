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
import sys
import tempfile
import warnings
from pathlib import Path

import torch
from interleaved import measure, ort_session

STAGES = {"wav2lip": "wav2lip.forward", "yunet": "faces.detect"}
PICTURE = (1, 3, 384, 640)


def wav2lip(peers, batch, threads):
    """The generator's runs by peer, and how far their images lie apart."""
    net, inputs, _ = peers.wav2lip(batch)
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "net.onnx"
        torch.onnx.export(net, inputs, str(path), opset_version=17, input_names=["mel", "faces"], dynamo=False)
        runs = {"ort": ort_session(path, dict(mel=inputs[0].numpy(), faces=inputs[1].numpy()), threads), "torch": lambda: net(*inputs)}
    return runs, float(abs(net(*inputs).numpy() - runs["ort"]()[0]).max())


def yunet(path, threads):
    import onnxruntime

    name = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]).get_inputs()[0].name
    return {"ort": ort_session(path, {name: (torch.rand(PICTURE) * 255).numpy()}, threads)}


def timed(args, name, batch, runs, **more):
    measure(args, dict(net=name, batch=batch, threads=args.threads, **more), STAGES[name], batch, runs)


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
        runs, difference = wav2lip(peers, batch, args.threads)
        timed(args, "wav2lip", batch, runs, max_abs_torch_minus_ort=difference)
    if args.yunet:
        torch.manual_seed(1)
        timed(args, "yunet", 1, yunet(args.yunet, args.threads))


if __name__ == "__main__":
    main()
