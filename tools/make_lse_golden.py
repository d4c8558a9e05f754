#!/usr/bin/env python3
"""Writes tests/data/lse: an independent reading of the lip-sync scores, in float64, on deterministic weights.

    make_lse_golden.py        (numpy, scipy, torch, safetensors; with python_speech_features installed, its cepstra are compared too)

What is read: the networks and formulas of the published evaluation as shared/spec/dub.md section 12 and wav2lip.md section 9
state them. Nothing of the product is used here but the fill rule of weights (tests/data/parity/fill.py)."""
import json
import pathlib
import sys
import wave

import numpy as np
import scipy.fft
import scipy.signal
import torch
import torch.nn.functional as F
from safetensors.numpy import save_file

ROOT = pathlib.Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "data"
sys.path.insert(0, str(DATA / "parity"))
import fill  # noqa: E402

SEED, LIPS_SEED = 2512, 20209
FRAMES = 27  # pictures of the clip
AUDIO = [  # key, weight shape, convolution, pooling
    (0, (64, 1, 3, 3), dict(padding=1), None),
    (4, (192, 64, 3, 3), dict(padding=1), dict(kernel_size=3, stride=(1, 2))),
    (8, (384, 192, 3, 3), dict(padding=1), None),
    (11, (256, 384, 3, 3), dict(padding=1), None),
    (14, (256, 256, 3, 3), dict(padding=1), dict(kernel_size=3, stride=2)),
    (18, (512, 256, 5, 4), dict(), None),
]
SAME = dict(padding=(0, 1, 1))
LIPS = [
    (0, (96, 3, 5, 7, 7), dict(stride=(1, 2, 2)), dict(kernel_size=(1, 3, 3), stride=(1, 2, 2))),
    (4, (256, 96, 1, 5, 5), dict(stride=(1, 2, 2), padding=(0, 1, 1)), dict(kernel_size=(1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1))),
    (8, (256, 256, 1, 3, 3), SAME, None),
    (11, (256, 256, 1, 3, 3), SAME, None),
    (14, (256, 256, 1, 3, 3), SAME, dict(kernel_size=(1, 3, 3), stride=(1, 2, 2))),
    (18, (512, 256, 1, 6, 6), dict(), None),
]


def params():
    """Scales that keep the activations near 1: pictures come in 0..255, cepstra in about +-20."""
    out = []

    def add(key, shape, scale, offset=0.0, dtype="float32"):
        out.append(dict(key=key, shape=list(shape), dtype=dtype, scale=float(f"{scale:.6g}"), offset=offset))

    def norm(path, channels):
        for name, scale, offset in (("weight", 0.1, 1.0), ("bias", 0.1, 0.0), ("running_mean", 0.1, 0.0), ("running_var", 0.2, 1.0)):
            add(f"{path}.{name}", (channels,), scale, offset)
        add(f"{path}.num_batches_tracked", (), 0.0, 1000, "int64")

    for net, layers, gain in (("netcnnaud", AUDIO, 0.1), ("netcnnlip", LIPS, 1 / 64)):
        for n, shape, _, _ in layers:
            fan = np.prod(shape[1:])
            add(f"{net}.{n}.weight", shape, np.sqrt(6 / fan) * (gain if n == 0 else 1))
            add(f"{net}.{n}.bias", shape[:1], 0.05)
            norm(f"{net}.{n + 1}", shape[0])
    for net in ("netfcaud", "netfclip"):
        add(f"{net}.0.weight", (512, 512), np.sqrt(6 / 512))
        add(f"{net}.0.bias", (512,), 0.05)
        norm(f"{net}.1", 512)
        # Sound embeddings are small, or the zeros beyond the ends of the clip would be nearest to every picture.
        small = 0.02 if net == "netfcaud" else 1
        add(f"{net}.3.weight", (1024, 512), small * np.sqrt(3 / 512))
        add(f"{net}.3.bias", (1024,), small * 0.05)
    return out


def weights(params_list, seed):
    return {k: torch.from_numpy(v).double() for k, v in fill.state_dict(params_list, seed).items()}


def conv(x, w, path, conv_path, norm_path, **options):
    op = F.conv3d if w[f"{path}{conv_path}.weight"].dim() == 5 else F.conv2d
    return batch_norm(op(x, w[f"{path}{conv_path}.weight"], w[f"{path}{conv_path}.bias"], **options), w, f"{path}{norm_path}")


