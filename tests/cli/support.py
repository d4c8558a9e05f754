"""Runs the built voxlip, reads and writes safetensors, makes small inputs. Standard library only."""
import array
import json
import math
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import unittest
import wave

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data"
PARITY = DATA / "parity"
SHARED = ROOT.parent / "shared"
BIN = os.environ.get("VOXLIP_BIN", str(ROOT / "build" / "dev" / "bin" / "voxlip"))
AVATAR = ROOT / "assets" / "demo" / "avatar.mp4"


class Result:
    def __init__(self, process):
        self.code = process.returncode
        self.out = process.stdout.decode("utf-8", "replace")
        self.err = process.stderr.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.out.strip().splitlines()[-1])

    def error(self):
        return self.json()["error"]


class Case(unittest.TestCase):
    """A test with a temporary folder, a cache of its own and a run() for the program."""

    cache = None

    @classmethod
    def setUpClass(cls):
        Case.cache = Case.cache or tempfile.TemporaryDirectory(prefix="voxlip_cache_")

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="voxlip_cli_"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def run_voxlip(self, *args, stdin=b"", env=None, timeout=900):
        full = {k: v for k, v in os.environ.items() if not k.startswith("VOXLIP_")}
        full.update(VOXLIP_CACHE_DIR=Case.cache.name, VOXLIP_MODELS_DIR=str(self.folder / "models"))
        full.update(VOXLIP_VOICES_DIR=str(self.folder / "voices"))
        full.update(XDG_CONFIG_HOME=str(self.folder / "none"), **(env or {}))
        command = [BIN] + [str(a) for a in args]
        return Result(subprocess.run(command, input=stdin, capture_output=True, env=full, cwd=self.folder, timeout=timeout))

    def ok(self, *args, **kw):
        result = self.run_voxlip(*args, **kw)
        self.assertEqual(result.code, 0, f"{args}\n{result.out[-2000:]}\n{result.err[-4000:]}")
        return result

    def fails(self, exit_code, error_code, *args, **kw):
        """Runs with --json and checks exit code, error code and that nothing partial is left."""
        result = self.run_voxlip(*args, "--json", **kw)
        self.assertEqual(result.code, exit_code, f"{args}\n{result.out[-2000:]}\n{result.err[-4000:]}")
        self.assertEqual(result.error()["code"], error_code, result.out)
        self.assertEqual([p for p in self.folder.rglob("*.part")], [])
        return result


def write_safetensors(path, tensors):
    """tensors: name -> (dtype, shape, bytes)."""
    header, offset = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(t[2] for t in tensors.values()))


def read_safetensors(path):
    """name -> (dtype, shape, list of numbers)."""
    blob = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", blob[:8])[0]
    codes = {"F32": "f", "F64": "d", "I64": "q", "I32": "i", "I16": "h", "U8": "B"}
    out = {}
    for name, info in json.loads(blob[8 : 8 + size]).items():
        if name == "__metadata__":
            continue
        begin, end = info["data_offsets"]
        values = array.array(codes[info["dtype"]], blob[8 + size + begin : 8 + size + end])
        out[name] = (info["dtype"], info["shape"], values)
    return out


def floats(shape, values):
    return ("F32", shape, array.array("f", values).tobytes())


def ints(shape, values):
    return ("I64", shape, array.array("q", values).tobytes())


def bytes_tensor(shape, data):
    return ("U8", shape, bytes(data))


def write_wav(path, seconds, rate=16000, frequency=220.0, level=0.3):
    with wave.open(str(path), "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(rate)
        samples = (int(32767 * level * math.sin(2 * math.pi * frequency * n / rate)) for n in range(int(seconds * rate)))
        w.writeframes(array.array("h", samples).tobytes())


def ffprobe(path, *entries):
    """Values of ffprobe -show_entries, as a dict; None where ffprobe is not installed."""
    if not shutil.which("ffprobe"):
        return None
    command = ["ffprobe", "-v", "error", "-of", "json", "-count_frames", "-show_streams", "-show_format", str(path)]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
