"""voxlip clone as a user runs it: presets and recordings as prompts, languages, long text, pipes, and every bad input with its code."""
import json
import math
import pathlib
import shutil
import struct
import subprocess
import unittest
import wave

from support import BIN, DATA, PARITY, ROOT, Case, write_wav

PRESETS = DATA / "assets" / "vallex" / "presets"
PROMPTS = DATA / "assets" / "vallex" / "prompts"
LJ = DATA / "assets" / "speech" / "LJ011-0202_ground-truth.wav"
TINY = PARITY / "vallex" / "checkpoints"
# The public containers, tiny: they offer en, ja and zh and end by their own end token or the cap.
PUBLIC = ["--vallex-model", TINY / "tiny_vallex.pt", "--model", f"codec={TINY / 'tiny_encodec_24khz.th'}", "--model", f"vocos={TINY / 'tiny_vocos.bin'}"]
PRESET = ["--prompt-audio", PRESETS / "librispeech_2.npz"]


def sound(path):
    with wave.open(str(path), "rb") as w:
        return w.getnframes(), w.getframerate(), w.getnchannels(), w.readframes(w.getnframes())


class Clone(Case):
    def clone(self, *args, **kw):
        return self.ok("clone", *args, "--json", **kw).json()

    def test_the_default_voice(self):
        out = self.folder / "o.wav"
        r = self.clone("--text", "Hello there. How are you?", "-o", out)
        self.assertEqual((r["schema"], r["verb"], r["status"]), ("voxlip.clone/1", "clone", "ok"))
        self.assertEqual([w["code"] for w in r["warnings"]], ["W0117"])
        self.assertEqual((r["voice"], r["lang"], r["consent"]["kind"]), ("lj", "en", "pack"))
        self.assertEqual((r["takes"], r["take_used"], r["stopped_by"]), (1, 1, "fixed"))
        n, rate, channels, data = sound(out)
        self.assertEqual((rate, channels), (24000, 1))
        self.assertEqual(n, 320 * r["ar_tokens"])
        self.assertGreater(len(set(data)), 50)
        self.assertAlmostEqual(r["output"]["seconds"], n / 24000, places=5)
        self.assertTrue(0 < r["first_audio_ms"] <= r["timing_ms"]["compute"])
        for stage in ("load", "prompt", "vallex", "encode"):
            self.assertGreater(r["timing_ms"][stage], 0, stage)
        for key in ("job", "device", "precision", "seed", "timing_ms", "waterfall", "rtf", "marks", "consent", "models", "cache", "output", "voice", "lang",
                    "prompt_seconds", "takes", "take_used", "ar_tokens", "stopped_by", "first_audio_ms", "quality"):
            self.assertIn(key, r)

    def test_public_checkpoints_speak_their_three_languages(self):
        for lang, text in (("en", "Good morning."), ("zh", "早上好。"), ("ja", "おはよう。"), ("mix", "[EN]Hi.[EN][ZH]你好[ZH]")):
            out = self.folder / f"{lang}.wav"
            flags = ["--lang", "mix"] if lang == "mix" else []
            r = self.clone("--text", text, *flags, *PUBLIC, *PRESET, "--takes", "2", "-o", out)
            self.assertEqual(r["lang"], lang)
            self.assertEqual((r["takes"], r["prompt_seconds"]), (2, 3.0))
            self.assertIn(r["stopped_by"], ("eos", "cap"))
            self.assertEqual([w["code"] for w in r["warnings"]], ["W0119"])
            self.assertEqual(sound(out)[0], 320 * r["ar_tokens"])
        self.fails(3, "E0317", "clone", "--text", "좋은 아침", *PUBLIC, *PRESET, "-o", self.folder / "k.wav")

    def test_korean_in_a_pack_that_declares_it(self):
        pack = self.folder / "pack"
        shutil.copytree(ROOT / "packs" / "untrained", pack)
        params = json.loads((pack / "params" / "vallex.json").read_text())
        for p in params:
            if p["key"].endswith("language_embedding.word_embeddings.weight"):
                p["shape"][0] = 4
        (pack / "params" / "vallex.json").write_text(json.dumps(params))
        toml = (pack / "pack.toml").read_text()
        at = toml.index('role = "vallex"')
        (pack / "pack.toml").write_text(toml[:at] + toml[at:].replace('languages = ["en"]', 'languages = ["en", "ko"]', 1))
        r = self.clone("--text", "안녕하세요. 2026년 11월입니다.", "--pack", pack, "-o", self.folder / "o.wav")
        self.assertEqual(r["lang"], "ko")
        self.assertGreater(r["ar_tokens"], 50)

    def test_same_seed_same_bytes(self):
        outs = []
        for name, seed in (("a", 1), ("b", 1), ("c", 2)):
            self.clone("--text", "Once more.", *PUBLIC, *PRESET, "--seed", seed, "-o", self.folder / f"{name}.wav")
            outs.append(sound(self.folder / f"{name}.wav")[3])
        self.assertEqual(outs[0], outs[1])
        self.assertNotEqual(outs[0], outs[2])

    def test_recordings_as_prompts(self):
        words = "the prisoner was"
        base = ["--text", "Hello.", "-y", "-o", self.folder / "o.wav"]
        one = self.clone(*base, "--prompt-audio", LJ, "--prompt-text", words)
        self.assertEqual((one["voice"], one["consent"]["kind"]), ("prompt", "none"))
        stereo = self.folder / "stereo.flac"
        subprocess.run(["ffmpeg", "-v", "error", "-i", str(LJ), "-ac", "2", "-ar", "48000", str(stereo)], check=True)
        two = self.clone(*base, "--prompt-audio", stereo, "--prompt-text", words)
        self.assertAlmostEqual(two["prompt_seconds"], one["prompt_seconds"], places=2)
        both = self.clone(*base, "--prompt-audio", LJ, "--prompt-text", words, *PRESET)
        self.assertAlmostEqual(both["prompt_seconds"], one["prompt_seconds"] + 3.0, places=6)
        (self.folder / "words.txt").write_text(words)
        self.clone(*base, "--prompt-audio", LJ, "--prompt-text", f"@{self.folder / 'words.txt'}")

    def test_sampling_and_long_text(self):
        text = "This is one sentence. Here is another one! And a third? Yes, indeed, a fourth one, which goes on, and on, and on, to be split in parts."
        outs = set()
        for flags in ([], ["--long-text", "sliding"], ["--accent", "zh"], ["--top-k", "5"], ["--top-p", "0.5"], ["--temperature", "0.5"]):
            out = self.folder / "o.wav"
            r = self.clone("--text", text, *PUBLIC, *PRESET, "--takes", "1", "--max-line-s", "3", *flags, "-y", "-o", out)
            self.assertIn("W0114", [w["code"] for w in r["warnings"]])
            outs.add(sound(out)[3])
        self.assertEqual(len(outs), 6)

    def test_standard_output_and_formats(self):
        p = subprocess.run([str(c) for c in [BIN, "clone", "--text", "Hi.", "-o", "-", "-q", "--cache-dir", Case.cache.name]], capture_output=True)
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertEqual(p.stdout[:4], b"RIFF")
        raw = subprocess.run([str(c) for c in [BIN, "clone", "--text", "-", "-o", "-", "--format", "raw", "-q", "--cache-dir", Case.cache.name]], input=b"Hi.", capture_output=True)
        self.assertEqual(raw.stdout, p.stdout[44:])
        for ending in ("flac", "mp3", "opus", "m4a"):
            self.assertGreater(self.clone("--text", "Hi.", "-o", self.folder / f"o.{ending}")["output"]["seconds"], 0.2)

    def test_own_pronunciations(self):
        lexicon = self.folder / "own.tsv"
        lexicon.write_text("Voxlip\ten\t*\t{V AA1 K S L IH0 P}\n")
        shown = self.clone("--text", "Voxlip zzyzx.", "--lexicon", lexicon, "--show-phonemes")
        self.assertEqual("".join(shown["tokens"]), "ˈvɑkslɪp_zzyzx*.")
        self.assertEqual((shown["lang"], shown["unknown_words"], shown["normalized"]), ("en", ["zzyzx"], "voxlip zzyzx."))
        self.assertEqual(len(shown["ids"]), len(shown["tokens"]))
        self.assertEqual(self.ok("clone", "--text", "Hello there.", "--show-phonemes").out, "hɛˈloʊ_ðɛɹ.\n")
        self.assertEqual(self.clone("--text", "굳이", "--show-phonemes")["lang"], "ko")
        r = self.clone("--text", "Say zzyzx.", "-o", self.folder / "o.wav")
        self.assertIn("W0115", [w["code"] for w in r["warnings"]])
        lexicon.write_text("a\tb\tc\n")
        e = self.fails(3, "E0314", "clone", "--text", "Hi.", "--lexicon", lexicon, "-o", self.folder / "p.wav").error()
        self.assertEqual(e["where"]["line"], 1)

    def test_bad_inputs(self):
        out = self.folder / "o.wav"
        hi = ["--text", "Hello."]
        silent, short, long, not_sound = (self.folder / n for n in ("silent.wav", "short.wav", "long.wav", "no.wav"))
        write_wav(silent, 3.0, level=0.0)
        not_sound.write_text("no sound " * 30)
        with wave.open(str(LJ), "rb") as r:
            params, data = r.getparams(), r.readframes(r.getnframes())
        for path, content in ((short, data[: params.framerate]), (long, data * math.ceil(40 / (params.nframes / params.framerate)))):
            with wave.open(str(path), "wb") as w:
                w.setparams(params)
                w.writeframes(content)
        damaged = self.folder / "damaged.npz"
        damaged.write_bytes((PRESETS / "cafe.npz").read_bytes()[:300])
        given = lambda path, text="some words here": ["--prompt-audio", path, "--prompt-text", text]
        rows = [
            (2, "E0203", []),
            (3, "E0307", ["--text", ""]),
            (3, "E0307", ["--text", " \n "]),
            (3, "E0307", ["--text", "!!! ... 😀"]),
            (3, "E0317", ["--text", "Привет, мир"]),
            (3, "E0317", ["--text", "你好"]),  # the untrained pack offers English only
            (3, "E0308", [*hi, "--prompt-audio", LJ]),
            (2, "E0204", [*hi, "--prompt-text", "words"]),
            (2, "E0204", [*hi, *PRESET, "--prompt-text", "words"]),
            (2, "E0204", [*hi, *PRESET, "--voice", "lj"]),
            (3, "E0313", [*hi, "--voice", "jl"]),
            (3, "E0310", [*hi, *given(silent)]),
            (3, "E0310", [*hi, *given(short)]),
            (3, "E0310", [*hi, *given(long)]),
            (3, "E0310", [*hi, "--prompt-audio", damaged]),
            (3, "E0310", [*hi, *PUBLIC, *given(LJ, "你好"), "--prompt-lang", "en"]),
            (3, "E0301", [*hi, *given(self.folder / "none.wav")]),
            (3, "E0302", [*hi, *given(not_sound)]),
            (2, "E0202", [*hi, "--temperature", "0"]),
            (2, "E0202", [*hi, "--takes", "9"]),
            (2, "E0201", [*hi, "--tempreature", "1"]),
            (5, "E0505", [*hi, *PRESET, "--vallex-model", PARITY / "rvc" / "hubert_base.pt"]),
            (5, "E0501", [*hi, *PRESET, "--vallex-model", self.folder / "none.pt"]),
            (2, "E0202", [*hi, "--format", "aiff"]),
        ]
        for exit_code, code, args in rows:
            self.fails(exit_code, code, "clone", *args, "-o", out)
            self.assertFalse(out.exists())
        self.assertIn("limit 15", self.fails(3, "E0310", "clone", *hi, *given(long), "-o", out).error()["message"])
        out.write_text("kept")
        self.fails(12, "E1201", "clone", *hi, "-o", out)
        self.assertEqual(out.read_text(), "kept")
        self.fails(2, "E0204", "clone", *hi, "-o", "-")  # with --json


if __name__ == "__main__":
    unittest.main()