def batch_norm(x, w, path):
    return F.batch_norm(x, w[f"{path}.running_mean"], w[f"{path}.running_var"], w[f"{path}.weight"], w[f"{path}.bias"], False, 0.0, 1e-5)


def evaluation_net(x, w, net, layers, head):
    for n, _, options, pool in layers:
        x = F.relu(conv(x, w, f"{net}.", n, n + 1, **options))
        if pool:
            x = (F.max_pool3d if x.dim() == 5 else F.max_pool2d)(x, **pool)
    x = F.linear(x.flatten(1), w[f"{head}.0.weight"], w[f"{head}.0.bias"])
    return F.linear(F.relu(batch_norm(x, w, f"{head}.1")), w[f"{head}.3.weight"], w[f"{head}.3.bias"])


def mfcc(samples):
    """[F, 13] of int16 samples."""
    x = samples.astype(np.float64)
    x = np.append(x[0], x[1:] - 0.97 * x[:-1])
    count = 1 if len(x) <= 400 else 1 + int(np.ceil((len(x) - 400) / 160))
    x = np.append(x, np.zeros((count - 1) * 160 + 400 - len(x)))
    frames = np.stack([x[160 * i : 160 * i + 400] for i in range(count)])
    power = np.abs(np.fft.rfft(frames, 512)) ** 2 / 512
    mel = np.linspace(0, 2595 * np.log10(1 + 8000 / 700), 28)
    edges = np.floor(513 * 700 * (10 ** (mel / 2595) - 1) / 16000)
    bank = np.zeros((26, 257))
    for k in range(257):
        for j in range(26):
            lo, top, hi = edges[j : j + 3]
            bank[j, k] = (k - lo) / (top - lo) if lo <= k < top else (hi - k) / (hi - top) if top <= k < hi else 0
    eps = np.finfo(float).eps
    bands = power @ bank.T
    out = scipy.fft.dct(np.log(np.where(bands == 0, eps, bands)), type=2, axis=1, norm="ortho")[:, :13]
    out *= 1 + 11 * np.sin(np.pi * np.arange(13) / 22)
    energy = power.sum(1)
    out[:, 0] = np.log(np.where(energy == 0, eps, energy))
    try:
        import python_speech_features

        error = np.abs(out - python_speech_features.mfcc(samples, 16000)).max()
        print(f"cepstra of {len(samples)} samples: {error:.2e} from those of python_speech_features")
        assert error < 1e-9
    except ImportError:
        print("python_speech_features is not installed: cepstra not compared")
    return out


def distances(video, audio):
    """[N, 31]: picture window f against sound window f + k - 15, zeros beyond the ends."""
    out = torch.zeros(len(video), 31, dtype=torch.float64)
    for f in range(len(video)):
        for k in range(31):
            other = audio[f + k - 15] if 0 <= f + k - 15 < len(audio) else torch.zeros(audio.shape[1], dtype=torch.float64)
            out[f, k] = torch.sqrt(((video[f] - other + 1e-6) ** 2).sum())
    return out


