"""voxlip clone under unkind circumstances: several runs at once, folders that cannot be written, signals, damaged presets and caches."""
import array
import hashlib
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest
import zipfile

from clone_test import LJ, PRESET, PUBLIC
from support import BIN, Case

HI = ["clone", "--text", "Hi there."]


def npy(kind, shape, values):
    """A .npy file. kind: numpy's name of the type, such as <i8."""
    header = str({"descr": kind, "fortran_order": False, "shape": tuple(shape)})
    header += " " * (-(len(header) + 11) % 64) + "\n"
    code = {"<i8": "q", "<f4": "f", "<i4": "i"}[kind]
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode() + array.array(code, values).tobytes()


def preset(path, frames=150, text=(30, 31, 32), lang=2, kind="<i8"):
    files = {"audio_tokens": npy(kind, (1, frames, 8), [7] * frames * 8), "text_tokens": npy("<i8", (1, len(text)), text), "lang_code": npy("<i8", (), [lang])}
    with zipfile.ZipFile(path, "w") as z:
        for name, data in files.items():
            z.writestr(f"{name}.npy", data)
    return path


def sha256(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def wait_for(what, seconds=60):
    end = time.monotonic() + seconds
    while not what():
        if time.monotonic() > end:
            raise AssertionError("waited in vain")
        time.sleep(0.01)


class CloneSafety(Case):
    def start(self, *args, cache=None, **kw):
        env = {k: v for k, v in os.environ.items() if not k.startswith("VOXLIP_")}
        env.update(VOXLIP_CACHE_DIR=str(cache or Case.cache.name), VOXLIP_VOICES_DIR=str(self.folder / "voices"), XDG_CONFIG_HOME=str(self.folder / "none"))
        p = subprocess.Popen([BIN, *map(str, args)], env=env, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **kw)
        self.addCleanup(p.kill)
        return p

    def test_two_runs_do_not_write_to_one_name(self):
        self.ok(*HI, "-o", self.folder / "warm.wav")
        out, part = self.folder / "o.wav", self.folder / ".o.wav.part"
        first = self.start("clone", "--text", "This is one sentence of several. " * 12, "-o", out, "--json", "--progress", "none")
        wait_for(lambda: part.exists() or first.poll() is not None)
        first.send_signal(signal.SIGSTOP)
        second = self.run_voxlip(*HI, "-o", out, "--json")
        self.assertEqual((second.code, second.error()["code"]), (12, "E1202"))
        self.assertIn("another run is writing it", second.error()["message"])
        self.assertTrue(part.exists())
        first.send_signal(signal.SIGCONT)
        self.assertEqual(first.wait(600), 0)
        self.assertFalse(part.exists())
        self.assertIn(sha256(out), first.stdout.read().decode())
        first.stdout.close(), first.stderr.close()

    def test_a_cold_cache_serves_several_runs(self):
        cache = self.folder / "cold"
        runs = [self.start(*HI, "-o", f"{i}.wav", "-t", "1", "-q", cache=cache) for i in range(3)]
        ends = [(p.wait(600), p.communicate()[1]) for p in runs]
        self.assertEqual([code for code, _ in ends], [0, 0, 0], ends)
        self.assertEqual(len({sha256(self.folder / f"{i}.wav") for i in range(3)}), 1)

    def test_damaged_weights_in_the_cache_are_made_again(self):
        cache, out = self.folder / "own", self.folder / "o.wav"
        self.ok(*HI, "-o", out, "--cache-dir", cache)
        want = sha256(out)
        files = sorted((cache / "packs").glob("*.safetensors"))
        for path in files:
            with open(path, "r+b") as f:
                f.seek(path.stat().st_size // 2)
                f.write(b"XXXX")
        self.ok(*HI, "-y", "-o", out, "--cache-dir", cache)
        self.assertEqual(sha256(out), want)
        self.assertGreater(len(files), 2)

    def test_a_job_folder_that_cannot_be_written_costs_only_the_folder(self):
        cache, out = self.folder / "own", self.folder / "o.wav"
        shutil.copytree(Case.cache.name, cache, ignore=shutil.ignore_patterns("jobs")) if pathlib.Path(Case.cache.name).exists() else cache.mkdir()
        (cache / "jobs").write_text("a file")
        r = self.run_voxlip(*HI, "-o", out, "--json", "--cache-dir", cache)
        self.assertEqual((r.code, r.json()["status"]), (0, "ok"))
        self.assertIn("the job folder is not complete", r.err)
        self.assertEqual(sha256(out), r.json()["output"]["sha256"])

    def test_signals_end_the_wait_for_text(self):
        os.mkfifo(self.folder / "pipe")
        rows = [["--text", "-"], ["--text", f"@{self.folder / 'pipe'}"]]
        for args in rows:
            for sent in (signal.SIGTERM, signal.SIGINT):
                p = self.start("clone", *args, "-o", "s.wav", "--json", stdin=subprocess.PIPE)
                time.sleep(0.6)
                self.assertIsNone(p.poll())
                p.send_signal(sent)
                self.assertEqual(p.wait(30), 10)
                p.communicate()
        self.assertFalse((self.folder / "s.wav").exists())

    def test_one_text_comes_from_standard_input(self):
        r = self.fails(2, "E0204", "clone", "--text", "-", "--prompt-audio", LJ, "--prompt-text", "-", *PUBLIC, "-o", "s.wav", stdin=b"hi")
        self.assertIn("standard input", r.error()["message"])
        self.fails(3, "E0309", "clone", "--text", "@/dev/zero", "-o", "s.wav")

    def test_presets_that_are_none(self):
        rows = [
            ("limit 15 s", dict(frames=16 * 75)),
            ("text_tokens", dict(text=(30, 5000))),
            ("text_tokens", dict(text=(-1,))),
            ("text_tokens", dict(text=())),
            ("whole numbers", dict(kind="<f4")),
            ("lang_code", dict(lang=7)),
        ]
        for words, damage in rows:
            path = preset(self.folder / "p.npz", **damage)
            r = self.fails(3, "E0310", *HI, *PUBLIC, "--prompt-audio", path, "-o", self.folder / "s.wav")
            self.assertIn(words, r.error()["message"])
            self.fails(3, "E0310", "voices", "add", "v", "--audio", path, "--i-have-consent", "A, 2020-01-01, test")
        good = preset(self.folder / "p.npz")
        self.ok(*HI, *PUBLIC, "--prompt-audio", good, "-o", self.folder / "s.wav")
        # The pack that ships offers English only, for prompts too.
        self.fails(3, "E0317", *HI, "--prompt-audio", preset(self.folder / "zh.npz", lang=0), "-o", self.folder / "t.wav")
        self.fails(3, "E0317", "clone", "--lang", "mix", "--text", "[ZH]你好[ZH]", "-o", self.folder / "t.wav")

    def test_line_breaks_of_a_transcript_are_blanks(self):
        hashes = []
        for words in ("The uncle claimed her.", "The uncle\nclaimed her.", "The uncleclaimed her."):
            out = self.folder / "o.wav"
            r = self.ok(*HI, *PUBLIC, "--prompt-audio", LJ, "--prompt-text", words, "-y", "-o", out, "--json")
            hashes.append(sha256(out))
        self.assertEqual(hashes[0], hashes[1])
        self.assertNotEqual(hashes[0], hashes[2])
        self.assertIn("uncleclaimed", " ".join(w["message"] for w in r.json()["warnings"] if w["code"] == "W0115"))
        r = self.fails(3, "E0310", *HI, *PUBLIC, "--prompt-audio", LJ, "--prompt-text", "many words " * 2000, "-o", self.folder / "t.wav")
        self.assertIn("too many", r.error()["message"])

    def test_shown_phonemes_are_those_that_are_spoken(self):
        shown = self.ok("clone", "--text", "One two\nthree. Four.", "--show-phonemes").out.splitlines()
        self.assertEqual(len(shown), 2)
        self.assertEqual(shown[0], self.ok("clone", "--text", "One two three.", "--show-phonemes").out.strip())
        lexicon = self.folder / "l.tsv"
        lexicon.write_text("Hello\ten\tlj\tgoodbye\n")
        goodbye = self.ok("clone", "--text", "goodbye", "--show-phonemes").out
        for voice in ([], ["--voice", "lj"], ["--voice", "pack:lj"]):
            self.assertEqual(self.ok("clone", "--text", "hello", "--lexicon", lexicon, "--show-phonemes", *voice).out, goodbye)
            self.assertEqual(self.ok("dub", "--text", "hello", "--lexicon", lexicon, "--show-phonemes", *voice).out, goodbye)
        self.assertNotEqual(self.ok("clone", "--text", "hello", "--lexicon", lexicon, "--show-phonemes", *PRESET).out, goodbye)
        self.fails(3, "E0313", "clone", "--text", "hi", "--show-phonemes", "--voice", "nope")

    def test_quiet_and_clean_lines(self):
        r = self.ok(*HI, "-q", "-o", self.folder / "q.wav")
        self.assertEqual((r.out, r.err), ("", ""))
        r = self.ok("clone", "--text", "Hi zx\x1b[31mred.", "--progress", "none", "-o", self.folder / 'a\n{"x":1}.wav')
        self.assertNotIn("\x1b", r.err)
        self.assertEqual([line for line in r.err.splitlines() if line.startswith("{")], [])


if __name__ == "__main__":
    unittest.main()
