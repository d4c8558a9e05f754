#!/usr/bin/env python3
"""Writes tests/data/wav2lip_large: an independent reading of two larger public Wav2Lip generators, in float64, on deterministic
weights with few channels.

    make_wav2lip_large_golden.py        (numpy, torch, safetensors)

256: 256 x 256, ReLU, the form of the file wav2lip256.pth; 288: 288 x 288, PReLU, the form of wav2lip_288x288. Layers, strides and
paddings are the public ones, channel counts are not. Nothing of the product is used here but the fill rule of weights
(tests/data/parity/fill.py)."""
import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

ROOT = pathlib.Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "data"
sys.path.insert(0, str(DATA / "parity"))
import fill  # noqa: E402

SEED, BATCH, STRIDE, MOST = 20209, 2, 211, 1000
# A face stage: channels, (kernel, stride, padding) of its first convolution, residual blocks, 1 x 1 convolutions.
# A decoder stage: channels, (kernel, stride, padding, output padding) of the transposed convolution, residual blocks.
VARIANTS = {
    "256": dict(
        side=256,
        prelu=False,
        face=[(3, (7, 1, 3), 0, 0), (4, (3, 2, 1), 2, 0), (5, (3, 2, 1), 3, 0), (6, (3, 2, 1), 2, 0), (7, (3, 2, 1), 2, 0),
              (18, (3, 2, 1), 1, 0), (9, (3, 2, 1), 1, 0), (10, (4, 1, 0), 0, 1)],
        decoder=[(11, None, 0), (12, (4, 1, 0, 0), 1), (13, (3, 2, 1, 1), 1), (10, (3, 2, 1, 1), 2), (17, (3, 2, 1, 1), 2),
                 (8, (3, 2, 1, 1), 2), (6, (3, 2, 1, 1), 2), (5, (3, 2, 1, 1), 2)],
    ),
    "288": dict(
        side=288,
        prelu=True,
        face=[(3, (7, 1, 3), 0, 0), (4, (5, 2, 2), 1, 0), (4, (3, 2, 1), 2, 0), (5, (3, 2, 1), 3, 0), (6, (3, 2, 1), 2, 0),
              (7, (3, 2, 1), 2, 0), (18, (3, 2, 1), 1, 0), (9, (3, 1, 0), 0, 1), (10, (3, 1, 0), 0, 1)],
        decoder=[(11, None, 0), (12, (3, 1, 0, 0), 1), (13, (3, 2, 1, 0), 2), (10, (3, 2, 1, 0), 2), (17, (3, 2, 1, 1), 2),
                 (8, (3, 2, 1, 1), 2), (7, (3, 2, 1, 1), 2), (6, (3, 2, 1, 1), 2), (5, (3, 2, 1, 1), 2)],
    ),
}  # fmt: skip
AUDIO = [(4, (3, (1, 1), 1), 2), (5, (3, (3, 1), 1), 2), (6, (3, (3, 3), 1), 2), (7, (3, (3, 2), 1), 1), (8, (3, (1, 1), 0), 0), (9, (1, (1, 1), 0), 0)]
OUTPUT = 6


