"""voxlip dub as a user runs it: the demo clip, real clips where they are at hand, and every bad input with its code."""
import json
import os
import pathlib
import resource
import shutil
import subprocess
import unittest

from support import AVATAR, BIN, SHARED, Case

TEXT = ["--text", "Good morning, this is a test."]
WORDS = ["--transcript", "The Soviet authorities denied Oswald permission."]


class Dub(Case):
    def dub(self, *args, **kw):
        return self.ok("dub", *args, "--json", **kw).json()

    def test_demo_clip_runs_all_four_models(self):
        out = self.folder / "out.mp4"
        r = self.dub("-i", AVATAR, *TEXT, *WORDS, "-o", out)
        self.assertEqual((r["schema"], r["verb"], r["status"], r["exit"]), ("voxlip.dub/1", "dub", "ok", 0))
        self.assertEqual([w["code"] for w in r["warnings"]], ["W0117"])
        self.assertEqual(r["faces"]["frames"], 125)
        self.assertEqual(r["faces"]["with_face"], 125)
        self.assertGreater(r["faces"]["redrawn"], 100)  # where neither old nor new speech is heard, nothing is
        for stage in ("load", "decode", "rvc", "prompt", "vallex", "fastpitch", "fit", "face", "lips", "mix", "encode"):
            self.assertGreater(r["timing_ms"][stage], 0, stage)
        self.assertIsNone(r["timing_ms"]["vocoder"])
        roles = {m["role"] for m in r["models"]}
        self.assertEqual(roles, {"content", "f0", "rvc", "vallex", "codec", "vocos", "fastpitch", "face", "wav2lip"})
        self.assertEqual(r["prompt"]["from"], "source")
        self.assertGreater(r["fit"][0]["predicted_s"], 0)
        for key in ("width", "height", "fps", "frames", "pix_fmt", "rotation"):
            self.assertEqual(r["output"]["video"][key], r["input"]["video"][key], key)
        self.assertEqual(r["output"]["audio"]["sample_rate"], r["input"]["audio"]["sample_rate"])
        self.assertLessEqual(abs(r["output"]["seconds"] - r["input"]["seconds"]), 0.05)
        self.assertEqual(r["output"]["sha256"], self.sha(out))
        spans = {s["stage"]: s for s in r["waterfall"]}
        self.assertLess(spans["face"]["start_ms"], spans["vallex"]["end_ms"])
        self.assertLess(spans["fastpitch"]["start_ms"], spans["vallex"]["start_ms"])
        job = pathlib.Path(r["job_dir"])
        self.assertEqual(json.loads((job / "result.json").read_text()), r)
        self.assertEqual(json.loads((job / "fit.json").read_text()), r["fit"])
        self.assertIn("crf = 18", (job / "config.toml").read_text())
        names = {(e["cat"], e["name"]) for e in json.loads((job / "trace.json").read_text())["traceEvents"]}
        self.assertTrue({("vallex", "vallex"), ("face", "detect"), ("lips", "batch")} <= names)

    def sha(self, path):
        import hashlib

        return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()

    def test_without_transcript_the_stored_prompt_is_used_and_rvc_rests(self):
        lexicon = self.folder / "own.tsv"
        lexicon.write_text("test\ten\t*\t/tɛst/\n")  # IPA, which VALL-E X reads and FastPitch does not
        r = self.dub("-i", AVATAR, *TEXT, "--lexicon", lexicon, "-o", self.folder / "o.mp4")
        self.assertEqual(r["prompt"]["from"], "voice")
        self.assertGreater(r["fit"][0]["predicted_s"], 0)
        self.assertIsNone(r["timing_ms"]["rvc"])

    def test_a_transcript_of_another_language_is_a_warning(self):
        r = self.dub("-i", AVATAR, *TEXT, "--transcript", "안녕하세요", "--source-lang", "en", "--prompt-from", "voice", "--no-lips", "-o", self.folder / "o.mp4")
        self.assertEqual([w["code"] for w in r["warnings"]], ["W0110", "W0117"])

    def test_same_seed_same_fit_other_seed_other_sound(self):
        runs = [self.dub("-i", AVATAR, *TEXT, "--seed", s, "--no-lips", "-o", self.folder / f"{n}.mp4") for n, s in enumerate((1, 1, 2))]
        hashes = [r["output"]["sha256"] for r in runs]
        self.assertEqual(hashes[0], hashes[1])
        self.assertNotEqual(hashes[0], hashes[2])

    def test_existing_output_is_kept_without_overwrite(self):
        out = self.folder / "o.mp4"
        out.write_text("mine")
        self.fails(12, "E1201", "dub", "-i", AVATAR, *TEXT, "-o", out)
        self.assertEqual(out.read_text(), "mine")

    def test_bad_inputs(self):
        text = self.folder / "text.mp4"
        text.write_text("words and nothing else, but enough of them to look at")
        empty = self.folder / "empty.mp4"
        empty.touch()
        rows = [
            (3, "E0301", "absent.mp4: no such file", ["-i", self.folder / "absent.mp4", *TEXT]),
            (3, "E0301", "is a folder", ["-i", self.folder, *TEXT]),
            (3, "E0301", "URLs are not opened", ["-i", "https://example.invalid/x.mp4", *TEXT]),
            (3, "E0302", "text.mp4: not a media file", ["-i", text, *TEXT]),
            (3, "E0302", "empty.mp4: the file is empty", ["-i", empty, *TEXT]),
            (3, "E0307", "nothing to speak in the text", ["-i", AVATAR, "--text", ""]),
            (3, "E0307", "nothing to speak in the text", ["-i", AVATAR, "--text", "   "]),
            (2, "E0202", "four positions", ["-i", AVATAR, *TEXT, "--box", "-1,100,0,100"]),
            (2, "E0204", "--report-json would replace", ["-i", AVATAR, *TEXT, "--report-json", self.folder / "out.mp4"]),
            (12, "E1201", "text.mp4 exists", ["-i", AVATAR, *TEXT, "--report-json", text]),
            (3, "E0307", "nothing to speak in the text", ["-i", AVATAR, "--text", "!!! ..."]),
            (3, "E0317", 'model "vallex" offers en, not ko', ["-i", AVATAR, "--text", "좋은 아침입니다"]),
            (3, "E0317", "offers en, not zh", ["-i", AVATAR, "--text", "你好"]),
            (3, "E0313", 'no voice "lk"; did you mean "lj"?', ["-i", AVATAR, *TEXT, "--voice", "lk"]),
            (4, "E0403", "box leaves the picture", ["-i", AVATAR, *TEXT, "--box", "0,600,0,600"]),
            (2, "E0203", "--text is missing", ["-i", AVATAR]),
            (2, "E0202", "crf", ["-i", AVATAR, *TEXT, "--crf", "99"]),
            (2, "E0201", "--nope", ["-i", AVATAR, *TEXT, "--nope"]),
            (5, "E0501", "nopack", ["-i", AVATAR, *TEXT, "--pack", self.folder / "nopack"]),
        ]
        for code, name, words, args in rows:
            with self.subTest(args=[str(a) for a in args]):
                r = self.fails(code, name, "dub", *args, "-o", self.folder / "out.mp4")
                self.assertIn(words, r.error()["message"])
                self.assertFalse((self.folder / "out.mp4").exists())

    def test_a_clip_that_is_cut_off(self):
        whole = self.make_clip("whole.mp4", "-i", AVATAR, "-c", "copy", "-movflags", "faststart")
        cut = self.folder / "cut.mp4"
        cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
        r = self.fails(3, "E0305", "dub", "-i", cut, *TEXT, "-o", self.folder / "out.mp4")
        self.assertRegex(r.error()["message"], r"cut.mp4 ends early: \d+ of 12\d frames decode")
        self.assertFalse((self.folder / "out.mp4").exists())

    def test_names_of_outputs_are_checked_first(self):
        for name in ("o.avi", "o", "o.txt"):
            r = self.fails(2, "E0202", "dub", "-i", AVATAR, *TEXT, "-o", self.folder / name)
            self.assertIn("does not end in", r.error()["message"])
        r = self.run_voxlip("dub", "-i", AVATAR, *TEXT, "-o", "o.mp4", env={"VOXLIP_CACHE_DIR": "/dev/null/x"})
        self.assertEqual(r.code, 12, r.err)

    def test_a_container_with_a_clock_of_its_own(self):
        clip = self.make_clip("late.ts", "-i", AVATAR, "-t", "2", "-c", "copy", "-output_ts_offset", "3600")
        r = self.dub("-i", clip, *TEXT, "--no-lips", "-o", self.folder / "o.mp4")
        self.assertEqual(r["output"]["video"]["frames"], r["input"]["video"]["frames"])
        self.assertLess(r["output"]["seconds"], 2.3)

    def test_pictures_that_an_edit_list_hides_are_not_lost(self):
        clip = self.make_clip("cut.mp4", "-ss", "0.5", "-i", AVATAR, "-t", "1.5", "-c", "copy")
        r = self.dub("-i", clip, *TEXT, "--no-lips", "-o", self.folder / "o.mp4")
        self.assertEqual(r["status"], "ok")
        clip = self.make_clip("p.avi", "-i", AVATAR, "-t", "2", "-c:v", "copy", "-c:a", "pcm_s16le")
        r = self.dub("-i", clip, *TEXT, "--no-lips", "-y", "-o", self.folder / "o.mp4")
        self.assertEqual([w["code"] for w in r["warnings"]], ["W0117"])

    def test_a_matroska_file_that_is_cut_off(self):
        whole = self.make_clip("whole.mkv", "-i", AVATAR, "-c", "copy")
        cut = self.folder / "cut.mkv"
        cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
        r = self.fails(3, "E0305", "dub", "-i", cut, *TEXT, "--no-lips", "-o", self.folder / "out.mkv")
        self.assertRegex(r.error()["message"], r"cut.mkv ends early: \d+ of 12\d frames are there")

    def test_other_streams_are_copied_and_what_the_container_refuses_is_told(self):
        srt = self.folder / "s.srt"
        srt.write_text("1\n00:00:00,100 --> 00:00:00,900\nhello\n")
        clip = self.make_clip("two.mkv", "-i", AVATAR, "-i", srt, "-t", "1", "-map", "0:v", "-map", "0:a", "-map", "0:a", "-map", "1:s", "-c", "copy", "-c:s", "srt")
        r = self.dub("-i", clip, *TEXT, "--no-lips", "-o", self.folder / "o.mp4")
        self.assertEqual([w["code"] for w in r["warnings"]], ["W0117", "W0101"])
        self.assertEqual(r["output"]["other_streams"], 1)

    def test_a_prompt_that_cannot_serve(self):
        rows = [("quiet.wav", "anullsrc=r=24000:d=4", "silent"), ("short.wav", "sine=d=0.4", "speech"), ("long.wav", "sine=d=25", "limit 15")]
        for name, source, words in rows:
            sound = self.make_clip(name, "-f", "lavfi", "-i", source)
            r = self.fails(3, "E0310", "dub", "-i", AVATAR, *TEXT, "--prompt-audio", sound, "--prompt-text", "hello", "--no-lips", "-o", self.folder / "o.mp4")
            self.assertIn(words, r.error()["message"])

    def test_closed_streams_and_full_standard_output(self):
        out = self.folder / "o.mp4"
        command = f"{BIN} dub -i {AVATAR} --text Hi --no-lips -y -o {out}"
        env = {**os.environ, "VOXLIP_CACHE_DIR": Case.cache.name}
        self.assertEqual(subprocess.run(["bash", "-c", command + " >&- 2>&-"], env=env).returncode, 0)
        r = subprocess.run(["bash", "-c", command + " --json >/dev/full"], env=env, capture_output=True)
        self.assertEqual(r.returncode, 12)

    def test_a_damaged_file_of_the_cache_is_made_again(self):
        cache = self.folder / "cache"
        command = ["dub", "-i", AVATAR, *TEXT, "--no-lips", "-y", "-o", self.folder / "o.mp4"]
        env = {"VOXLIP_CACHE_DIR": str(cache)}
        self.ok(*command, env=env)
        for file in (cache / "packs").glob("*.safetensors"):
            file.write_bytes(file.read_bytes()[:1000])
        self.ok(*command, env=env)

    def test_text_that_is_no_utf8(self):
        bad = self.folder / "t.txt"
        bad.write_bytes(b"caf\xe9")
        r = self.fails(3, "E0307", "dub", "-i", AVATAR, "--text", f"@{bad}", "-o", self.folder / "o.mp4")
        self.assertIn("byte 3", r.error()["message"])

    def make_clip(self, name, *options):
        if not shutil.which("ffmpeg"):
            self.skipTest("the ffmpeg program is not installed; it makes this test's clip")
        path = self.folder / name
        subprocess.run(["ffmpeg", "-v", "error", "-y", *options, str(path)], check=True)
        return path

    def test_no_face_is_exit_4_or_sound_only(self):
        clip = self.make_clip("bars.mp4", "-f", "lavfi", "-i", "testsrc=s=320x240:d=2", "-f", "lavfi", "-i", "sine=d=2", "-pix_fmt", "yuv420p")
        r = self.fails(4, "E0401", "dub", "-i", clip, *TEXT, "-o", self.folder / "o.mp4")
        self.assertIn("50 frames", r.error()["message"])
        self.assertFalse((self.folder / "o.mp4").exists())
        r = self.dub("-i", clip, *TEXT, "--on-no-face", "audio-only", "-o", self.folder / "o.mp4")
        self.assertEqual((r["faces"]["redrawn"], r["faces"]["passed_through"]), (0, 50))

    def test_silent_prompt_and_video_without_sound(self):
        quiet = self.make_clip("quiet.mp4", "-i", AVATAR, "-f", "lavfi", "-i", "anullsrc", "-map", "0:v", "-map", "1:a", "-shortest", "-c:v", "copy")
        self.fails(3, "E0310", "dub", "-i", quiet, *TEXT, *WORDS, "-o", self.folder / "o.mp4")
        mute = self.make_clip("mute.mp4", "-i", AVATAR, "-an", "-c:v", "copy")
        self.fails(3, "E0304", "dub", "-i", mute, *TEXT, "-o", self.folder / "o.mp4")
        sound = self.make_clip("sound.m4a", "-i", AVATAR, "-vn", "-c:a", "copy")
        self.fails(3, "E0303", "dub", "-i", sound, *TEXT, "-o", self.folder / "o.mp4")

    def test_frames_without_a_face_pass_unchanged(self):
        bars = self.make_clip("mid.mp4", "-i", AVATAR, "-f", "lavfi", "-i", "testsrc=s=512x512:d=1:r=25", "-filter_complex",
                              "[0:v]trim=end_frame=25,setpts=PTS-STARTPTS[a];[1:v]format=yuv420p[b];[a][b]concat=n=2[v]", "-map", "[v]", "-map", "0:a", "-t", "2", "-pix_fmt", "yuv420p")
        out = self.folder / "o.mp4"
        r = self.dub("-i", bars, *TEXT, "--crf", "0", "-o", out)
        self.assertEqual(r["faces"]["frames"], 50)
        self.assertIn(r["faces"]["redrawn"], range(10, 26))
        hashes = [subprocess.run(["ffmpeg", "-v", "error", "-i", str(p), "-map", "0:v", "-f", "framemd5", "-"], capture_output=True, check=True).stdout.decode() for p in (bars, out)]
        rows = [[line.split(",")[-1].strip() for line in h.splitlines() if not line.startswith("#")] for h in hashes]
        self.assertEqual(len(rows[0]), len(rows[1]))
        self.assertEqual(rows[0][25:], rows[1][25:])
        self.assertNotEqual(rows[0][18], rows[1][18])

    def test_full_disk_leaves_nothing(self):
        disk = self.folder / "disk"
        disk.mkdir()
        if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "none", str(disk)], capture_output=True).returncode:
            self.skipTest("a small tmpfs cannot be mounted here")
        try:
            self.fails(12, "E1203", "dub", "-i", AVATAR, *TEXT, "--crf", "5", "-o", disk / "o.mp4")
            self.assertEqual(list(disk.iterdir()), [])
        finally:
            subprocess.run(["umount", str(disk)], check=True)

    def test_pack_with_a_wrong_hash_or_a_missing_file(self):
        pack = self.folder / "pack"
        shutil.copytree(pathlib.Path(__file__).parents[2] / "packs" / "untrained", pack)
        toml = pack / "pack.toml"
        good = toml.read_text()
        toml.write_text(good.replace('sha256 = "', 'sha256 = "0', 1).replace("0" * 1, "0", 1))
        lines = [l[:-2] + '"' if l.startswith("sha256") else l for l in toml.read_text().splitlines()]
        toml.write_text("\n".join(lines))
        self.fails(5, "E0502", "dub", "-i", AVATAR, *TEXT, "--pack", pack, "-o", self.folder / "o.mp4")
        toml.write_text(good)
        (pack / "params" / "vallex.json").unlink()
        self.fails(5, "E0501", "dub", "-i", AVATAR, *TEXT, "--pack", pack, "-o", self.folder / "o.mp4")
        toml.write_text(good.replace("params/vallex.json", "../../etc/passwd"))
        self.fails(3, "E0316", "dub", "-i", AVATAR, *TEXT, "--pack", pack, "-o", self.folder / "o.mp4")

    def test_a_signal_cancels_and_leaves_nothing(self):
        import signal
        import time

        env = {**os.environ, "VOXLIP_CACHE_DIR": Case.cache.name}
        command = [BIN, "dub", "-i", str(AVATAR), *TEXT, "-o", str(self.folder / "o.mp4"), "--json"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env)
        time.sleep(1.5)
        process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        out, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 10)
        self.assertRegex(json.loads(out)["error"]["message"], r"^cancelled in \w+ at \d+ %$")
        self.assertLess(time.monotonic() - begin, 5)
        self.assertEqual([p for p in self.folder.iterdir()], [])

    def test_real_clips(self):
        rows = [("assets/face/talk2.mp4", 125, 844, 844), ("assets/face/portrait_1080p_hevc.mp4", None, 1080, 1920)]
        for name, frames, width, height in rows:
            clip = SHARED / name
            if not clip.exists():
                self.skipTest(f"{name} shows a real person and is not in the repository")
            out = self.folder / "o.mp4"
            r = self.dub("-i", clip, *TEXT, "-y", "-o", out)
            peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024  # MiB, the largest of all so far
            self.assertLess(peak, 2500)
            v = r["output"]["video"]
            self.assertEqual((v["width"], v["height"]), (width, height))
            self.assertEqual(v["frames"], r["input"]["video"]["frames"])
            if frames:
                self.assertEqual(v["frames"], frames)
            self.assertEqual(v["codec"], r["input"]["video"]["codec"])
            self.assertEqual(v["fps"], r["input"]["video"]["fps"])
            self.assertLessEqual(abs(r["output"]["seconds"] - v["frames"] / v["fps"]), 1.0 / v["fps"] + 0.03)


if __name__ == "__main__":
    unittest.main()
