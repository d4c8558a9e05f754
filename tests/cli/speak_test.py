"""voxlip speak as a user runs it: markup, lengths, pipes, lists of texts, public checkpoints, and every bad input with its code."""
import json
import pathlib
import shutil
import struct
import subprocess
import time
import unittest
import wave

from support import BIN, PARITY, ROOT, Case, ints, read_safetensors, write_safetensors

FAST = PARITY / "fastpitch"
OWN = ["--voice", "none"]
# The public containers, tiny: FastPitch with its training set-up, HiFi-GAN of NVIDIA.
PUBLIC = ["--fastpitch-model", FAST / "fastpitch_a.pt"]


def sound(path):
    with wave.open(str(path), "rb") as w:
        return w.getnframes(), w.getframerate(), w.getnchannels(), w.readframes(w.getnframes())


def samples(path):
    data = sound(path)[3]
    return struct.unpack(f"<{len(data) // 2}h", data)


def rms(values):
    return (sum(v * v for v in values) / max(1, len(values))) ** 0.5


class Speak(Case):
    def speak(self, *args, **kw):
        return self.ok("speak", *args, "--json", **kw).json()

    def test_the_default_voice_is_converted(self):
        out = self.folder / "o.wav"
        r = self.speak("--text", "Hello there. How are you?", "-o", out)
        self.assertEqual((r["schema"], r["verb"], r["status"]), ("voxlip.speak/1", "speak", "ok"))
        self.assertEqual([w["code"] for w in r["warnings"]], ["W0117"])
        self.assertEqual((r["voice"], r["lang"], r["consent"]["kind"], r["id"]), ("lj", "en", "pack", None))
        self.assertEqual([m["role"] for m in r["models"]], ["fastpitch", "hifigan", "rvc", "content", "f0"])
        n, rate, channels, data = sound(out)
        self.assertEqual((rate, channels), (40000, 1))
        self.assertGreater(len(set(data)), 50)
        self.assertAlmostEqual(r["output"]["seconds"], n / 40000, places=5)
        self.assertTrue(0 < r["first_audio_ms"] <= r["timing_ms"]["compute"])
        for stage in ("load", "fastpitch", "vocoder", "rvc", "encode"):
            self.assertGreater(r["timing_ms"][stage], 0, stage)
        for key in ("job", "device", "precision", "seed", "timing_ms", "waterfall", "rtf", "marks", "consent", "models", "cache", "id", "output", "voice",
                    "lang", "text_chars", "tokens", "unknown_words", "first_audio_ms"):
            self.assertIn(key, r)
        self.assertEqual(r["text_chars"], 25)

    def test_the_models_own_voice(self):
        out = self.folder / "o.wav"
        r = self.speak("--text", "Hello there.", *OWN, "-o", out)
        self.assertEqual((r["voice"], [m["role"] for m in r["models"]]), ("none", ["fastpitch", "hifigan"]))
        n, rate, _, _ = sound(out)
        self.assertEqual((rate, n % 256), (22050, 0))
        self.assertEqual(samples(out)[-1], 0)  # faded out

    def test_public_checkpoints_are_not_mixed_with_the_packs_voice(self):
        r = self.speak("--text", "Hello there.", *PUBLIC, "-o", self.folder / "o.wav")
        self.assertEqual([m["role"] for m in r["models"]], ["fastpitch", "hifigan"])
        self.assertEqual((r["voice"], r["consent"]["kind"], r["warnings"]), ("none", "none", []))
        asked = self.speak("--text", "Hello there.", *PUBLIC, "--voice", "lj", "-o", self.folder / "p.wav")
        self.assertEqual((asked["voice"], len(asked["models"])), ("lj", 5))

    def test_same_text_same_bytes_and_the_controls_change_them(self):
        base = ["--text", "A question of speed and pitch.", *PUBLIC, "-y"]
        def run(*flags):
            out = self.folder / "o.wav"
            self.speak(*base, *flags, "-o", out)
            return sound(out)
        plain = run()
        self.assertEqual(plain, run())
        seen = {plain[3]}
        for flags in (["--pitch-transform-flatten"], ["--pitch-transform-invert"], ["--pitch-transform-amplify", "2"], ["--pitch-transform-shift", "-30"],
                      ["--energy-scale", "0.5"], ["--denoising-strength", "0.1"], ["--fade-out", "0"], ["--p-arpabet", "0"], ["--rate", "1.5"]):
            got = run(*flags)
            self.assertNotIn(got[3], seen, flags)
            seen.add(got[3])
        self.assertAlmostEqual(run("--rate", "2")[0] / plain[0], 0.5, delta=0.08)
        self.assertEqual(run("--length-scale", "0.5"), run("--rate", "2"))
        self.assertEqual(run("--length-scale=0.5", "--rate", "1"), plain)  # the last one wins
        self.assertEqual(run("--rate", "1", "--length-scale=0.5"), run("--rate", "2"))
        self.assertEqual(run("--pace", "0.5"), run("--length-scale", "2"))

    def test_markup(self):
        base = ["--markup", *OWN, "-y"]
        def run(text):
            out = self.folder / "o.wav"
            r = self.speak("--text", text, *base, "-o", out)
            return samples(out), r
        plain, r = run("one two three four")
        slow, s = run('one <prosody rate="50%">two three</prosody> four')
        self.assertEqual(r["tokens"], s["tokens"])
        self.assertGreater(len(slow), 1.2 * len(plain))
        paused, _ = run('one two<break time="1s"/> three four')
        self.assertEqual(len(paused) - len(plain), round(22050 / 256) * 256)
        silent, _ = run('<prosody volume="silent">one two</prosody> three four')
        self.assertEqual(len(silent), len(plain))
        self.assertLess(rms(silent[: len(silent) // 4]), 0.01 * rms(plain[: len(plain) // 4]) + 1)
        self.assertNotEqual(run("one <emphasis>two</emphasis> three four")[0], plain)
        self.assertEqual(run("AT&amp;T &lt;3")[1]["status"], "ok")
        # Without --markup a tag is text.
        r = self.speak("--text", "one <b>two</b>", *OWN, "-y", "-o", self.folder / "o.wav")
        self.assertEqual(r["status"], "ok")

    def test_target_seconds(self):
        text = "This sentence has a natural length. And this one follows it, after a pause."
        out = self.folder / "o.wav"
        natural = self.speak("--text", text, *OWN, "-o", out)["output"]["seconds"]
        for share in (0.85, 0.95, 1.05, 1.3):
            target = round(natural * share, 3)
            r = self.speak("--text", text, *OWN, "--target-seconds", target, "-y", "-o", out)
            self.assertEqual(sound(out)[0], round(target * 22050), share)
            self.assertNotIn("W0103", [w["code"] for w in r["warnings"]])
        r = self.speak("--text", text, *OWN, "--target-seconds", natural * 0.5, "-y", "-o", out)
        self.assertIn("W0103", [w["code"] for w in r["warnings"]])
        self.assertAlmostEqual(r["output"]["seconds"], natural / 1.32, delta=0.05)
        voice = self.speak("--text", text, "--target-seconds", 6, "-y", "-o", out)
        self.assertEqual((voice["voice"], sound(out)[0]), ("lj", 6 * 40000))
        self.assertIn('"align":"exact"', next(pathlib.Path(Case.cache.name).glob(f"jobs/{voice['job']}/fit.json")).read_text().replace(" ", ""))

    def test_timing_files(self):
        text = "Hello there. It cost $5."
        for ending in ("json", "tsv", "srt"):
            r = self.speak("--text", text, *OWN, "--timing-out", self.folder / f"t.{ending}", "-y", "-o", self.folder / "o.wav")
        lines = json.loads((self.folder / "t.json").read_text())["lines"]
        self.assertEqual([l["text"] for l in lines], ["Hello there.", "It cost $5."])
        self.assertEqual([w["text"] for w in lines[1]["words"]], ["it", "cost", "five", "dollars."])
        self.assertAlmostEqual(lines[-1]["end_s"], r["output"]["seconds"], delta=0.002)
        self.assertGreater(lines[1]["start_s"] - lines[0]["end_s"], 0.3)
        times = [t for l in lines for w in l["words"] for t in (w["start_s"], w["end_s"])]
        self.assertEqual(times, sorted(times))
        self.assertEqual(len(lines[0]["symbols"]) + len(lines[1]["symbols"]), r["tokens"])
        self.assertEqual(len((self.folder / "t.tsv").read_text().splitlines()), 1 + 6)
        self.assertTrue((self.folder / "t.srt").read_text().startswith("1\n00:00:00,000 --> 00:00:0"))
        self.fails(2, "E0202", "speak", "--text", "x", *OWN, "--timing-out", "t.txt", "-y", "-o", self.folder / "o.wav")
        self.fails(12, "E1201", "speak", "--text", "x", *OWN, "--timing-out", self.folder / "t.tsv", "-o", self.folder / "new.wav")
        self.assertFalse((self.folder / "new.wav").exists())

    def test_standard_streams_and_formats(self):
        command = [str(c) for c in [BIN, "speak", *OWN, "-o", "-", "-q", "--cache-dir", Case.cache.name]]
        p = subprocess.run(command + ["--text", "Hi."], capture_output=True)
        self.assertEqual((p.returncode, p.stdout[:4]), (0, b"RIFF"), p.stderr)
        piped = subprocess.run(command + ["--format", "raw"], input=b"Hi.\n", capture_output=True)
        self.assertEqual(piped.stdout, p.stdout[44:])
        for ending in ("flac", "mp3", "opus", "m4a"):
            self.assertGreater(self.speak("--text", "Hi there.", *OWN, "-o", self.folder / f"o.{ending}")["output"]["seconds"], 0.2)

    def test_sound_comes_before_the_text_is_done(self):
        text = " ".join(f"This is sentence number {i}, which says a little." for i in range(60))
        self.assertGreater(len(text), 2800)
        command = [str(c) for c in [BIN, "speak", *OWN, "--text", text, "-o", "-", "--format", "raw", "-q", "--cache-dir", Case.cache.name]]
        begin = time.monotonic()
        with subprocess.Popen(command, stdout=subprocess.PIPE) as p:
            head = p.stdout.read(4096)
            first = time.monotonic() - begin
            rest = p.stdout.read()
        whole = time.monotonic() - begin
        self.assertEqual(p.returncode, 0)
        self.assertEqual(len(head), 4096)
        self.assertGreater(len(rest), 22050 * 2 * 100)
        self.assertLess(first, 0.4 * whole)

    def test_json_lines(self):
        out = [self.folder / f"{i}.wav" for i in range(3)]
        rows = [{"id": "a", "text": "One.", "out": str(out[0])}, {"id": 7, "text": "Two words.", "out": str(out[1])}]
        good = self.ok("speak", *OWN, "--json-input", "--json", stdin="\n".join(json.dumps(r) for r in rows).encode())
        documents = [json.loads(line) for line in good.out.splitlines()]
        self.assertEqual([(d["id"], d["status"], d["output"]["path"]) for d in documents], [("a", "ok", str(out[0])), ("7", "ok", str(out[1]))])
        self.assertEqual(sound(out[0])[1], 22050)
        long = b'{"text":"' + b"a" * (17 << 20) + b'"}\n{"text":"Hi.","out":"' + str(self.folder / "behind.wav").encode() + b'"}'
        r = self.run_voxlip("speak", *OWN, "--json-input", "--json", stdin=long)
        self.assertEqual([json.loads(l)["status"] for l in r.out.splitlines()], ["failed", "ok"], r.err)
        r = self.run_voxlip("speak", *OWN, "--json-input", "--json", stdin=b'{"text":"a\xff","out":"x.wav"}')
        self.assertEqual(json.loads(r.out.splitlines()[0])["error"]["code"], "E0307")
        bad = [{"text": "..."  , "out": "x.wav"}, {"text": "Hi."}, "no object", {"text": "Hi.", "out": str(out[0])}, {"text": "Hi.", "out": "y.wav", "rate": 2},
               {"text": "Hi.", "out": str(out[2])}]
        r = self.run_voxlip("speak", *OWN, "--json-input", "--json", stdin="\n\n".join(json.dumps(b) for b in bad).encode())
        self.assertEqual(r.code, 11, r.err)
        documents = [json.loads(line) for line in r.out.splitlines()]
        self.assertEqual([d["error"]["code"] if d["error"] else "ok" for d in documents[:6]], ["E0307", "E0203", "E0202", "E1201", "E0201", "ok"])
        self.assertEqual([d["error"]["where"]["line"] for d in documents[:3]], [1, 3, 5])
        self.assertTrue(out[2].exists())
        self.fails(3, "E0307", "speak", *OWN, "--json-input", stdin=b"\n")
        self.fails(2, "E0204", "speak", *OWN, "--json-input", "--text", "x", stdin=b"{}")

    def test_symbols_and_own_pronunciations(self):
        shown = self.speak("--text", "Hello, zzyzx cat.", "--show-phonemes")
        self.assertEqual(list(shown)[-5:], ["lang", "normalized", "tokens", "ids", "unknown_words"])
        self.assertEqual((shown["normalized"], shown["unknown_words"]), ("hello, zzyzx cat.", ["zzyzx"]))
        self.assertEqual(shown["tokens"][-4:], ["@K", "@AE1", "@T", "."])
        self.assertEqual(self.ok("speak", "--text", "The cat. A dog.", "--show-phonemes").out, "the {K AE1 T}.\na {D AO1 G}.\n")
        lexicon = self.folder / "own.tsv"
        lexicon.write_text("zzyzx\ten\t*\t{Z IH1 Z IH0 K S}\n")
        own = self.speak("--text", "zzyzx", "--lexicon", lexicon, "--show-phonemes")
        self.assertEqual((own["tokens"], own["unknown_words"]), (["@Z", "@IH1", "@Z", "@IH0", "@K", "@S"], []))
        letters = self.speak("--text", "The cat.", "--p-arpabet", "0", "--show-phonemes")
        self.assertEqual("".join(letters["tokens"]), "the cat.")
        r = self.speak("--text", "Say zzyzx.", *OWN, "-o", self.folder / "o.wav")
        self.assertIn("W0115", [w["code"] for w in r["warnings"]])

    def test_text_entry_of_models_run(self):
        def ids(text, *flags):
            data = text.encode()
            write_safetensors(self.folder / "in.safetensors", {"input:text_utf8": ("U8", [len(data)], data)})
            self.ok("models", "run", "text", "--entry", "fastpitch", "--inputs", self.folder / "in.safetensors", "--outputs", self.folder / "out.safetensors", "-y", *flags)
            return list(read_safetensors(self.folder / "out.safetensors")["out:ids"][2])
        self.assertEqual(ids("Hello.", "--p-arpabet", "0"), [45, 42, 49, 49, 52, 7])
        self.assertEqual(ids("The cat."), self.speak("--text", "The cat.", "--show-phonemes")["ids"])
        self.assertNotEqual(ids("A cat.", "--symbol-set", "english_expanded"), ids("A cat."))
        self.assertNotEqual(ids("GB 5", "--cleaner", "basic_cleaners", "--p-arpabet", "0"), ids("GB 5", "--p-arpabet", "0"))

    def broken(self, name, source, change):
        """A copy of a safetensors weights file of ours whose bytes are changed."""
        imported = self.folder / "models"
        role = "fastpitch" if "fastpitch" in str(source) else "hifigan"
        self.ok("models", "import", source, "--role", role, "--name", name)
        path = imported / f"{name}.safetensors"
        blob = bytearray(path.read_bytes())
        size = struct.unpack("<Q", blob[:8])[0]
        header = json.loads(blob[8 : 8 + size])
        change(blob, 8 + size, header)
        text = json.dumps(header).encode()
        target = self.folder / f"{name}_broken.safetensors"
        target.write_bytes(struct.pack("<Q", len(text)) + text + bytes(blob[8 + size :]))
        return target

    def test_damaged_weights_give_no_sound(self):
        def huge(blob, data, header):
            begin, end = header["proj.weight"]["data_offsets"]
            blob[data + begin : data + end] = struct.pack("<f", 3e38) * ((end - begin) // 4)

        model = self.broken("huge", FAST / "fastpitch_a.pt", huge)
        out = self.folder / "o.wav"
        for flags in ([], ["--denoising-strength", "0"]):
            self.fails(5, "E0510", "speak", "--text", "Hello.", "--fastpitch-model", model, *flags, "-o", out)
            self.assertFalse(out.exists())

    def test_one_setting_of_two_names(self):
        def seconds(*flags, **env):
            return self.speak("--text", "A question of rate.", *OWN, *flags, "-y", "-o", self.folder / "o.wav", env=env)["output"]["seconds"]
        plain, slow = seconds(), seconds("--rate", "0.5")
        self.assertGreater(slow, 1.8 * plain)
        self.assertEqual(seconds(VOXLIP_RATE="0.5"), slow)
        self.assertEqual(seconds("--rate", "1", VOXLIP_RATE="0.5"), plain)
        self.assertEqual(seconds("--length-scale", "2", VOXLIP_RATE="1.5"), slow)

    def test_the_default_voice_of_a_pack_is_not_asked_for_ones_own_model(self):
        pack = self.folder / "pack"
        shutil.copytree(ROOT / "packs" / "untrained", pack)
        toml = (pack / "pack.toml").read_text()
        (pack / "pack.toml").write_text(toml.replace('title = "LJ (en): stored', 'tts_speaker = 2\ntitle = "LJ (en): stored'))
        own = self.speak("--text", "Hi.", "--pack", pack, *PUBLIC, "-o", self.folder / "o.wav")
        self.assertEqual(own["voice"], "none")
        self.fails(2, "E0202", "speak", "--text", "Hi.", "--pack", pack, "-o", self.folder / "p.wav")

    def test_a_conversion_model_of_ones_own(self):
        own = ["--rvc-model", PARITY / "rvc" / "v2_40k_f0.pth", "--model", f"content={PARITY / 'rvc' / 'hubert_base.pt'}"]
        d = self.speak("--text", "Hi.", *own, "-o", self.folder / "o.wav")
        self.assertEqual((d["voice"], d["consent"]["kind"]), ("v2_40k_f0", "none"))
        self.assertIn("W0119", [w["code"] for w in d["warnings"]])
        self.assertIn("rvc", [m["role"] for m in d["models"]])
        self.assertEqual(d["output"]["audio"]["sample_rate"], 40000)

    def test_a_text_without_any_time(self):
        def still(blob, data, header):
            for key in ("duration_predictor.fc.weight", "duration_predictor.fc.bias"):
                begin, end = header[key]["data_offsets"]
                blob[data + begin : data + end] = bytes(end - begin)

        model = self.broken("still", FAST / "fastpitch_a.pt", still)
        for name, flags in (("o.wav", []), ("o.mp3", []), ("p.wav", ["--target-seconds", "3"])):
            self.fails(15, "E1501", "speak", "--text", "Hello there. And more.", "--fastpitch-model", model, *flags, "-o", self.folder / name)
            self.assertFalse((self.folder / name).exists())

    def test_a_little_too_long_is_faded_and_much_is_said(self):
        text = ["--text", "This sentence has a natural length.", *OWN, "-y", "-o", self.folder / "o.wav"]
        natural = self.speak(*text)["output"]["seconds"]
        least = self.speak(*text, "--target-seconds", natural / 2)["output"]["seconds"]
        r = self.speak(*text, "--target-seconds", round(least - 0.015, 4))
        self.assertNotIn("W0103", [w["code"] for w in r["warnings"]])
        self.assertEqual(sound(self.folder / "o.wav")[0], round(round(least - 0.015, 4) * 22050))
        self.assertEqual(samples(self.folder / "o.wav")[-1], 0)

    def test_a_full_pipe_can_be_cancelled(self):
        text = " ".join(f"This is sentence number {i}." for i in range(200))
        command = [str(c) for c in [BIN, "speak", *OWN, "--text", text, "-o", "-", "--format", "raw", "-q", "--cache-dir", Case.cache.name]]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as p:
            self.assertEqual(len(p.stdout.read(4096)), 4096)
            time.sleep(2)  # the pipe is full by now
            p.terminate()
            self.assertEqual(p.wait(timeout=20), 10)

    def test_long_sentences_keep_numbers_and_phones(self):
        words = "word " * 44
        text = words + "{HH AH0 L OW1 W ER1 L D HH AH0 L OW1 W ER1 L D} 1,234,567 dollars " + words
        shown = self.speak("--text", text, "--show-phonemes")
        self.assertIn("one million two hundred", shown["normalized"])
        self.assertIn("{HH AH0 L OW1 W ER1 L D HH AH0 L OW1 W ER1 L D}", shown["normalized"])
        self.assertEqual(self.speak("--text", text, *OWN, "-o", self.folder / "o.wav")["tokens"], len(shown["ids"]))

    def test_each_line_draws_anew(self):
        shown = self.ok("speak", "--text", "The cat. " * 24, "--p-arpabet", "0.5", "--show-phonemes").out.splitlines()
        self.assertEqual(len(shown), 24)
        self.assertGreater(len(set(shown)), 1)

    def test_bad_inputs(self):
        out = self.folder / "o.wav"
        hi = ["--text", "Hello."]
        rows = [
            (3, "E0307", ["--text", ""]),
            (3, "E0307", ["--text", "... ?! -"]),
            (3, "E0307", ["--text", "日 {}", "--lang", "en"]),
            (3, "E0307", ["--text", "<b>x</b>", "--markup"]),
            (3, "E0307", ["--text", "<break/>", "--markup"]),
            (3, "E0317", ["--text", "안녕하세요"]),
            (3, "E0317", [*hi, "--lang", "ja"]),
            (3, "E0313", [*hi, "--voice", "nobody"]),
            (3, "E0314", [*hi, "--lexicon", "bad.tsv"]),
            (2, "E0202", [*hi, "--rate", "0"]),
            (2, "E0202", [*hi, "--rate", "100"]),
            (2, "E0202", [*hi, "--rate", "nan"]),
            (2, "E0202", [*hi, "--length-scale", "0.1"]),
            (2, "E0202", [*hi, "--length-scale", "0"]),
            (2, "E0202", [*hi, "--length-scale", "long"]),
            (2, "E0204", [*hi, "--voice", "lj", "--rvc-model", "x.pth"]),
            (2, "E0202", [*hi, "--tts-speaker", "3"]),
            (2, "E0202", [*hi, "--p-arpabet", "1.5"]),
            (2, "E0202", [*hi, "--p-arpabet", "some"]),
            (2, "E0202", [*hi, "--energy-scale", "4"]),
            (2, "E0202", [*hi, "--denoising-strength", "0.2"]),
            (2, "E0202", [*hi, "--target-seconds", "-1"]),
            (2, "E0202", [*hi, "--duration-rounding", "up"]),
            (2, "E0204", [*hi, "--f0-file", "x.csv"]),
            (2, "E0204", [*hi, "--timing-out", out]),
            (5, "E0501", [*hi, "--fastpitch-model", "nothing"]),
            (5, "E0505", [*hi, "--fastpitch-model", FAST / "hifigan_nv_small.pt"]),
            (5, "E0505", [*hi, "--hifigan-model", FAST / "fastpitch_a.pt"]),
        ]
        (self.folder / "bad.tsv").write_text("a\tb\tc\n")
        for code, error, args in rows:
            with self.subTest(args=args):
                self.fails(code, error, "speak", *args, "-o", out)
                self.assertFalse(out.exists())
        self.fails(2, "E0203", "speak", *hi)

    def test_weights_that_do_not_fit(self):
        def nan(blob, data, header):
            begin = header["decoder.layers.0.pos_ff.CoreNet.0.weight"]["data_offsets"][0]
            blob[data + begin : data + begin + 4] = struct.pack("<f", float("nan"))

        def other_rate(blob, data, header):
            meta = json.loads(header["__metadata__"]["voxlip"])
            meta["config"]["sampling_rate"] = 16000
            header["__metadata__"]["voxlip"] = json.dumps(meta)

        def other_size(blob, data, header):
            meta = json.loads(header["__metadata__"]["voxlip"])
            meta["config"]["symbols_embedding_dim"] = 64
            header["__metadata__"]["voxlip"] = json.dumps(meta)

        def other_symbols(blob, data, header):
            meta = json.loads(header["__metadata__"]["voxlip"])
            meta["config"]["symbol_set"] = "english_expanded"
            header["__metadata__"]["voxlip"] = json.dumps(meta)

        def no_cleaner(blob, data, header):
            meta = json.loads(header["__metadata__"]["voxlip"])
            meta["config"]["text_cleaners"] = ["klingon_cleaners"]
            header["__metadata__"]["voxlip"] = json.dumps(meta)

        out = self.folder / "o.wav"
        for name, change, code in (("nan", nan, "E0510"), ("size", other_size, "E0510"), ("symbols", other_symbols, "E0510"),
                                   ("cleaner", no_cleaner, "E0510"), ("rate", other_rate, "E0508")):
            with self.subTest(name=name):
                model = self.broken(name, FAST / "fastpitch_a.pt", change)
                self.fails(5, code, "speak", "--text", "Hi.", "--fastpitch-model", model, "-o", out)
                self.assertFalse(out.exists())

    def test_a_signal_leaves_nothing(self):
        text = " ".join(f"This is sentence number {i}." for i in range(400))
        out = self.folder / "long.wav"
        p = subprocess.Popen([str(c) for c in [BIN, "speak", *OWN, "--text", text, "-o", out, "--json", "--cache-dir", Case.cache.name]], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        begin = time.monotonic()
        while not list(self.folder.glob(".long.wav*")) and time.monotonic() - begin < 60:
            time.sleep(0.05)
        time.sleep(0.3)
        p.terminate()
        stdout, _ = p.communicate(timeout=60)
        self.assertEqual(p.returncode, 10)
        self.assertEqual(json.loads(stdout)["error"]["code"], "E1001")
        self.assertEqual(list(self.folder.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