class Net:
    """First pass (weights None): lists the parameters; then: computes, and keeps the results of `wanted` paths."""

    def __init__(self, variant, weights=None):
        self.v, self.w, self.rows, self.kept = variant, weights, [], {}

    def row(self, key, shape, scale, offset=0.0):
        self.rows.append(dict(key=key, shape=list(shape), scale=float(f"{scale:.4g}"), offset=offset))

    def declare(self, path, shape, channels, gain):
        self.row(f"{path}.conv_block.0.weight", shape, gain)
        self.row(f"{path}.conv_block.0.bias", (channels,), 0.05)
        for name, scale, offset in (("weight", 0.1, 1.0), ("bias", 0.1, 0.0), ("running_mean", 0.1, 0.0), ("running_var", 0.2, 1.0)):
            self.row(f"{path}.conv_block.1.{name}", (channels,), scale, offset)
        if self.v["prelu"]:
            self.row(f"{path}.act.weight", (1,), 0.1, 0.25)

    def block(self, path, x, out, kernel, stride, padding, residual=False, up=None):
        channels = x.shape[1]
        if self.w is None:
            shape = (out, channels, kernel, kernel) if up is None else (channels, out, kernel, kernel)
            fan = channels * (kernel * kernel if up is None else 1 if stride == 1 else 9 / 4)
            self.declare(path, shape, out, ((1 if residual else 5) / fan) ** 0.5)
        w = self.w or {r["key"]: torch.full(r["shape"], r["offset"], dtype=torch.float64) for r in self.rows}
        weight, bias = w[f"{path}.conv_block.0.weight"], w[f"{path}.conv_block.0.bias"]
        y = F.conv2d(x, weight, bias, stride, padding) if up is None else F.conv_transpose2d(x, weight, bias, stride, padding, up)
        n = f"{path}.conv_block.1"
        y = F.batch_norm(y, w[f"{n}.running_mean"], w[f"{n}.running_var"], w[f"{n}.weight"], w[f"{n}.bias"], False, 0.0, 1e-5)
        y = y + x if residual else y
        y = F.prelu(y, w[f"{path}.act.weight"]) if self.v["prelu"] else F.relu(y)
        self.kept[path] = y
        return y

    def __call__(self, mel, faces):
        skips, x = [], faces
        for i, (out, first, residuals, ones) in enumerate(self.v["face"]):
            path = f"face_encoder_blocks.{i}."
            x = self.block(path + "0", x, out, *first)
            for j in range(residuals):
                x = self.block(f"{path}{j + 1}", x, out, 3, 1, 1, residual=True)
            for j in range(ones):
                x = self.block(f"{path}{j + 1}", x, out, 1, 1, 0)
            skips.append(x)
        x, n = mel, 0
        for out, first, residuals in AUDIO:
            x, n = self.block(f"audio_encoder.{n}", x, out, *first), n + 1
            for _ in range(residuals):
                x, n = self.block(f"audio_encoder.{n}", x, out, 3, 1, 1, residual=True), n + 1
        for i, (out, up, residuals) in enumerate(self.v["decoder"]):
            path = f"face_decoder_blocks.{i}."
            x = self.block(path + "0", x, out, 1, 1, 0) if up is None else self.block(path + "0", x, out, *up[:3], up=up[3])
            for j in range(residuals):
                x = self.block(f"{path}{j + 1}", x, out, 3, 1, 1, residual=True)
            x = torch.cat([x, skips.pop()], 1)
        x = self.block("output_block.0", x, OUTPUT, 3, 1, 1)
        if self.w is None:
            self.row("output_block.1.weight", (3, OUTPUT, 1, 1), 0.6)
            self.row("output_block.1.bias", (3,), 0.05)
            return x
        return torch.sigmoid(F.conv2d(x, self.w["output_block.1.weight"], self.w["output_block.1.bias"]))


def main():
    folder = DATA / "wav2lip_large"
    folder.mkdir(exist_ok=True)
    golden = {}
    for name, v in VARIANTS.items():
        side = v["side"]

        def given(what, shape, scale, offset):
            return torch.from_numpy(fill.tensor(f"input:{name}.{what}", shape, SEED, scale, offset)).double()

        mel, faces = given("mel", (BATCH, 1, 80, 16), 4, 0), given("faces", (BATCH, 6, side, side), 0.5, 0.5)
        listing = Net(v)
        listing(mel, faces)
        rows = ",\n".join(json.dumps(r, separators=(",", ":")) for r in listing.rows)
        (folder / f"params_{name}.json").write_text(f"[{rows}]\n")
        weights = {r["key"]: torch.from_numpy(fill.tensor(r["key"], r["shape"], SEED, r["scale"], r["offset"])).double() for r in listing.rows}
        net = Net(v, weights)
        golden[f"{name}.image"] = net(mel, faces)
        assert golden[f"{name}.image"].shape == (BATCH, 3, side, side)
        stages = range(len(v["face"]))
        for path in [f"face_encoder_blocks.{i}.0" for i in stages] + [f"face_decoder_blocks.{i}.0" for i in stages] + ["audio_encoder.12"]:
            golden[f"{name}.{path}"] = net.kept[path]
    # Every STRIDE-th value of the larger ones: prime, so that all rows, columns and channels take part.
    file = folder / "golden.safetensors"
    save_file({k: np.ascontiguousarray(t.flatten()[:: STRIDE if t.numel() > MOST else 1].float().numpy()) for k, t in golden.items()},
              file)  # fmt: skip
    file.chmod(0o644)
    for k, t in golden.items():
        print(f"{k:36} {tuple(t.shape)} mean {t.mean():.4f} std {t.std():.4f}")


if __name__ == "__main__":
    main()
