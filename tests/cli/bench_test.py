"""voxlip bench run: single stages with the small pack, the files it writes and what it refuses."""
import csv
import json
import unittest

from support import Case

STAGES = "rvc.content,rvc.f0,rvc.synth,rvc.convert"
SMALL = ["--pack", "untrained", "--clips", "0.5", "--profile", "smoke", "--threads", "1"]


class Bench(Case):
    def test_rows_queries_and_configurations(self):
        r = self.ok("bench", "run", "--stage", STAGES, *SMALL, "--out", "b", "--json").json()
        self.assertEqual((r["schema"], r["gates"]), ("voxlip.bench-run/1", []))
        self.assertEqual([row["label"] for row in r["rows"]], STAGES.split(","))
        self.assertEqual(r["files"], ["b/rows.csv", "b/queries.jsonl", "b/config.json", "b/env.json"])
        with open(self.folder / "b" / "rows.csv", newline="", encoding="utf-8") as f:
            rows = list(csv.DictReader(f))
        self.assertEqual(list(rows[0]), list(r["rows"][0]))
        configs = json.loads((self.folder / "b" / "config.json").read_text())
        lines = [json.loads(line) for line in (self.folder / "b" / "queries.jsonl").read_text().splitlines()]
        for written, row in zip(rows, r["rows"]):
            self.assertEqual((row["kind"], row["weights"], row["engine"], row["clip_s"]), ("stage", "random", "fused", 0.5))
            self.assertEqual((row["n"], row["n_err"]), (11, 0))
            self.assertGreaterEqual(row["warmup_n"], 6)
            self.assertIn("accuracy", row["invalid_reason"].split(";"))
            self.assertEqual(row["env_hash"], r["env_hash"])
            self.assertEqual(configs[row["config_hash"]]["stage"], row["label"])
            times = sorted(q["latency_ms"] for q in lines if q["run_id"] == row["run_id"])
            self.assertEqual(len(times), 11)
            self.assertEqual((row["p50_ms"], row["min_ms"], row["es_p50_ms"]), (times[5], times[0], times[10]))
            self.assertEqual((row["p90_ms"], row["sm_active_pct"], row["cold_ms"]), (None, None, None))
            self.assertAlmostEqual(row["rtf"], row["mean_ms"] / 500, places=9)
            self.assertGreater(row["host_hwm_mib"], 20)
            for column, value in row.items():
                self.assertEqual(written[column], "NA" if value is None else written[column])
                if isinstance(value, (int, float)):
                    self.assertEqual(float(written[column]), value, column)
        column = {"rvc.content": "rvc_feat_ms", "rvc.f0": "rvc_f0_ms", "rvc.synth": "rvc_synth_ms", "rvc.convert": "rvc_ms"}
        for row in r["rows"]:
            self.assertEqual({c for c in column.values() if row[c] is not None}, {column[row["label"]]})
        self.assertEqual(set(configs[r["rows"][3]["config_hash"]]["models"]), {"content", "f0", "rvc"})

    def test_the_same_configuration_has_the_same_hash(self):
        call = ["bench", "run", "--stage", "rvc.f0", *SMALL, "--json"]
        a = self.ok(*call, "--out", "a").json()["rows"][0]
        b = self.ok(*call, "--out", "b").json()["rows"][0]
        c = self.ok(*call, "--out", "c", "--seed", "1").json()["rows"][0]
        self.assertEqual(a["config_hash"], b["config_hash"])
        self.assertNotEqual(a["config_hash"], c["config_hash"])
        self.assertNotEqual(a["run_id"], b["run_id"])

    def test_people_read_the_figures_and_the_reasons(self):
        r = self.ok("bench", "run", "--stage", "rvc.f0", *SMALL, "--out", "b")
        self.assertEqual(r.out, "")
        self.assertRegex(r.err, r"rvc\.f0 0\.5 s fused: n 11, p50 .* ms, es_p90 NA, .* INVALID")
        self.assertIn("accuracy: there is no accuracy run", r.err)

    def test_voices_of_the_language_model(self):
        stages = "vallex.ar_step,vallex.prefill,vallex.nar,vallex.codec,vallex.clone"
        r = self.ok("bench", "run", "--stage", stages, *SMALL, "--engines", "fused,ref,w8a16", "--out", "b", "--json")
        rows = r.json()["rows"]
        self.assertEqual([row["label"] for row in rows[::3]], stages.split(","))
        self.assertEqual([row["engine"] for row in rows[:3]], ["fused", "ref", "w8a16"])
        for row in rows[:3]:
            self.assertAlmostEqual(row["ar_step_us"], 1000 * row["p50_ms"], places=6)
        self.assertEqual(len({row["config_hash"] for row in rows}), 15)
        self.assertRegex(r.err, r"steps/s; a step reads .* MB of weights .* GB/s, .* % of the")
        self.assertRegex(r.err, r"against fused over 201 forced steps: top-1 agreement .* %, mean KL .* nats")
        half = self.ok("bench", "run", "--stage", "vallex.ar_step", *SMALL, "--precision", "bf16", "--out", "h", "--json")
        self.assertEqual((half.json()["rows"][0]["precision"], half.json()["rows"][0]["engine"]), ("bf16", "fused"))
        self.fails(2, "E0202", "bench", "run", "--stage", "vallex.ar_step", "--precision", "bf16", "--engine", "ref", "--out", "x")

    def test_speech_in_batches(self):
        stages = "fastpitch.plan,fastpitch.infer,hifigan.vocode"
        r = self.ok("bench", "run", "--stage", stages, *SMALL, "--batch", "1,3", "--out", "b", "--json")
        rows = r.json()["rows"]
        self.assertEqual([(row["label"], row["batch"]) for row in rows], [(s, b) for s in stages.split(",") for b in (1, 3)])
        self.assertEqual(len({row["config_hash"] for row in rows}), 6)
        for row, column in zip(rows[2:], ("prosody_ms", "prosody_ms", "vocoder_ms", "vocoder_ms")):
            self.assertAlmostEqual(row[column], row["p50_ms"] / row["batch"], places=6)
            self.assertAlmostEqual(row["in_flight"], row["batch"], places=6)

    def test_refusals(self):
        rows = [
            ("E0203", ["--out", "b"], "rvc.content"),
            ("E0203", ["--stage", "rvc.f0"], "--out"),
            ("E0202", ["--stage", "rvc.f1", "--out", "b"], "rvc.f0"),
            ("E0202", ["--stage", "rvc.f0", "--out", "b", "--profile", "smok"], "smoke"),
            ("E0202", ["--stage", "rvc.f0", "--out", "b", "--engines", "int8"], "engines"),
            ("E0202", ["--stage", "rvc.f0", "--out", "b", "--clips", "0"], "clips"),
            ("E0202", ["--stage", "hifigan.vocode,rvc.f0", "--out", "b", "--batch", "1,2"], "rvc.f0"),
            ("E0202", ["--stage", "hifigan.vocode", "--out", "b", "--batch", "0"], "batch"),
            ("E0201", ["--stage", "rvc.f0", "--out", "b", "--scenario", "offline"], "--scenario"),
        ]
        for code, args, word in rows:
            with self.subTest(args=args):
                r = self.fails(2, code, "bench", "run", *args)
                self.assertIn(word, json.dumps(r.error()))
        self.assertFalse((self.folder / "b").exists())
        (self.folder / "b").mkdir()
        (self.folder / "b" / "rows.csv").write_text("old")
        self.fails(12, "E1201", "bench", "run", "--stage", "rvc.f0", *SMALL, "--out", "b")
        self.assertEqual((self.folder / "b" / "rows.csv").read_text(), "old")
        self.ok("bench", "run", "--stage", "rvc.f0", *SMALL, "--out", "b", "--overwrite")
        self.assertNotEqual((self.folder / "b" / "rows.csv").read_text(), "old")


if __name__ == "__main__":
    unittest.main()