def pictures(name, cells, side, count):
    """count pictures [side, side, 3] of square patches: values in 0..255 that move from picture to picture."""
    small = fill.tensor(f"input:{name}", (count, cells, cells, 3), SEED, 128, 128)
    small = np.clip(np.floor(small), 0, 255)
    return small.repeat(side // cells, 1).repeat(side // cells, 2)


def speech():
    with wave.open(str(DATA / "assets" / "speech" / "eng_60s_16k.wav")) as r:
        return np.frombuffer(r.readframes(r.getnframes()), "<i2")


def lse(out):
    rows = params()
    (DATA / "lse" / "params.json").write_text("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")
    w = weights(rows, SEED)
    samples = speech()[48000 : 48000 + 640 * FRAMES + 100]
    cepstra = mfcc(samples)
    video = torch.from_numpy(pictures("lse.pictures", 14, 224, FRAMES)).double().permute(3, 0, 1, 2)[None]
    sound = torch.from_numpy(cepstra.T.astype(np.float32).copy()).double()[None, None]
    n = min(FRAMES, len(samples) // 640) - 5
    with torch.no_grad():
        lip = torch.cat([evaluation_net(video[:, :, i : i + 5], w, "netcnnlip", LIPS, "netfclip") for i in range(n)])
        aud = torch.cat([evaluation_net(sound[..., 4 * i : 4 * i + 20], w, "netcnnaud", AUDIO, "netfcaud") for i in range(n)])
    dist = distances(lip, aud)
    mean = dist.mean(0)
    best = int(mean.argmin())
    scores = [mean.min().item(), mean.median().item() - mean.min().item(), 15 - best]
    print("lse: D, C, offset", scores, "spread of the embeddings", lip.std(0).mean().item(), aud.std(0).mean().item())
    out.update(mfcc=cepstra.T, lip_embedding=lip[::7], audio_embedding=aud[::7], distances=dist, scores=np.array(scores))
    out["mfcc_tail"] = mfcc(np.concatenate([np.zeros(1000, np.int16), speech()[:333]])).T
    out["mfcc_short"] = mfcc(speech()[48000:48123]).T


FACE = [(15, 7, 1, 3), (0, 5, (1, 2), 1), "R", "R", (0, 3, 2, 1), "R", "R", "R", (0, 3, 2, 1), "R", "R", (0, 3, 2, 1), "R", "R", (0, 3, 2, 1), (0, 3, 1, 0), (0, 1, 1, 0)]
SOUND = [(1, 3, 1, 1), "R", "R", (0, 3, (3, 1), 1), "R", "R", (0, 3, 3, 1), "R", "R", (0, 3, (3, 2), 1), "R", "R", (0, 3, 1, 0), (0, 1, 1, 0)]


def expert_net(x, w, net, layers):
    for i, layer in enumerate(layers):
        path = f"{net}.{i}.conv_block"
        options = dict(padding=1) if layer == "R" else dict(stride=layer[2], padding=layer[3])
        y = conv(x, w, f"{path}.", 0, 1, **options)
        x = F.relu(y + x if layer == "R" else y)
    x = x.flatten(1)
    return x / x.norm(dim=1, keepdim=True).clamp_min(1e-12)


def expert(out):
    """The mini expert: cosine of every picture window with the sound windows up to 15 frames away."""
    rows = json.loads((DATA / "parity" / "wav2lip" / "mini_params_syncnet.json").read_text())
    w = weights(rows, LIPS_SEED)
    mel = torch.from_numpy(fill.tensor("input:expert.mel", (80, 130), SEED, 4, 0)).double()
    first = 3  # the pictures start this many frames after the sound
    faces = torch.from_numpy(pictures("expert.pictures", 12, 96, FRAMES)).double().permute(0, 3, 1, 2)[:, :, 48:] / 255
    windows = torch.stack([faces[i : i + 5].flatten(0, 1) for i in range(FRAMES - 4)])
    starts = [int(80 * f / 25) for f in range(100)]
    sounds = torch.stack([mel[None, :, s : s + 16] for s in starts if s + 16 <= mel.shape[1]])
    with torch.no_grad():
        v, a = expert_net(windows, w, "face_encoder", FACE), expert_net(sounds, w, "audio_encoder", SOUND)
    sums, counts = np.zeros(31), np.zeros(31)
    for f in range(len(v)):
        for k in range(-15, 16):
            if 0 <= f + first + k < len(a):
                sums[k + 15] += float(v[f] @ a[f + first + k])
                counts[k + 15] += 1
    mean = sums / counts
    print("expert: windows", len(v), len(a), "cosine", mean[15], "best shift", int(mean.argmax()) - 15)
    out.update(expert_means=mean, expert_counts=counts, expert_scores=np.array([mean[15], mean.argmax() - 15]))


def squares(out):
    """Half sides and centres of face boxes after the median over 13 frames."""
    x = fill.tensor("input:boxes", (40, 4), SEED, 20, 0) + np.array([200, 100, 330, 260]) + np.arange(40)[:, None]
    box = x.astype(np.int64).astype(np.float64)
    values = [np.maximum(box[:, 3] - box[:, 1], box[:, 2] - box[:, 0]) / 2, (box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2]
    out.update(boxes=box, squares=np.stack([scipy.signal.medfilt(v, 13) for v in values], 1))


def main():
    out = {}
    torch.set_num_threads(2)
    lse(out), expert(out), squares(out)
    save_file({k: np.ascontiguousarray(np.asarray(v), dtype=np.float32) for k, v in out.items()}, DATA / "lse" / "golden.safetensors")
    print({p.name: p.stat().st_size for p in (DATA / "lse").iterdir()})


if __name__ == "__main__":
    main()
