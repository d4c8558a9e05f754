"""What the program answers without any model: version, help, explain, wrong names."""
import json
import time
import unittest

from support import Case


class Front(Case):
    def test_version_is_quick(self):
        self.ok("--version")
        times = []
        for _ in range(5):
            begin = time.monotonic()
            self.ok("--version")
            times.append(time.monotonic() - begin)
        self.assertLess(min(times), 0.3)

    def test_version_json(self):
        v = self.ok("--version", "--json").json()
        self.assertEqual(v["schema"], "voxlip.version/1")
        self.assertEqual(v["libtorch"], "2.11.0")
        self.assertIsNone(v["cuda"])

    def test_no_verb_is_short_help_on_stderr(self):
        r = self.run_voxlip()
        self.assertEqual((r.code, r.out), (2, ""))
        self.assertIn("VERB", r.err)

    def test_explain(self):
        e = self.ok("--explain", "E0401", "--json").json()
        self.assertEqual((e["schema"], e["code"], e["exit"]), ("voxlip.explain/1", "E0401", 4))
        self.assertIn("face", self.ok("--explain", "E0401").out)
        self.fails(2, "E0201", "--explain", "E9999")

    def test_unknown_names_suggest_the_nearest(self):
        r = self.run_voxlip("dbu")
        self.assertEqual(r.code, 2)
        self.assertIn('"dub"', r.err)
        r = self.run_voxlip("dub", "--txt", "x")
        self.assertEqual(r.code, 2)
        self.assertIn("E0201", r.err)
        self.assertIn("--text", r.err)
        r = self.run_voxlip("dub", "--paste", "mouht")
        self.assertEqual(r.code, 2)
        self.assertIn("E0202", r.err)

    def test_print_config_round_trip(self):
        first = self.ok("dub", "--crf", "20", "--print-config").out
        self.assertRegex(first, r"crf = 20 +# flag")
        (self.folder / "c.toml").write_text(first)
        again = self.ok("dub", "--config", "c.toml", "--print-config", "--json").json()
        self.assertEqual(again["schema"], "voxlip.config/1")
        self.assertEqual(again["values"]["crf"]["value"], 20)
        self.assertEqual(again["values"]["crf"]["origin"], "file")

    def test_configuration_errors_name_line_and_key(self):
        (self.folder / "voxlip.toml").write_text("[dub]\ncfr = 20\n")
        r = self.fails(2, "E0205", "dub", "--print-config")
        self.assertIn("crf", r.error()["message"])
        self.assertEqual(r.error()["where"]["line"], 2)

    def test_environment(self):
        out = self.ok("dub", "--print-config", "--json", env={"VOXLIP_CRF": "30"}).json()
        self.assertEqual(out["values"]["crf"], {"value": 30, "origin": "env", "from": "VOXLIP_CRF"})
        r = self.run_voxlip("dub", "--print-config", env={"VOXLIP_CRF": "soft"})
        self.assertEqual(r.code, 2)

    def test_help_lists_flags_with_defaults(self):
        out = self.ok("dub", "--help").out
        for word in ("--text", "--transcript", "--crf", "18", "VOXLIP_CRF"):
            self.assertIn(word, out)

    def test_sub_verbs_are_listed_and_suggested(self):
        out = self.ok("models", "--help").out
        for name in ("models list", "models inspect", "models import", "models verify", "models run"):
            self.assertIn(name, out)
        self.fails(2, "E0203", "models")
        self.assertIn('"models list"', self.fails(2, "E0201", "models", "lits").error()["message"])

    def test_colour_is_the_users_choice(self):
        self.assertIn("\x1b[", self.run_voxlip("models", "inspect", "none.pth", "--color", "always").err)
        self.assertNotIn("\x1b[", self.run_voxlip("models", "inspect", "none.pth").err)

    def test_gpu_asked_for_is_an_error(self):
        self.fails(6, "E0601", "dub", "-i", "x.mp4", "--text", "a", "-o", "y.mp4", "--device", "cuda")


if __name__ == "__main__":
    unittest.main()
