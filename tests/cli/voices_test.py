"""voxlip voices as a user runs it: add, list, use, rm, the consent they need, and every bad input with its code."""
import hashlib
import json
import pathlib
import shutil
import unittest
import wave

from support import AVATAR, DATA, PARITY, Case, write_wav

SPEECH = DATA / "assets" / "speech" / "eng_60s_16k.wav"
SENTENCE = DATA / "assets" / "speech" / "LJ011-0202_ground-truth.wav"
WORDS = "The uncle claimed her. The husband resisted."
RVC = PARITY / "rvc"
CONTENT = ["--model", f"content={RVC / 'hubert_base.pt'}"]
CONSENT = ["--i-have-consent", "Mina Kim, 2020-11-02, product demo"]
PROMPT = ["--audio", SENTENCE, "--text", WORDS, "--lang", "en"]
MODEL = ["--rvc-model", RVC / "v2_40k_f0.pth", "--rvc-index", RVC / "index_v2.index"]
KEYS = ["name", "id", "created", "languages", "rvc", "prompt", "consent", "usable_for", "bytes"]


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def cut(path, begin_s, seconds, level=1.0):
    with wave.open(str(SPEECH), "rb") as r:
        r.setpos(int(begin_s * 16000))
        data = r.readframes(int(seconds * 16000))
    with wave.open(str(path), "wb") as w:
        w.setnchannels(1), w.setsampwidth(2), w.setframerate(16000)
        w.writeframes(data if level else bytes(len(data)))
    return path


