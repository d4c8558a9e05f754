"""voxlip convert as a user runs it: files of many kinds, batches, pipes, streams, and every bad input with its code."""
import array
import json
import math
import pathlib
import resource
import struct
import subprocess
import threading
import time
import unittest
import wave

from support import AVATAR, BIN, DATA, PARITY, Case, ffprobe, write_wav

SPEECH = DATA / "assets" / "speech" / "eng_60s_16k.wav"
VOICE = PARITY / "rvc" / "v2_40k_f0.pth"
OWN = ["--rvc-model", VOICE, "--model", f"content={PARITY / 'rvc' / 'hubert_base.pt'}"]


def cut(path, begin, end, rate=16000):
    with wave.open(str(SPEECH), "rb") as r:
        r.setpos(begin)
        data = r.readframes(end - begin)
    with wave.open(str(path), "wb") as w:
        w.setnchannels(1), w.setsampwidth(2), w.setframerate(rate)
        w.writeframes(data)
    return path


def frames(path):
    with wave.open(str(path), "rb") as w:
        return w.getnframes(), w.getframerate(), w.getnchannels(), w.readframes(w.getnframes())


def float_wav(path, samples, rate=16000):
    data = struct.pack(f"<{len(samples)}f", *samples)
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(data), b"WAVE", b"fmt ", 16, 3, 1, rate, 4 * rate, 4, 32, b"data", len(data))
    pathlib.Path(path).write_bytes(head + data)


