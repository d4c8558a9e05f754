"""voxlip models: import, inspect, verify, list and run, on the public containers of the parity data."""
import array
import json
import shutil
import unittest
import wave

from support import AVATAR, DATA, PARITY, ROOT, Case, bytes_tensor, floats, ints, read_safetensors, write_safetensors

MINI = PARITY / "wav2lip" / "checkpoints" / "mini_wav2lip.pth"


class Models(Case):
    def test_import_list_verify_inspect(self):
        r = self.ok("models", "import", MINI, "--role", "wav2lip", "--name", "mini", "--json").json()
        self.assertEqual(r["schema"], "voxlip.models-import/1")
        self.assertEqual(r["imported"]["role"], "wav2lip")
        listed = self.ok("models", "list", "--json").json()["models"]
        self.assertEqual([(m["name"], m["verified"]) for m in listed if m["pack"] is None], [("mini", True)])
        self.assertEqual({m["role"] for m in listed if m["pack"] == "untrained"},
                         {"content", "f0", "vallex", "codec", "vocos", "fastpitch", "hifigan", "face", "wav2lip", "syncnet"})
        self.fails(12, "E1201", "models", "import", MINI, "--role", "wav2lip", "--name", "mini")
        path = self.folder / "models" / "mini.safetensors"
        blob = bytearray(path.read_bytes())
        blob[-1] ^= 1
        path.write_bytes(blob)
        self.fails(5, "E0502", "models", "verify", "mini")
        self.fails(5, "E0502", "dub", "-i", AVATAR, "--text", "Hi", "-o", "o.mp4", "--model", "wav2lip=mini")
        path.write_bytes(bytes(blob[:3000]))
        self.fails(5, "E0502", "models", "verify")
        info = self.ok("models", "inspect", MINI, "--json").json()
        self.assertEqual((info["container"], info["kind"], info["missing_keys"], info["extra_keys"]), ("legacy", "wav2lip", [], []))
        self.assertIn("collections.OrderedDict", info["globals"])

    def test_a_pack_is_verified_as_a_whole(self):
        pack = self.folder / "pack"
        shutil.copytree(ROOT / "packs" / "untrained", pack)
        results = self.ok("models", "verify", pack, "--json").json()["results"]
        self.assertEqual({r["ok"] for r in results}, {True})
        self.assertIn("lj:prompt", {r["name"] for r in results})
        sound = pack / "voices" / "lj.wav"
        sound.write_bytes(sound.read_bytes()[:-2] + b"xx")
        r = self.fails(5, "E0502", "models", "verify", pack)
        self.assertIn("lj:prompt", r.error()["message"])
        self.fails(5, "E0501", "models", "verify", "nothing")

    def test_weights_made_for_each_other_are_not_mixed(self):
        self.ok("models", "import", PARITY / "vallex" / "checkpoints" / "tiny_vallex.pt", "--role", "vallex", "--name", "mine")
        dub = ["dub", "-i", AVATAR, "--text", "Good morning.", "-o", "o.mp4"]
        r = self.fails(5, "E0501", *dub)
        self.assertIn('"codec"', r.error()["message"])
        self.assertIn('"vallex"', r.error()["message"])
        self.ok(*dub, "--pack", "untrained", "--no-lips")
        self.fails(5, "E0501", *dub, "-y", "--model", "vallex=nofile")
        self.fails(2, "E0201", *dub, "-y", "--model", "teleport=mine")

    def test_wrong_kinds_and_damaged_files(self):
        page = self.folder / "page.pth"
        page.write_text("<!DOCTYPE html><html>not found</html>")
        cut = self.folder / "cut.pth"
        cut.write_bytes(MINI.read_bytes()[:200000])
        rows = [
            (5, "E0503", page, "wav2lip"),
            (5, "E0504", cut, "wav2lip"),
            (5, "E0505", PARITY / "rvc" / "hubert_base.pt", "wav2lip"),
            (5, "E0505", PARITY / "wav2lip" / "checkpoints" / "mini_s3fd_python2.pth", "wav2lip"),
            (3, "E0301", self.folder / "absent.pth", "wav2lip"),
            (5, "E0508", MINI, "teleport"),
        ]
        for code, name, file, role in rows:
            with self.subTest(file=str(file)):
                self.fails(code, name, "models", "import", file, "--role", role, "--name", "x")
        self.fails(2, "E0202", "models", "import", MINI, "--role", "wav2lip", "--name", "../x")
        self.fails(2, "E0202", "models", "import", MINI, "--role", "wav2lip", "--name", "x", "--ema")
        self.fails(5, "E0505", "models", "import", PARITY / "fastpitch" / "fastpitch_a.pt", "--role", "fastpitch", "--name", "x", "--ema")

    def call(self, role, entry, inputs, *flags):
        write_safetensors(self.folder / "in.st", inputs)
        r = self.ok("models", "run", role, "--entry", entry, "--inputs", "in.st", "--outputs", "out.st", "--json", "-y", *flags).json()
        return r, read_safetensors(self.folder / "out.st")

    def test_run_from_every_kind_of_weights(self):
        v = PARITY / "vallex"
        prompt = [i % 1024 for i in range(24)]
        inputs = {"input:text_tokens": ints([3], [20, 30, 40]), "input:language_ids": ints([3], [0, 0, 0]), "input:prompt_codes": ints([3, 8], prompt), "input:forced": ints([2], [1, 2])}
        for name in ("tiny_vallex.pt", "tiny_vallex_legacy.pt", "tiny_vallex_fp16.pt"):
            r, out = self.call("vallex", "ar_logits", inputs, "--weights", v / "checkpoints" / name)
            self.assertEqual(out["out:ar_logits"][1], [3, 1025])
        r, out = self.call("vocos", "decode", {"input:codes": ints([1, 8, 4], [5] * 32), "input:bandwidth_id": ints([1], [2])},
                           "--weights", v / "checkpoints" / "tiny_vocos.bin", "--config", v / "checkpoints" / "tiny_vocos.config.yaml")
        self.assertEqual(out["out:wav"][1], [1, 1280])
        r, out = self.call("hifigan", "vocode", {"input:mel": floats([80, 3], [-5.0] * 240)}, "--weights", PARITY / "fastpitch" / "hifigan_v1_small.params.json", "--fill-seed", "31",
                           "--config", PARITY / "fastpitch" / "hifigan_v1_small.config.json")
        self.assertEqual(out["out:audio"][1], [1, 1, 768])
        r, out = self.call("content", "features", {"input:wave": floats([1, 4000], [0.01 * (i % 7) for i in range(4000)])}, "--weights", PARITY / "rvc" / "params.hubert.json", "--fill-seed", "11",
                           "--config", PARITY / "rvc" / "manifest.json", "--outputs-all")
        self.assertEqual(out["out:layer12"][1], [1, 12, 64])
        self.assertIn("out:conv0", out)

    def test_rvc_index_voice_and_whole_conversion(self):
        rvc = PARITY / "rvc"
        golden = read_safetensors(rvc / "golden.safetensors")
        info = self.ok("models", "inspect", rvc / "index_v2.index", "--json").json()
        self.assertEqual((info["container"], info["kind"], info["config"]["vectors"], info["config"]["nprobe"]), ("faiss", "rvc-index", 399, 1))
        self.ok("models", "import", rvc / "index_v2.index", "--role", "rvc-index", "--name", "idx")
        inputs, outputs = self.folder / "in.safetensors", self.folder / "out.safetensors"
        _, shape, query = golden["out:retrieval.v2.query"]
        write_safetensors(inputs, {"input:features": floats(shape, query)})
        for index in (rvc / "index_v2.index", self.folder / "models" / "idx.safetensors"):
            self.ok("models", "run", "rvc", "--entry", "retrieve", "--index", index, "--inputs", inputs, "--outputs", outputs, "-y")
            self.assertEqual(read_safetensors(outputs)["out:ix"][2], golden["out:retrieval.v2.ix"][2])
        self.fails(5, "E0507", "models", "run", "rvc", "--entry", "retrieve", "--index", rvc / "index_v1.index", "--inputs", inputs, "--outputs", outputs, "-y")
        with wave.open(str(DATA / "assets" / "speech" / "eng_60s_16k.wav"), "rb") as w:
            w.setpos(160000)
            samples = [v / 32768 for v in array.array("h", w.readframes(32000))]
        write_safetensors(inputs, {"input:wave": floats([1, 32000], samples), "input:sid": ints([1], [1])})
        part = ["--config", rvc / "manifest.json", "--content", rvc / "params.hubert.json", "--f0-weights", rvc / "params.rmvpe.json"]
        run = ["models", "run", "rvc", "--entry", "convert", "-y", "--inputs", inputs, "--outputs", outputs, "--weights", rvc / "params.v1_48k_f0.json", "--fill-seed", "21", *part]
        r = self.ok(*run, "--index", rvc / "index_v1.index", "--index-rate", "0.5", "--protect", "0.5", "--rms-mix-rate", "1", "--outputs-all", "--json").json()
        self.assertEqual(r["outputs"]["out:float"], [95040])
        out = read_safetensors(outputs)
        self.assertEqual(out["out:coarse"][2], golden["out:e2e.v1_48k_f0.coarse"][2])
        self.assertEqual(list(out["out:chunk_out"][2]), [191040])
        self.assertEqual(out["out:float"][2], out["out:after_rms"][2])
        self.fails(2, "E0202", *run, "--pitch", "auto")
        self.fails(2, "E0203", *run[:-4], *part[:2])

    def test_text_and_image_need_no_weights(self):
        text = "I have 3 apples."
        r, out = self.call("text", "vallex", {"input:text_utf8": bytes_tensor([len(text)], text.encode())}, "--lang", "en")
        self.assertEqual(len(out["out:ids"][2]), len(out["out:language_ids"][2]))
        self.assertIsNone(r["weights_sha256"])
        r, out = self.call("image", "resize", {"input:crop_bgr_u8": bytes_tensor([4, 4, 3], range(48)), "input:size": ints([2], [2, 2])})
        self.assertEqual(out["out:resized_u8"][1], [2, 2, 3])

    def test_wrong_inputs_are_named(self):
        w = ["--weights", PARITY / "vallex" / "checkpoints" / "tiny_vocos.bin", "--inputs", "in.st", "--outputs", "out.st", "-y"]
        rows = [
            (2, "E0203", "bandwidth_id", {"input:codes": ints([1, 8, 4], [5] * 32)}),
            (2, "E0201", "bandwith_id", {"input:codes": ints([1, 8, 4], [5] * 32), "input:bandwith_id": ints([1], [2])}),
            (2, "E0202", "codes", {"input:codes": floats([1, 8, 4], [5] * 32), "input:bandwidth_id": ints([1], [2])}),
            (2, "E0202", "codes", {"input:codes": ints([2, 2, 8, 4], [5] * 128), "input:bandwidth_id": ints([1], [2])}),
            (2, "E0202", "1023", {"input:codes": ints([1, 8, 4], [5000] * 32), "input:bandwidth_id": ints([1], [2])}),
        ]
        for code, name, word, inputs in rows:
            with self.subTest(word=word):
                write_safetensors(self.folder / "in.st", inputs)
                r = self.fails(code, name, "models", "run", "vocos", "--entry", "decode", *w)
                self.assertIn(word, r.error()["message"])
        self.fails(2, "E0201", "models", "run", "vocos", "--entry", "dcode", *w)
        self.fails(2, "E0201", "models", "run", "teleport", "--entry", "x", *w)


if __name__ == "__main__":
    unittest.main()
