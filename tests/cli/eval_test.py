"""voxlip eval as a user runs it: figures by model, limits, several files, and every bad input with its code."""
import json
import subprocess
import unittest

from support import AVATAR, DATA, PARITY, Case, ffprobe, write_wav

EXPERT = PARITY / "wav2lip" / "checkpoints" / "mini_lipsync_expert.pth"
WITH_EXPERT = ["--model", f"syncnet={EXPERT}"]
METRICS = ["lse_d", "lse_c", "av_offset_ms", "sync_cosine", "sync_offset"]


class Eval(Case):
    def setUp(self):
        super().setUp()
        self.clip = AVATAR  # or its first second and a half, where there is ffmpeg
        if ffprobe(AVATAR) is not None:
            self.clip = self.ffmpeg("clip.mp4", "-i", AVATAR, "-t", "1.6", "-c:v", "libx264", "-c:a", "aac")

    def figures(self, *args, **kw):
        return self.ok("eval", *args, "--json", **kw).json()

    def ffmpeg(self, name, *args):
        if ffprobe(AVATAR) is None:
            self.skipTest("ffmpeg is not installed")
        subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, args), name], check=True, cwd=self.folder)
        return self.folder / name

    def test_without_a_model_every_figure_is_null_and_its_need_is_named(self):
        r = self.figures(self.clip)
        self.assertEqual((r["schema"], r["status"], r["protocol"], r["items"]), ("voxlip.eval/1", "ok", "voxlip-eval/1", 1))
        self.assertEqual(r["metrics"], dict.fromkeys(METRICS))
        self.assertEqual((r["missing"], r["gates"], r["per_item"], r["warnings"]), (["lse", "syncnet"], [], None, []))
        keys = ["schema", "version", "verb", "status", "exit", "elapsed_ms", "warnings", "error"]
        self.assertEqual(list(r), keys + ["protocol", "items", "metrics", "missing", "gates", "per_item"])
        r = self.fails(14, "E1401", "eval", self.clip, "--gate", "lse_c>=5").json()
        self.assertEqual(r["gates"], [{"expr": "lse_c>=5", "value": None, "pass": False}])

    def test_all_figures_at_the_public_sizes(self):
        r = self.figures(self.clip, "--pack", "fullsize")
        self.assertEqual([w["code"] for w in r["warnings"]], ["W0117"])
        self.assertEqual((list(r["metrics"]), r["missing"]), (METRICS, []))
        means = {name: m["mean"] for name, m in r["metrics"].items()}
        self.assertEqual({(m["ci95"], m["n"]) for m in r["metrics"].values()}, {(None, 1)})
        self.assertGreater(means["lse_d"], 0)
        self.assertGreaterEqual(means["lse_c"], 0)
        self.assertTrue(-600 <= means["av_offset_ms"] <= 600 and means["av_offset_ms"] % 40 == 0)
        self.assertTrue(0 <= means["sync_cosine"] <= 1)
        self.assertIn(means["sync_offset"], range(-15, 16))
        text = self.ok("eval", self.clip, "--pack", "fullsize", "--metrics", "lse_d").out
        self.assertIn(f"{means['lse_d']:.3f}", text)

    def test_the_untrained_pack_counts_when_it_is_asked_for(self):
        r = self.figures(self.clip, "--pack", "untrained")
        self.assertEqual(([w["code"] for w in r["warnings"]], r["missing"]), (["W0117"], ["lse"]))
        own = self.figures(self.clip, *WITH_EXPERT)  # the same weights as a file
        self.assertEqual((own["metrics"], own["warnings"]), (r["metrics"], []))

    def test_limits(self):
        self.ok("models", "import", EXPERT, "--role", "syncnet", "--name", "expert")
        value = self.figures(self.clip, "--metrics", "sync_cosine")["metrics"]["sync_cosine"]["mean"]
        r = self.figures(self.clip, "--metrics", "sync_offset", "--gate", "sync_cosine >= 0.01", "--gate", "sync_cosine<1.5")
        self.assertEqual(list(r["metrics"]), ["sync_cosine", "sync_offset"])  # what has a limit is measured
        self.assertEqual([(g["value"], g["pass"]) for g in r["gates"]], [(value, True)] * 2)
        r = self.fails(14, "E1401", "eval", self.clip, "--gate", "sync_cosine>0", "--gate", f"sync_cosine>{value}").json()
        self.assertEqual(([g["pass"] for g in r["gates"]], r["status"]), ([True, False], "failed"))
        self.assertEqual(r["metrics"]["sync_cosine"]["mean"], value)
        self.assertIsNone(r["metrics"]["lse_d"])
        report = self.folder / "report.json"
        text = self.run_voxlip("eval", self.clip, "--gate", "sync_cosine>=1.1", "--report-json", report)
        self.assertEqual(text.code, 14)
        self.assertIn("NOT MET", text.out)
        self.assertEqual(json.loads(report.read_text())["gates"][0]["pass"], False)
        for gate in ("lse_c", "lse_c=5", "lse_c>=", "lse_c>=x", "lse_c>=5x", ">=5", "lse_c>=nan"):
            self.assertEqual(self.run_voxlip("eval", self.clip, "--gate", gate, "--json").code, 2, gate)
        self.fails(2, "E0201", "eval", self.clip, "--gate", "lsec>=5")
        self.fails(2, "E0202", "eval", self.clip, "--metrics", "lse_e")

    def test_several_files(self):
        short = self.ffmpeg("short.mp4", "-i", AVATAR, "-ss", "1", "-t", "1", "-c:v", "libx264", "-c:a", "aac")
        (self.folder / "bad.mp4").write_text("no video")
        items = self.folder / "items.jsonl"
        r = self.figures(self.clip, short, *WITH_EXPERT, "-o", items)
        rows = [json.loads(line) for line in items.read_text().splitlines()]
        self.assertEqual(([i["path"] for i in rows], r["per_item"]), ([str(self.clip), str(short)], str(items)))
        values = [i["metrics"]["sync_cosine"] for i in rows]
        figure = r["metrics"]["sync_cosine"]
        self.assertAlmostEqual(figure["mean"], sum(values) / 2, places=9)
        self.assertEqual((figure["n"], r["items"]), (2, 2))
        half = 12.706 * abs(values[0] - values[1]) / 2
        self.assertAlmostEqual(figure["ci95"][1] - figure["mean"], half, places=6)
        self.fails(12, "E1201", "eval", self.clip, "-o", items)
        r = self.fails(11, "E1101", "eval", self.clip, "bad.mp4", *WITH_EXPERT, "-o", items, "-y").json()
        self.assertEqual((r["status"], r["items"], r["metrics"]["sync_cosine"]["n"]), ("partial", 2, 1))
        rows = [json.loads(line) for line in items.read_text().splitlines()]
        self.assertEqual((rows[0]["error"], rows[1]["error"]["code"]), (None, "E0302"))
        self.assertIsNone(rows[1]["metrics"]["sync_cosine"])

    def test_other_frame_rates_and_starts_give_the_same_figures(self):
        lossless = ["-c:v", "libx264", "-qp", "0", "-preset", "ultrafast", "-c:a", "flac"]
        want = self.figures(self.clip, *WITH_EXPERT)["metrics"]["sync_cosine"]["mean"]
        for name, args in {
            "fast.mkv": ["-i", self.clip, "-r", "50", *lossless],
            "late.mkv": ["-itsoffset", "0.4", "-i", self.clip, *lossless],
        }.items():
            path = self.ffmpeg(name, *args)
            got = self.figures(path, *WITH_EXPERT)["metrics"]["sync_cosine"]["mean"]
            self.assertAlmostEqual(got, want, delta=1e-5, msg=name)

    def test_bad_inputs(self):
        self.fails(2, "E0203", "eval")
        self.fails(3, "E0301", "eval", "nothing.mp4")
        self.fails(5, "E0505", "eval", self.clip, "--model", f"lse={EXPERT}")
        self.fails(5, "E0505", "eval", self.clip, "--model", f"syncnet={PARITY / 'wav2lip' / 'checkpoints' / 'mini_wav2lip.pth'}")
        write_wav(self.folder / "sound.wav", 0.5)
        self.fails(3, "E0303", "eval", "sound.wav")

    def test_clips_without_a_face_without_sound_or_too_short(self):
        grey = self.ffmpeg("grey.mp4", "-f", "lavfi", "-i", "color=gray:s=320x240:d=0.4", "-f", "lavfi", "-i", "sine=d=0.4", "-shortest")
        r = self.fails(4, "E0401", "eval", grey)
        self.assertIn("no face found in any of the", r.error()["message"])
        self.assertEqual(r.json()["job"], None)
        self.fails(3, "E0304", "eval", self.ffmpeg("mute.mp4", "-i", self.clip, "-an", "-c:v", "copy", "-t", "1"), *WITH_EXPERT)
        short = self.ffmpeg("five.mp4", "-i", self.clip, "-frames:v", "5", "-c:v", "libx264", "-c:a", "aac")
        self.fails(3, "E0311", "eval", short, *WITH_EXPERT)


    def test_figures_do_not_replace_the_video(self):
        clip = self.folder / "own.mp4"
        clip.write_bytes(AVATAR.read_bytes())
        r = self.fails(2, "E0204", "eval", clip, "-y", "-o", clip)
        self.assertIn("would be replaced", r.error()["message"])
        self.assertEqual(clip.read_bytes(), AVATAR.read_bytes())


if __name__ == "__main__":
    unittest.main()