class Voices(Case):
    def setUp(self):
        super().setUp()
        self.speech = cut(self.folder / "in.wav", 3, 1.5)

    def voices(self, *args):
        return self.ok("voices", *args, "--json").json()

    def listed(self):
        return self.voices("list")["voices"]

    def consent(self, name="consent.toml", **keys):
        values = {"subject": "Mina Kim", "date": "2020-11-02", "purpose": "product demo", "scope": ["voice"], **keys}
        path = self.folder / name
        path.write_text("".join(f"{k} = {json.dumps(v)}\n" for k, v in values.items() if v is not None))
        return ["--consent", path]

    def test_a_prompt_with_its_words(self):
        r = self.voices("add", "mina", *PROMPT, *CONSENT)
        self.assertEqual((r["schema"], r["verb"]), ("voxlip.voices-add/1", "voices add"))
        v = r["voice"]
        self.assertEqual(list(v), KEYS)
        self.assertEqual((v["name"], v["languages"], v["rvc"], v["usable_for"]), ("mina", ["en"], None, ["dub", "clone"]))
        self.assertRegex(v["id"], "^v_[0-9a-f]{4}$")
        self.assertRegex(v["created"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual((v["prompt"]["text"], v["prompt"]["lang"]), (WORDS, "en"))
        self.assertAlmostEqual(v["prompt"]["seconds"], 3.1418, delta=0.001)
        self.assertEqual((v["consent"]["kind"], v["consent"]["statement"], v["consent"]["face"]), ("statement", CONSENT[1], None))
        folder = self.folder / "voices" / "mina"
        self.assertEqual({p.name for p in folder.iterdir()}, {"voice.toml", "prompt.wav", "consent.toml", "codes"})
        codes = list((folder / "codes").iterdir())
        self.assertEqual([sha256(p) for p in codes], [v["prompt"]["codes"]])
        self.assertEqual(v["bytes"], sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()))
        with wave.open(str(folder / "prompt.wav"), "rb") as w:
            self.assertEqual((w.getframerate(), w.getnchannels(), w.getsampwidth()), (24000, 1, 2))
        self.assertEqual(self.listed()[0], v)
        self.assertEqual(list(self.folder.joinpath("voices").iterdir()), [folder])

    def test_dub_speaks_with_a_stored_prompt(self):
        self.ok("voices", "add", "mina", *PROMPT, *CONSENT)
        codes = next((self.folder / "voices" / "mina" / "codes").iterdir())
        before = codes.stat().st_mtime_ns
        dub = ["dub", "-i", AVATAR, "--text", "Good morning.", "--no-lips", "--voice", "mina", "--json"]
        r = self.ok(*dub, "-o", self.folder / "o.mp4").json()
        self.assertEqual((r["voice"], r["prompt"]["from"], r["consent"]["kind"]), ("mina", "voice", "statement"))
        self.assertAlmostEqual(r["prompt"]["end_s"], 3.14, delta=0.02)
        self.assertEqual(codes.stat().st_mtime_ns, before)
        codes.unlink()
        again = self.ok(*dub, "-o", self.folder / "p.mp4").json()
        self.assertTrue(codes.exists())
        self.assertEqual(again["output"]["sha256"], r["output"]["sha256"])
        stored = self.folder / "voices" / "mina" / "prompt.wav"
        stored.write_bytes(stored.read_bytes()[:-2] + b"xx")
        self.fails(5, "E0502", *dub[:-1], "-y", "-o", self.folder / "q.mp4")

    def test_a_model_with_its_index_converts(self):
        v = self.voices("add", "tom", *MODEL, *CONSENT)["voice"]
        folder = self.folder / "voices" / "tom"
        self.assertEqual({p.name for p in folder.iterdir()}, {"voice.toml", "rvc.safetensors", "index.safetensors", "consent.toml"})
        self.assertEqual(v["rvc"], {"model": sha256(folder / "rvc.safetensors"), "index": sha256(folder / "index.safetensors"), "sample_rate": 40000})
        self.assertEqual((v["prompt"], v["languages"], v["usable_for"]), (None, [], ["dub", "convert", "speak"]))
        out, adhoc = self.folder / "out.wav", self.folder / "adhoc.wav"
        r = self.ok("convert", "-i", self.speech, "--voice", "tom", *CONTENT, "--f0-method", "yin", "-o", out, "--json").json()
        self.assertEqual((r["voice"], r["warnings"]), ("tom", []))
        self.assertEqual(r["consent"], v["consent"])
        self.assertEqual({m["role"] for m in r["models"]}, {"rvc", "content", "rvc-index"})
        self.ok("convert", "-i", self.speech, *MODEL, *CONTENT, "--f0-method", "yin", "-o", adhoc)
        self.assertEqual(out.read_bytes(), adhoc.read_bytes())
        # The same folder by another name.
        self.ok("convert", "-i", self.speech, "--voice", "tom", *CONTENT, "--voices-dir", "./voices//", "--f0-method", "yin", "-y", "-o", out)
        self.fails(5, "E0501", "convert", "-i", self.speech, "--voice", "tom", "--voices-dir", "voices/", "-y", "-o", out)
        # Its content model is not that of the pack.
        e = self.fails(5, "E0501", "convert", "-i", self.speech, "--voice", "tom", "-y", "-o", out).error()
        self.assertIn('"content"', e["message"])
        self.fails(2, "E0202", "convert", "-i", self.speech, "--voice", "tom", *CONTENT, "--pitch", "auto", "-y", "-o", out)
        weights = folder / "rvc.safetensors"
        weights.write_bytes(weights.read_bytes()[:-1] + b"x")
        self.fails(5, "E0502", "convert", "-i", self.speech, "--voice", "tom", *CONTENT, "-y", "-o", out)
        self.assertEqual(self.voices("rm", "tom")["removed"], "tom")
        self.fails(3, "E0313", "convert", "-i", self.speech, "--voice", "tom", *CONTENT, "-y", "-o", out)

    def test_both_parts_and_pitch_auto(self):
        v = self.voices("add", "both", *PROMPT, *MODEL, *CONSENT)["voice"]
        self.assertEqual(v["usable_for"], ["dub", "convert", "speak", "clone"])
        r = self.ok("convert", "-i", self.speech, "--voice", "both", *CONTENT, "--pitch", "auto", "--f0-method", "yin", "-o", "o.wav", "--json").json()
        toml = (self.folder / "voices" / "both" / "voice.toml").read_text()
        pitch = float(next(line for line in toml.splitlines() if line.startswith("pitch_hz")).split("=")[1])
        self.assertAlmostEqual(r["f0"]["median_hz_out"], pitch, delta=0.02 * pitch)
        self.fails(5, "E0501", "convert", "-i", self.speech, "--voice", "both", "-o", "p.wav")

    def test_a_voice_without_a_model_does_not_convert(self):
        self.ok("voices", "add", "mina", *PROMPT, *CONSENT)
        self.fails(5, "E0501", "convert", "-i", self.speech, "--voice", "mina", "-o", "o.wav")

    def test_a_preset(self):
        v = self.voices("add", "cafe", "--audio", DATA / "assets" / "vallex" / "presets" / "cafe.npz", *CONSENT)["voice"]
        self.assertEqual((v["prompt"]["text"], v["usable_for"]), (None, ["dub", "clone"]))
        self.assertEqual([v["prompt"]["lang"]], v["languages"])
        self.assertEqual({p.name for p in (self.folder / "voices" / "cafe").iterdir()}, {"voice.toml", "prompt.npz", "consent.toml"})
        self.fails(2, "E0204", "voices", "add", "x", "--audio", DATA / "assets" / "vallex" / "presets" / "cafe.npz", "--text", "Hi", *CONSENT)

    def test_list_and_remove(self):
        self.assertEqual([(v["name"], v["id"], v["consent"]["kind"]) for v in self.listed()], [("pack:lj", None, "pack")])
        for name in ("mina", "lj"):
            self.ok("voices", "add", name, *PROMPT, *CONSENT)
        self.assertEqual([v["name"] for v in self.listed()], ["lj", "mina", "pack:lj"])
        ids = [v["id"] for v in self.listed()]
        self.assertNotEqual(ids[0], ids[1])  # the same prompt twice
        self.assertIn("mina", self.ok("voices", "list").out)
        self.ok("convert", "-i", self.speech, "--voice", "pack:lj", "-o", "o.wav")
        r = self.voices("rm", "mina")
        self.assertEqual({k: r[k] for k in ("removed", "cache_entries_removed")}, {"removed": "mina", "cache_entries_removed": 1})
        self.assertFalse((self.folder / "voices" / "mina").exists())
        self.assertIn('did you mean "lj"', self.fails(3, "E0313", "voices", "rm", "lk").error()["message"])
        self.assertIn('pack "untrained"', self.fails(2, "E0202", "voices", "rm", "pack:lj").error()["message"])
        self.voices("rm", "lj")
        self.fails(2, "E0202", "voices", "rm", "lj")
        self.fails(3, "E0313", "voices", "rm", "..")
        self.fails(2, "E0203", "voices", "rm")
        self.assertEqual(list((self.folder / "voices").iterdir()), [])

    def test_damaged_voices_are_passed_over_and_can_be_removed(self):
        self.ok("voices", "add", "mina", *PROMPT, *CONSENT)
        (self.folder / "voices" / "mina" / "voice.toml").write_text("name = 3\n")
        r = self.run_voxlip("voices", "list", "--json")
        self.assertEqual((r.code, [v["name"] for v in r.json()["voices"]]), (0, ["pack:lj"]))
        self.assertIn("mina", r.err)
        self.voices("rm", "mina")

    def test_consent_files(self):
        (self.folder / "form.pdf").write_bytes(b"signed")
        v = self.voices("add", "mina", *PROMPT, *self.consent(expires="2999-01-01", voice_sha256=sha256(SENTENCE), evidence="form.pdf"))["voice"]
        self.assertEqual((v["consent"]["kind"], v["consent"]["statement"]), ("file", None))
        stored = (self.folder / "voices" / "mina" / "consent.toml").read_text()
        self.assertIn(hashlib.sha256(b"signed").hexdigest(), stored)
        for code, make in (
            ("E0901", lambda: []),
            ("E0901", lambda: self.consent(scope=["face"])),
            ("E0902", lambda: self.consent(expires="2021-01-01")),
            ("E0902", lambda: self.consent(purpose=None)),
            ("E0902", lambda: self.consent(date="yesterday")),
            ("E0902", lambda: self.consent(scope=["hands"])),
            ("E0902", lambda: self.consent(expire="2999-01-01")),
            ("E0902", lambda: self.consent(evidence="absent.pdf")),
            ("E0902", lambda: ["--i-have-consent", "yes"]),
            ("E0903", lambda: self.consent(voice_sha256="0" * 64)),
        ):
            self.fails(9, code, "voices", "add", "anna", *PROMPT, *make())
        self.assertEqual([p.name for p in (self.folder / "voices").iterdir()], ["mina"])
        self.fails(2, "E0204", "voices", "add", "anna", *PROMPT, *self.consent(), *CONSENT)
        self.fails(3, "E0301", "voices", "add", "anna", *PROMPT, "--consent", "absent.toml")
        # Of several, the one that belongs to the voice counts.
        two = self.consent("a.toml", voice_sha256="0" * 64) + self.consent("b.toml", voice_sha256=sha256(SENTENCE))
        self.ok("voices", "add", "anna", *PROMPT, *two)

    def test_a_stored_consent_is_needed_at_every_use(self):
        use = ["convert", "-i", self.speech, "--voice", "tom", *CONTENT, "-o", "o.wav"]
        self.ok("voices", "add", "tom", *MODEL[:2], *CONSENT)
        self.ok("voices", "add", "mina", *PROMPT, *CONSENT)
        file = self.folder / "voices" / "tom" / "consent.toml"
        text = file.read_text()
        file.write_text(text + 'expires = "2021-01-01"\n')
        self.assertIn("2021-01-01", self.fails(9, "E0902", *use).error()["message"])
        shutil.copy(self.folder / "voices" / "mina" / "consent.toml", file)
        self.fails(9, "E0903", *use)
        file.unlink()
        self.assertIn('voice "tom" has no consent record', self.fails(9, "E0901", *use).error()["message"])
        file.write_text(text)
        r = self.ok(*use, *self.consent(voice_sha256=sha256(MODEL[1])), "--json").json()
        self.assertEqual(r["consent"]["kind"], "file")
        self.fails(9, "E0903", *use, *self.consent(voice_sha256="0" * 64), "-y")

    def test_consent_for_ad_hoc_voices(self):
        use = ["convert", "-i", self.speech, *MODEL[:2], *CONTENT, "--f0-method", "yin", "-y", "-o", "o.wav"]
        r = self.ok(*use, *CONSENT, "--json").json()
        self.assertEqual((r["consent"]["kind"], r["consent"]["statement"], r["warnings"]), ("statement", CONSENT[1], []))
        r = self.ok(*use, *self.consent(voice_sha256=sha256(MODEL[1])), "--json").json()
        self.assertEqual(r["consent"]["kind"], "file")
        self.fails(9, "E0903", *use, *self.consent(voice_sha256="0" * 64))
        dub = ["dub", "-i", AVATAR, "--text", "Good morning.", "--no-lips", "--prompt-audio", SENTENCE, "--prompt-text", WORDS, "-o", "o.mp4", "-y"]
        r = self.ok(*dub, *CONSENT, "--json").json()
        self.assertEqual((r["consent"]["kind"], [w["code"] for w in r["warnings"]]), ("statement", ["W0117"]))

    def test_bad_inputs(self):
        write_wav(self.folder / "tone.wav", 4, level=0.00001)
        good = cut(self.folder / "good.wav", 10, 4)
        text = ["--text", "Hello there."]
        add = ["voices", "add"]
        rows = [
            (2, "E0203", [*add]),
            (2, "E0203", [*add, "mina"]),
            (2, "E0203", [*add, "mina", "--audio", good]),
            (2, "E0204", [*add, "mina", *text, *MODEL]),
            (2, "E0204", [*add, "mina", "--rvc-index", MODEL[3]]),
            (2, "E0201", [*add, "mina", "--audo", good]),
            (2, "E0202", [*add, "mina", "--audio", good, *text, "--lang", "xx"]),
            (2, "E0202", [*add, "../mina", *PROMPT]),
            (2, "E0202", [*add, "a/b", *PROMPT]),
            (2, "E0202", [*add, ".mina", *PROMPT]),
            (2, "E0202", [*add, "source", *PROMPT]),
            (2, "E0202", [*add, "x" * 65, *PROMPT]),
            (3, "E0301", [*add, "mina", "--audio", "absent.wav", *text]),
            (3, "E0301", [*add, "mina", "--audio", self.folder, *text]),
            (3, "E0301", [*add, "mina", "--audio", "/dev/zero", *text]),
            (3, "E0301", [*add, "mina", "--rvc-model", "absent.pth"]),
            (3, "E0301", [*add, "mina", *MODEL[:2], "--rvc-index", "absent.index"]),
            (3, "E0302", [*add, "mina", "--audio", MODEL[1], *text]),
            (3, "E0307", [*add, "mina", "--audio", good, "--text", "?!"]),
            (3, "E0310", [*add, "mina", "--audio", self.folder / "tone.wav", *text]),
            (3, "E0310", [*add, "mina", "--audio", cut(self.folder / "silent.wav", 10, 4, 0), *text]),
            (3, "E0310", [*add, "mina", "--audio", cut(self.folder / "short.wav", 10, 0.6), *text]),
            (3, "E0310", [*add, "mina", "--audio", cut(self.folder / "long.wav", 10, 18), *text]),
            (3, "E0310", [*add, "mina", "--audio", SPEECH, *text]),
            (5, "E0505", [*add, "mina", "--rvc-model", RVC / "hubert_base.pt"]),
            (5, "E0503", [*add, "mina", "--rvc-model", good]),
            (5, "E0507", [*add, "mina", *MODEL[:2], "--rvc-index", RVC / "index_v1.index"]),
            (5, "E0501", [*add, "mina", *PROMPT, "--pack", "nothing"]),
        ]
        for exit_code, code, args in rows:
            with self.subTest(args=[str(a) for a in args]):
                self.fails(exit_code, code, *args, *CONSENT)
                voices = self.folder / "voices"
                self.assertEqual(list(voices.iterdir()) if voices.exists() else [], [])
        long = self.fails(3, "E0310", *add, "mina", "--audio", self.folder / "long.wav", *text, *CONSENT).error()
        self.assertEqual((long["message"], long["where"]["file"]), ("prompt is 18 s long, limit 15 s", str(self.folder / "long.wav")))
        self.ok(*add, "mina", *PROMPT, *CONSENT)
        first = self.listed()[0]
        self.fails(12, "E1201", *add, "mina", "--audio", good, *text, *CONSENT)
        self.fails(5, "E0503", *add, "mina", "--rvc-model", good, *CONSENT, "--overwrite")
        self.assertEqual(self.listed()[0], first)
        self.ok(*add, "mina", "--audio", good, *text, *CONSENT, "--overwrite")
        self.assertNotEqual(self.listed()[0]["id"], first["id"])
        (self.folder / "file").write_text("")
        self.fails(12, "E1202", *add, "x", *PROMPT, *CONSENT, "--voices-dir", self.folder / "file")

    def test_words_that_do_not_belong_to_their_recording(self):
        rows = [("Hello 안녕", "en", "not written in its language"), ("hello there", "ko", "not written"), ("many words " * 2000, "en", "too many")]
        for words, lang, message in rows:
            r = self.fails(3, "E0310", "voices", "add", "mina", "--audio", SENTENCE, "--text", words, "--lang", lang, *CONSENT)
            self.assertIn(message, r.error()["message"])
        self.assertEqual([v for v in self.listed() if v["name"] == "mina"], [])

    def test_a_language_that_the_model_lacks_is_told_at_use(self):
        self.ok("voices", "add", "mina", "--audio", SENTENCE, "--text", "안녕하세요", *CONSENT)
        self.assertEqual(self.listed()[0]["languages"], ["ko"])
        self.fails(3, "E0317", "dub", "-i", AVATAR, "--text", "Hi.", "--voice", "mina", "--no-lips", "-o", "o.mp4")


if __name__ == "__main__":
    unittest.main()