class Convert(Case):
    def setUp(self):
        super().setUp()
        self.speech = cut(self.folder / "in.wav", 48000, 72000)  # 1.5 s

    def convert(self, *args, **kw):
        return self.ok("convert", *args, "--json", **kw).json()

    def test_the_default_voice(self):
        out = self.folder / "out.wav"
        r = self.convert("-i", self.speech, "-o", out)
        self.assertEqual((r["schema"], r["verb"], r["status"], r["exit"]), ("voxlip.convert/1", "convert", "ok", 0))
        self.assertEqual([w["code"] for w in r["warnings"]], ["W0117"])
        self.assertEqual((r["voice"], r["consent"]["kind"]), ("lj", "pack"))
        self.assertEqual({m["role"] for m in r["models"]}, {"rvc", "content", "f0"})
        self.assertEqual(r["f0"]["method"], "rmvpe")
        self.assertTrue(0 < r["f0"]["voiced_ratio"] <= 1)
        self.assertEqual(r["f0"]["median_hz_in"], r["f0"]["median_hz_out"])
        n, rate, channels, _ = frames(out)
        self.assertEqual((n, rate, channels), (60000, 40000, 1))
        self.assertEqual((r["output"]["seconds"], r["output"]["audio"]["sample_rate"]), (1.5, 40000))
        self.assertEqual([s["stage"] for s in r["waterfall"]], ["decode", "rvc", "mix", "encode"])
        for stage in ("load", "decode", "rvc", "mix", "encode"):
            self.assertGreater(r["timing_ms"][stage], 0, stage)
        for stage in ("vallex", "face", "lips", "vocoder"):
            self.assertIsNone(r["timing_ms"][stage])
        folders = list((pathlib.Path(Case.cache.name) / "jobs").glob(r["job"]))
        self.assertEqual(json.loads((folders[0] / "result.json").read_text()), r)
        self.assertEqual({p.name for p in folders[0].iterdir()}, {"config.toml", "trace.json", "result.json"})

    def test_same_seed_same_bytes(self):
        outs = []
        for name, seed in (("a", 3), ("b", 3), ("c", 4)):
            self.convert("-i", self.speech, "-o", self.folder / f"{name}.wav", "--seed", seed)
            outs.append(frames(self.folder / f"{name}.wav")[3])
        self.assertEqual(outs[0], outs[1])
        self.assertNotEqual(outs[0], outs[2])

    def test_both_engines_agree(self):
        outs = []
        for engine in ("fused", "ref"):
            self.convert("-i", self.speech, *OWN, "--f0-method", "yin", "--engine", engine, "-o", self.folder / f"{engine}.wav")
            outs.append(array.array("h", frames(self.folder / f"{engine}.wav")[3]))
        self.assertLessEqual(max(abs(a - b) for a, b in zip(*outs)), 33)  # 1e-3 of full scale: pitch feeds a phase
        self.assertGreater(max(outs[0]), 3000)

    def test_an_own_voice_with_every_flag_of_the_public_program(self):
        out = self.folder / "out.wav"
        index = PARITY / "rvc" / "index_v2.index"
        flags = ["--f0-up-key", "-3", "--index-path", index, "--index_rate", "0.5", "--protect", "0.2", "--volume-envelope", "0.6"]
        flags += ["--f0-method", "harvest", "--filter-radius", "3", "--resample-sr", "48000", "--sid", "2", "--rvc-compat", "2026"]
        r = self.convert("-i", self.speech, *OWN, *flags, "-o", out)
        self.assertEqual([w["code"] for w in r["warnings"]], ["W0119"])
        self.assertEqual((r["consent"]["kind"], r["voice"]), ("none", "v2_40k_f0"))
        self.assertEqual({m["role"] for m in r["models"]}, {"rvc", "content", "rvc-index"})
        self.assertEqual(frames(out)[:2], (72000, 48000))
        self.assertEqual(r["f0"]["method"], "harvest")
        self.assertAlmostEqual(r["f0"]["median_hz_out"] / r["f0"]["median_hz_in"], 2 ** (-3 / 12), delta=0.2)
        one, two = self.folder / "one.wav", self.folder / "two.wav"
        self.convert("-i", self.speech, *OWN, "-o", one)
        self.convert("-i", self.speech, *OWN, "--rvc-index", index, "-o", two)
        self.assertNotEqual(frames(one)[3], frames(two)[3])

    def test_the_public_joins(self):
        out = self.folder / "out.wav"
        self.convert("-i", self.speech, "--no-exact-length", "-o", out)
        self.assertEqual(frames(out)[0], 148 * 400)  # two frames fewer than came in

    def test_pitch_from_a_file(self):
        curve = self.folder / "f0.csv"
        curve.write_text("0.0,100\n1.5,100\n")
        r = self.convert("-i", self.speech, "--f0-file", curve, "-o", self.folder / "o.wav")
        self.assertAlmostEqual(r["f0"]["median_hz_out"], 100.0, places=3)

    def test_kinds_of_input(self):
        if ffprobe(self.speech) is None:
            self.skipTest("ffmpeg is not installed")
        reference = None
        for name, options in {
            "s24.wav": ["-c:a", "pcm_s24le"],
            "s32.wav": ["-c:a", "pcm_s32le"],
            "f32.wav": ["-c:a", "pcm_f32le"],
            "a.flac": [],
            "stereo.wav": ["-af", "pan=stereo|c0=c0|c1=c0"],
            "a.mp3": ["-b:a", "192k", "-ar", "44100"],
            "a.m4a": ["-b:a", "192k", "-ar", "48000"],
            "a.ogg": ["-c:a", "libopus", "-ar", "48000"],
        }.items():
            path, out = self.folder / name, self.folder / (name + ".out.wav")
            subprocess.run(["ffmpeg", "-v", "error", "-i", self.speech, *options, path], check=True)
            r = self.convert("-i", path, "-o", out)
            n, _, _, data = frames(out)
            self.assertAlmostEqual(r["input"]["seconds"], 1.5, delta=0.06, msg=name)
            self.assertAlmostEqual(n, 60000, delta=2400, msg=name)
            if name.endswith("wav") or name.endswith("flac"):
                reference = reference or data
                self.assertEqual(data, reference, name)  # lossless kinds carry the same samples

    def test_kinds_of_output(self):
        for name, codec, rate in (("o.flac", "flac", 40000), ("o.mp3", "mp3", 44100), ("o.opus", "opus", 48000), ("o.m4a", "aac", 44100)):
            r = self.convert("-i", self.speech, "-o", self.folder / name)
            self.assertEqual((r["output"]["audio"]["codec"], r["output"]["audio"]["sample_rate"]), (codec, rate))
            self.assertAlmostEqual(r["output"]["seconds"], 1.5, delta=0.07)
        self.convert("-i", self.speech, "-o", self.folder / "o.wav")
        r = self.convert("-i", self.speech, "-o", self.folder / "o.bin", "--format", "raw")
        self.assertEqual((self.folder / "o.bin").read_bytes(), frames(self.folder / "o.wav")[3])
        self.assertEqual((r["output"]["container"], r["output"]["seconds"]), ("s16le", 1.5))

    def test_several_files_are_one_load_and_one_document_each(self):
        names = [cut(self.folder / f"{n}.wav", 48000, 48000 + 8000 * n) for n in (1, 2)]
        (self.folder / "bad.wav").write_text("no sound")
        out, report = self.folder / "out", self.folder / "report.jsonl"
        r = self.run_voxlip("convert", "-i", names[0], self.folder / "bad.wav", "-o", out, "--json", "--report-json", report, names[1])
        self.assertEqual(r.code, 11, r.err)
        documents = [json.loads(line) for line in r.out.splitlines()]
        self.assertEqual([(d["status"], d["exit"]) for d in documents], [("ok", 0), ("failed", 3), ("ok", 0)])
        self.assertEqual(documents[1]["error"]["code"], "E0302")
        self.assertIn("1 of 3 files failed", r.err)
        self.assertEqual([json.loads(line) for line in report.read_text().splitlines()], documents)
        self.assertEqual(sorted(p.name for p in out.iterdir()), ["1.wav", "2.wav"])
        self.assertEqual([frames(out / f"{n}.wav")[0] for n in (1, 2)], [20000, 40000])
        for d in documents:
            self.assertEqual(d["verb"], "convert")
            self.assertEqual([w["code"] for w in d["warnings"]], ["W0117"])

    def test_standard_input_and_output(self):
        out = self.folder / "file.wav"
        self.convert("-i", self.speech, "-o", out)
        pipe = subprocess.run([BIN, "convert", "-i", "-", "-o", "-", "--cache-dir", Case.cache.name, "-q"], input=self.speech.read_bytes(), capture_output=True)
        self.assertEqual(pipe.returncode, 0, pipe.stderr)
        self.assertEqual(pipe.stdout[:4], b"RIFF")
        self.assertEqual(struct.unpack("<I", pipe.stdout[4:8])[0], 0xFFFFFFFF)
        self.assertEqual(pipe.stdout[-120000:], frames(out)[3])
        r = self.convert("-i", "-", "-o", self.folder / "o.wav", stdin=self.speech.read_bytes())
        self.assertEqual((r["input"]["path"], r["input"]["sha256"], r["input"]["seconds"]), (None, None, 1.5))
        self.fails(2, "E0204", "convert", "-i", self.speech, "-o", "-")  # --json beside it
        r = self.run_voxlip("convert", "-i", self.speech, "-o", "-", "--format", "mp3")
        self.assertEqual(r.code, 2)

    def test_a_video_keeps_its_pictures(self):
        out = self.folder / "out.mp4"
        r = self.convert("-i", AVATAR, "-o", out)
        for key in ("codec", "width", "height", "fps", "frames", "pix_fmt"):
            self.assertEqual(r["output"]["video"][key], r["input"]["video"][key], key)
        self.assertEqual(r["output"]["audio"], r["input"]["audio"])
        if ffprobe(out) is not None:
            pictures = [subprocess.run(["ffmpeg", "-v", "error", "-i", p, "-map", "0:v", "-c", "copy", "-f", "md5", "-"], capture_output=True, check=True).stdout for p in (AVATAR, out)]
            self.assertEqual(*pictures)
        sound = self.convert("-i", AVATAR, "-o", self.folder / "o.wav")
        self.assertIsNone(sound["output"]["video"])
        self.fails(2, "E0202", "convert", "-i", self.speech, "-o", self.folder / "o.mkv")
        self.fails(2, "E0204", "convert", "-i", AVATAR, "-o", self.folder / "o.mkv", "--format", "mp3")

    def test_silence_short_loud_and_broken_samples(self):
        write_wav(self.folder / "silent.wav", 0.7, level=0.0)
        r = self.convert("-i", self.folder / "silent.wav", "-o", self.folder / "s.wav")
        n, _, _, data = frames(self.folder / "s.wav")
        self.assertEqual((n, set(data), r["f0"]), (28000, {0}, None))
        for samples in (320, 1, 17, 441):  # 20 ms and less
            cut(self.folder / "short.wav", 50000, 50000 + samples)
            self.convert("-i", self.folder / "short.wav", "-y", "-o", self.folder / "t.wav")
            n, _, _, data = frames(self.folder / "t.wav")
            self.assertEqual(n, math.floor(samples * 2.5 + 0.5))
        self.assertGreater(len(set(data)), 50)
        tone = [0.3 * math.sin(0.07 * i) for i in range(16000)]
        tone[100], tone[200], tone[300] = math.nan, math.inf, -math.inf
        float_wav(self.folder / "nan.wav", tone)
        r = self.convert("-i", self.folder / "nan.wav", "-o", self.folder / "n.wav")
        self.assertIn("3 samples", [w["message"] for w in r["warnings"] if w["code"] == "W0118"][0])
        zeros = [0.0 if not math.isfinite(v) else v for v in tone]
        float_wav(self.folder / "zero.wav", zeros)
        self.convert("-i", self.folder / "zero.wav", "-o", self.folder / "z.wav")
        self.assertEqual(frames(self.folder / "n.wav")[3], frames(self.folder / "z.wav")[3])
        float_wav(self.folder / "loud.wav", [8.0 * v for v in zeros])
        self.convert("-i", self.folder / "loud.wav", "-o", self.folder / "l.wav")
        self.assertLessEqual(max(abs(v) for v in array.array("h", frames(self.folder / "l.wav")[3])), 32440)

    def test_bad_inputs(self):
        out = self.folder / "o.wav"
        text = self.folder / "t.wav"
        text.write_text("not a sound file at all " * 20)
        whole = self.speech.read_bytes()
        half = self.folder / "half.wav"
        half.write_bytes(whole[: len(whole) // 2])
        rows = [
            (3, "E0301", ["-i", self.folder / "none.wav"]),
            (3, "E0301", ["-i", self.folder]),
            (3, "E0301", ["-i", "http://localhost/a.wav"]),
            (3, "E0302", ["-i", text]),
            (3, "E0313", ["-i", self.speech, "--voice", "jl"]),
            (2, "E0202", ["-i", self.speech, "--speaker", "3"]),
            (2, "E0202", ["-i", self.speech, "--pitch", "25"]),
            (2, "E0202", ["-i", self.speech, "--pitch", "high"]),
            (2, "E0202", ["-i", self.speech, "--pitch", "auto"]),
            (2, "E0202", ["-i", self.speech, "--f0-method", "crepe"]),
            (2, "E0202", ["-i", self.speech, "--resample-sr", "8000"]),
            (2, "E0202", ["-i", self.speech, "--index-rate", "1.5"]),
            (2, "E0202", ["-i", self.speech, "--protect", "0.6"]),
            (2, "E0201", ["-i", self.speech, "--pich", "3"]),
            (2, "E0203", []),
            (2, "E0204", ["-i", "-", "-"]),
            (2, "E0204", ["-i", self.speech, *OWN, "--voice", "lj"]),
            (5, "E0505", ["-i", self.speech, "--rvc-model", PARITY / "rvc" / "hubert_base.pt"]),
            (5, "E0501", ["-i", self.speech, "--rvc-model", self.folder / "none.pth"]),
            (5, "E0501", ["-i", self.speech, "--rvc-model", VOICE]),  # its content model is not the pack's
            (5, "E0503", ["-i", self.speech, *OWN[2:], "--rvc-model", text]),
            (5, "E0507", ["-i", self.speech, *OWN, "--rvc-index", PARITY / "rvc" / "index_v1.index"]),
            (5, "E0505", ["-i", self.speech, *OWN, "--rvc-index", VOICE]),
            (5, "E0501", ["-i", self.speech, *OWN, "--rvc-index", self.folder / "none.index"]),
            (2, "E0202", ["-i", self.speech, "--f0-file", text]),
            (2, "E0201", ["-i", self.speech, "--model", "voice=x"]),
            (3, "E0305", ["-i", half]),
        ]
        for exit_code, code, args in rows:
            self.fails(exit_code, code, "convert", *args, "-o", out)
            self.assertFalse(out.exists())
        (self.folder / "cut.index").write_bytes((PARITY / "rvc" / "index_v2.index").read_bytes()[:5000])
        self.fails(5, "E0504", "convert", "-i", self.speech, *OWN, "--rvc-index", self.folder / "cut.index", "-o", out)
        self.fails(2, "E0202", "convert", "-i", self.speech, "-o", self.folder / "o.xyz")
        self.fails(2, "E0202", "convert", "-i", self.speech, "-o", self.folder / "o.mp3", "--resample-sr", "17000")
        self.fails(12, "E1202", "convert", "-i", self.speech, "-o", self.folder / ("n" * 247 + ".wav"))
        self.fails(2, "E0204", "convert", "-i", self.speech, "-o", self.speech)
        self.assertEqual(self.speech.read_bytes(), whole)
        out.write_text("kept")
        self.fails(12, "E1201", "convert", "-i", self.speech, "-o", out)
        self.assertEqual(out.read_text(), "kept")
        (self.folder / "sub").mkdir()
        twin = cut(self.folder / "sub" / "in.wav", 0, 1600)
        self.fails(2, "E0204", "convert", "-i", self.speech, twin, "-o", self.folder / "both")

    def test_cancelling_leaves_nothing(self):
        long = self.folder / "long.wav"
        with wave.open(str(long), "wb") as w:
            w.setnchannels(1), w.setsampwidth(2), w.setframerate(16000)
            for _ in range(8):
                w.writeframes(frames(SPEECH)[3])
        out = self.folder / "o.wav"
        p = subprocess.Popen([BIN, "convert", "-i", long, "-o", out, "--cache-dir", Case.cache.name, "--json", "--progress", "jsonl"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for line in p.stderr:
            if b'"stage":"rvc","state":"start"' in line:
                break
        begin = time.monotonic()
        p.terminate()
        stdout, _ = p.communicate(timeout=60)
        self.assertEqual(p.returncode, 10)
        self.assertLess(time.monotonic() - begin, 20)
        self.assertEqual(json.loads(stdout)["error"]["code"], "E1001")
        self.assertEqual([p.name for p in self.folder.iterdir() if "o.wav" in p.name], [])

    def test_a_signal_is_answered_whenever_it_comes(self):
        command = [BIN, "convert", "-i", "-", "-o", self.folder / "o.wav", "--cache-dir", Case.cache.name, "--report-json", self.folder / "r.json", "-y"]
        for delay in (0.03, 0.1, 0.2, 0.4, 3.0):  # while libraries load, while models load, while it waits for sound
            p = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
            time.sleep(delay)
            p.terminate()
            self.assertEqual(p.wait(timeout=60), 10, delay)
            self.assertIn(b"E1001", p.stderr.read())
            p.stdin.close(), p.stderr.close()
            self.assertEqual(json.loads((self.folder / "r.json").read_text())["error"]["code"], "E1001")
            self.assertEqual([q.name for q in self.folder.iterdir() if "o.wav" in q.name], [])

    def test_streams_that_the_caller_closed(self):
        command = [BIN, "convert", "-i", self.speech, "-o", self.folder / "o.wav", "--cache-dir", Case.cache.name, "-y"]
        words = " ".join(str(c) for c in command)
        self.assertEqual(subprocess.run(f"{words} --json >&-", shell=True, capture_output=True).returncode, 12)
        self.assertEqual(subprocess.run(f"{words} 2>&-", shell=True, capture_output=True).returncode, 0)
        self.assertEqual(subprocess.run(f"{words} <&-", shell=True, capture_output=True).returncode, 0)

    def test_names_that_are_no_utf8(self):
        name = str(self.folder).encode() + b"/\xff.wav"
        pathlib.Path(self.speech).rename(name.decode(errors="surrogateescape"))
        r = subprocess.run([str(BIN).encode(), b"convert", b"-i", name, b"-o", name + b".flac", b"--json", b"--cache-dir", Case.cache.name.encode()], capture_output=True)
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(json.loads(r.stdout)["output"]["path"], name.decode(errors="replace") + ".flac")

    def test_memory_does_not_grow_with_length(self):
        data = frames(SPEECH)[3]
        peaks = []
        for minutes in (1, 10):
            path = self.folder / f"{minutes}.wav"
            with wave.open(str(path), "wb") as w:
                w.setnchannels(1), w.setsampwidth(2), w.setframerate(16000)
                for _ in range(minutes):
                    w.writeframes(data)
            out = self.folder / "o.wav"
            script = "import resource,subprocess,sys;subprocess.run(sys.argv[1:],check=True);print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
            command = ["python3", "-c", script, BIN, "convert", "-i", path, "-y", "-o", out, "--cache-dir", Case.cache.name, "-q"]
            peaks.append(int(subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()[-1]))
            self.assertEqual(frames(out)[0], minutes * 60 * 40000)
        self.assertLess(peaks[1], 1.05 * peaks[0], peaks)

    def test_stream(self):
        raw = frames(self.speech)[3]
        command = [BIN, "convert", "--stream", "--cache-dir", Case.cache.name, "--stream-rate", "16000", "--block-ms", "200"]
        p = subprocess.run([str(c) for c in command], input=raw, capture_output=True)
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertIn(b"algorithmic latency 260 ms", p.stderr)
        blocks = math.ceil(24000 / 3200) + 1  # and one that pushes out the rest
        self.assertEqual(len(p.stdout), blocks * 3200 * 2)
        self.assertGreater(len(set(p.stdout)), 100)
        again = subprocess.run([str(c) for c in command], input=raw, capture_output=True)
        self.assertEqual(again.stdout, p.stdout)
        empty = subprocess.run([str(c) for c in command], input=b"", capture_output=True)
        self.assertEqual((empty.returncode, empty.stdout), (0, b""))
        self.fails(2, "E0204", "convert", "--stream")
        self.assertEqual(self.run_voxlip("convert", "--stream", "-o", "x.wav").code, 2)
        for flags in (["--f0-file", "x.csv"], ["--resample-sr", "16000"], ["--no-exact-length"], ["--format", "flac"], ["--pitch", "auto"]):
            self.assertIn("E0204", self.run_voxlip("convert", "--stream", *flags).err)
        self.assertEqual(self.run_voxlip("convert", "--stream", "--stream-rate", "16050").code, 2)

    def test_the_first_block_comes_before_the_input_ends(self):
        p = subprocess.Popen([BIN, "convert", "--stream", "--cache-dir", Case.cache.name, "-q"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        p.stdin.write(frames(self.speech)[3][: 2560 * 2])
        p.stdin.flush()
        got = []
        reader = threading.Thread(target=lambda: got.append(p.stdout.read(2560 * 2)))
        reader.start()
        reader.join(timeout=120)
        self.assertEqual(len(got[0]) if got else 0, 2560 * 2)
        p.terminate()  # while it waits for more
        p.stdout.read()
        self.assertEqual(p.wait(timeout=30), 10)
        p.stdin.close()


if __name__ == "__main__":
    unittest.main()
