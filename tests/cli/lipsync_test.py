"""voxlip lipsync as a user runs it: the drawn face of the demo, real clips where they are at hand, every bad input with its code."""
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

from support import AVATAR, BIN, DATA, SHARED, Case, ffprobe, write_wav

SPEECH = DATA / "assets" / "speech" / "LJ011-0202_ground-truth.wav"


def sha(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def frame_hashes(path):
    """One hash for each decoded picture."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v:0", "-vsync", "passthrough", "-f", "framemd5", "-"]
    text = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    return [line.split(",")[-1].strip() for line in text.splitlines() if not line.startswith("#")]


def frame_times(path):
    command = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "frame=pts_time", "-of", "csv=p=0", str(path)]
    text = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    return [float(line.strip(",")) for line in text.split()]


class Lipsync(Case):
    def lipsync(self, *args, **kw):
        return self.ok("lipsync", *args, "--json", **kw).json()

    def clip(self, name, *options):
        if not shutil.which("ffmpeg"):
            self.skipTest("the ffmpeg program is not installed; it makes this test's clip")
        path = self.folder / name
        subprocess.run(["ffmpeg", "-v", "error", "-y", *[str(o) for o in options], str(path)], check=True)
        return path

    def speech(self, seconds):
        return self.clip(f"speech_{seconds}.wav", "-stream_loop", "9", "-i", SPEECH, "-t", seconds, "-c:a", "pcm_s16le")

    def silence(self, seconds):
        return self.clip(f"silence_{seconds}.wav", "-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono", "-t", seconds)

    def mute(self, seconds, *options):
        """The avatar without sound."""
        return self.clip("mute.mp4", "-i", AVATAR, "-t", seconds, "-an", "-c:v", "libx264", "-qp", "0", *options)

    def test_the_demo_clip_and_its_record(self):
        out = self.folder / "o.mp4"
        r = self.lipsync("--face", AVATAR, "--audio", self.speech(5), "--outfile", out)
        self.assertEqual((r["schema"], r["verb"], r["status"], r["exit"]), ("voxlip.lipsync/1", "lipsync", "ok", 0))
        self.assertEqual([w["code"] for w in r["warnings"]], ["W0117"])
        faces = r["faces"]
        self.assertEqual((faces["frames"], faces["with_face"], faces["tracks"], faces["cuts"], faces["detector_calls"]), (125, 125, 1, 0, 125))
        self.assertEqual(faces["redrawn"] + faces["passed_through"], 125)
        self.assertGreater(faces["redrawn"], 100)
        for stage in ("load", "decode", "face", "lips", "encode", "compute", "total"):
            self.assertGreater(r["timing_ms"][stage], 0, stage)
        for stage in ("rvc", "vallex", "fastpitch", "vocoder", "mix"):
            self.assertIsNone(r["timing_ms"][stage])
        self.assertEqual({m["role"] for m in r["models"]}, {"face", "wav2lip"})
        for key in ("width", "height", "fps", "frames", "pix_fmt", "rotation", "codec"):
            self.assertEqual(r["output"]["video"][key], r["input"]["video"][key], key)
        self.assertEqual(r["output"]["sha256"], sha(out))
        self.assertEqual(r["audio_input"]["audio"]["codec"], "pcm_s16le")
        self.assertEqual(r["output"]["audio"]["sample_rate"], 22050)
        self.assertGreater(r["fps_lips"], 0)
        self.assertEqual(r["quality"]["face_coverage"], 1)
        job = pathlib.Path(r["job"])
        names = {e["name"] for e in json.loads((pathlib.Path(Case.cache.name) / "jobs" / job / "trace.json").read_text())["traceEvents"]}
        self.assertIn("batch", names)

    def test_pixels_outside_the_mouth_are_those_of_the_source(self):
        source, out = self.mute(1), self.folder / "o.mp4"
        self.lipsync("--face", source, "--audio", self.speech(1), "--crf", "0", "-o", out)
        planes = [subprocess.run(["ffmpeg", "-v", "error", "-i", str(p), "-f", "rawvideo", "-"], capture_output=True, check=True).stdout for p in (source, out)]
        size = 512 * 512 * 3 // 2
        self.assertEqual(len(planes[0]), 25 * size)
        self.assertEqual(len(planes[1]), 25 * size)
        changed = [i for i in range(512 * 512) if planes[0][10 * size + i] != planes[1][10 * size + i]]
        rows = [i // 512 for i in changed]
        columns = [i % 512 for i in changed]
        self.assertGreater(len(changed), 2000)
        self.assertLess(len(changed), 512 * 512 // 6)
        self.assertGreater(min(rows), 200)
        self.assertGreater(min(columns), 100)
        self.assertLess(max(columns), 412)

    def test_where_nobody_speaks_the_pictures_pass_unchanged(self):
        source, out = self.mute(1), self.folder / "o.mp4"
        r = self.lipsync("--face", source, "--audio", self.silence(1), "--crf", "0", "-o", out)
        self.assertEqual((r["faces"]["redrawn"], r["faces"]["passed_through"]), (0, 25))
        self.assertEqual(frame_hashes(source), frame_hashes(out))

    def test_sound_that_is_longer_or_shorter_than_the_pictures(self):
        source = self.mute(1)
        want = frame_hashes(source)
        out = self.folder / "o.mp4"
        last = len(want) - 1
        rows = [
            (["--extend", "pingpong"], 2.0, [*range(25), *range(23, -1, -1), 1]),
            (["--extend", "loop"], 2.0, [*range(25), *range(25)]),
            (["--extend", "freeze"], 1.4, [*range(25), *[last] * 10]),
            ([], 0.4, list(range(10))),
            (["--length", "video"], 0.4, list(range(25))),
            (["--length", "video"], 2.0, list(range(25))),
        ]
        for flags, seconds, order in rows:
            with self.subTest(flags=flags, seconds=seconds):
                r = self.lipsync("--face", source, "--audio", self.silence(seconds), *flags, "--crf", "0", "-y", "-o", out)
                self.assertEqual(frame_hashes(out), [want[i] for i in order])
                self.assertEqual(r["output"]["video"]["frames"], len(order))
                times = frame_times(out)
                self.assertTrue(all(abs(t - i / 25) < 1e-3 for i, t in enumerate(times)), times)
                self.assertLess(abs(r["output"]["seconds"] - max(len(order) / 25, min(seconds, 1e9) if flags[:2] != ["--length", "video"] else 0)), 0.1)

    def test_a_picture_speaks(self):
        picture = self.clip("face.png", "-i", AVATAR, "-frames:v", "1")
        out = self.folder / "o.mp4"
        r = self.lipsync("--face", picture, "--audio", self.speech(2), "-o", out)
        v = r["output"]["video"]
        self.assertEqual((v["frames"], v["fps"], v["width"], v["height"], v["pix_fmt"]), (50, 25, 512, 512, "yuv420p"))
        self.assertEqual(r["faces"]["redrawn"], 50)
        self.assertGreater(len(set(frame_hashes(out))), 25)
        r = self.lipsync("--face", picture, "--audio", self.speech(2), "--fps", "30", "-y", "-o", out)
        self.assertEqual((r["output"]["video"]["frames"], r["output"]["video"]["fps"]), (60, 30))
        r = self.lipsync("--face", AVATAR, "--static", "--audio", self.speech(2), "-y", "-o", out)
        self.assertEqual((r["output"]["video"]["frames"], r["faces"]["frames"]), (50, 1))
        r = self.fails(2, "E0204", "lipsync", "--face", picture, "--audio", self.speech(2), "--length", "video", "-o", self.folder / "x.mp4")
        self.assertIn("needs a video", r.error()["message"])

    def test_frames_without_a_face_pass_and_the_borders_fade(self):
        source = self.clip("mid.mp4", "-i", AVATAR, "-f", "lavfi", "-i", "testsrc=s=512x512:d=1:r=25", "-filter_complex",
                           "[0:v]trim=end_frame=25,setpts=PTS-STARTPTS[a];[1:v]format=yuv420p[b];[a][b]concat=n=2[v]", "-map", "[v]", "-c:v", "libx264", "-qp", "0")
        out = self.folder / "o.mp4"
        r = self.lipsync("--face", source, "--audio", self.speech(2), "--crf", "0", "-o", out)
        self.assertEqual((r["faces"]["with_face"], r["faces"]["cuts"]), (25, 1))
        a, b = frame_hashes(source), frame_hashes(out)
        self.assertEqual(a[25:], b[25:])
        self.assertNotEqual(a[12], b[12])

    def two_faces(self):
        """The avatar and, smaller, the avatar again, with a talking sound of its own."""
        return self.clip("two.mp4", "-i", AVATAR, "-t", "2", "-filter_complex", "[0:v]split[a][b];[b]scale=256:256,pad=256:512:0:128:gray[c];[a][c]hstack", "-c:v", "libx264", "-crf", "10")

    def test_several_faces(self):
        source, speech = self.two_faces(), self.speech(2)
        env = {"VOXLIP_PROGRESS": "none"}
        listed = self.lipsync("--face", source, "--list-faces", env=env)
        self.assertEqual([t["face_id"] for t in listed["tracks"]], [0, 1])
        self.assertEqual(set(listed["tracks"][0]), {"face_id", "first_frame", "last_frame", "box", "score", "speaking", "preview"})
        for track in listed["tracks"]:
            self.assertTrue(pathlib.Path(track["preview"]).read_bytes().startswith(b"\x89PNG"))
            self.assertEqual((track["first_frame"], track["last_frame"]), (0, 49))
        left, right = sorted(listed["tracks"], key=lambda t: t["box"][0])
        self.assertLess(left["box"][2], 512)
        self.assertGreaterEqual(right["box"][0], 512)

        def changed(*flags):
            """Which halves of frame 20 are redrawn."""
            out = self.folder / "o.mp4"
            self.lipsync("--face", source, "--audio", speech, "--crf", "0", "-y", "-o", out, *flags)
            raw = [subprocess.run(["ffmpeg", "-v", "error", "-i", str(p), "-vf", "select=eq(n\\,20)", "-vframes", "1", "-pix_fmt", "gray", "-f", "rawvideo", "-"], capture_output=True, check=True).stdout for p in (source, out)]
            columns = {i % 768 for i in range(len(raw[0])) if raw[0][i] != raw[1][i]}
            return any(c < 512 for c in columns), any(c >= 512 for c in columns)

        self.assertEqual(changed("--face-select", "largest"), (True, False))
        self.assertEqual(changed("--face-select", "all"), (True, True))
        self.assertEqual(changed("--face-id", str(left["face_id"])), (True, False))
        self.assertEqual(changed("--face-id", str(right["face_id"])), (False, True))
        self.assertEqual(changed("--crop", "0", "512", "512", "768"), (False, True))
        r = self.fails(4, "E0402", "lipsync", "--face", source, "--audio", speech, "--face-id", "7", "-o", self.folder / "x.mp4")
        self.assertIn("face 7 not found, have 0-1", r.error()["message"])

    def test_looking_at_every_fifth_frame_follows_the_face_between(self):
        r = self.lipsync("--face", self.mute(2), "--audio", self.speech(2), "--detect-every", "5", "-o", self.folder / "o.mp4")
        self.assertEqual((r["faces"]["detector_calls"], r["faces"]["with_face"], r["faces"]["redrawn"]), (10, 50, 50))

    def test_no_face_is_exit_4_with_a_picture_or_sound_only(self):
        bars = self.clip("bars.mp4", "-f", "lavfi", "-i", "testsrc=s=320x240:d=2", "-f", "lavfi", "-i", "sine=d=2", "-pix_fmt", "yuv420p")
        speech, out = self.speech(2), self.folder / "o.mp4"
        r = self.fails(4, "E0401", "lipsync", "--face", bars, "--audio", speech, "-o", out)
        self.assertIn("no face found in any of the 50 frames", r.error()["message"])
        saved = pathlib.Path(r.error()["saved"][0])
        self.assertTrue(saved.read_bytes().startswith(b"\x89PNG"))
        self.assertFalse(out.exists())
        # A job folder that cannot be written does not hide the error.
        r = self.fails(4, "E0401", "lipsync", "--face", bars, "--audio", speech, "--job-dir", "/proc/none", "-o", out)
        self.assertEqual(r.error()["saved"], [])
        r = self.lipsync("--face", bars, "--audio", speech, "--on-no-face", "audio-only", "-o", out)
        self.assertEqual((r["faces"]["redrawn"], r["faces"]["with_face"]), (0, 0))
        self.assertEqual(frame_hashes(bars), frame_hashes(out))

    def test_compat_computes_as_the_public_code(self):
        box, speech, out = ["--box", "120", "430", "130", "380"], self.speech(1), self.folder / "o.mp4"
        r = self.lipsync("--face", AVATAR, "--audio", speech, "--compat", "wav2lip", *box, "-o", out)
        # The sound says how many pictures there are: windows of 16 columns, so 0.12 s are missing.
        self.assertEqual((r["output"]["video"]["frames"], r["faces"]["redrawn"]), (22, 22))
        r = self.lipsync("--face", AVATAR, "--audio", speech, "--preset", "parity", "--resize-factor", "2", "--rotate", "90", "--box", "60", "215", "65", "190", "-y", "-o", out)
        self.assertEqual((r["output"]["video"]["width"], r["output"]["video"]["height"], r["output"]["video"]["frames"]), (256, 256, 22))
        short = self.mute("0.4")
        r = self.lipsync("--face", short, "--audio", speech, "--compat", "wav2lip", *box, "-y", "-o", out)
        self.assertEqual((r["output"]["video"]["frames"], r["faces"]["frames"]), (22, 10))
        r = self.fails(5, "E0501", "lipsync", "--face", AVATAR, "--audio", speech, "--compat", "wav2lip", "-o", self.folder / "x.mp4")
        self.assertIn("S3FD", r.error()["message"])
        self.fails(4, "E0403", "lipsync", "--face", AVATAR, "--audio", speech, "--compat", "wav2lip", "--box", "0", "600", "0", "600", "-o", self.folder / "x.mp4")

    def test_an_s3fd_file_is_a_finder(self):
        mini = DATA / "parity" / "wav2lip" / "checkpoints" / "mini_s3fd_python2.pth"
        r = self.ok("models", "inspect", mini, "--json").json()
        self.assertEqual(r["kind"], "face")
        # Its weights are noise: it finds something or nothing, and neither is a crash.
        r = self.run_voxlip("lipsync", "--face", self.mute("0.2"), "--audio", self.speech(1), "--face-model", mini, "--resize-factor", "4", "-o", self.folder / "o.mp4", "--json")
        self.assertIn(r.code, (0, 4), r.err)

    def test_streams_and_tags_of_the_source_stay(self):
        srt = self.folder / "s.srt"
        srt.write_text("1\n00:00:00,100 --> 00:00:00,900\nhello\n")
        source = self.clip("many.mkv", "-i", AVATAR, "-f", "lavfi", "-i", "sine=d=2", "-i", srt, "-map", "0:v", "-map", "0:a", "-map", "1:a", "-map", "2:s", "-t", "2",
                           "-metadata", "title=My film", "-metadata:s:a:0", "language=kor", "-metadata:s:a:1", "language=eng", "-metadata:s:s:0", "language=fra", "-c:v", "copy", "-c:a", "aac", "-c:s", "srt")
        out = self.folder / "o.mkv"
        self.lipsync("--face", source, "--audio", self.speech(2), "-o", out)
        probe = ffprobe(out)
        kinds = [(s["codec_type"], s.get("tags", {}).get("language")) for s in probe["streams"]]
        self.assertEqual(sorted(k for k, _ in kinds), ["audio", "audio", "subtitle", "video"])
        self.assertIn(("audio", "eng"), kinds)
        self.assertIn(("subtitle", "fra"), kinds)
        tags = {k.lower(): v for k, v in probe["format"]["tags"].items()}
        self.assertEqual(tags["title"], "My film")
        r = self.lipsync("--face", source, "--audio", self.speech(2), "-o", self.folder / "o.webm")
        self.assertEqual((r["output"]["video"]["codec"], r["output"]["audio"]["codec"]), ("vp9", "opus"))

    def test_sound_is_copied_where_the_container_takes_it(self):
        aac = self.clip("s.m4a", "-i", SPEECH, "-t", "2", "-c:a", "aac", "-ac", "2", "-ar", "48000")
        out = self.folder / "o.mp4"
        r = self.lipsync("--face", self.mute(2), "--audio", aac, "-o", out)
        a = r["output"]["audio"]
        self.assertEqual((a["codec"], a["sample_rate"], a["channels"], a["layout"]), ("aac", 48000, 2, "stereo"))
        hashes = [subprocess.run(["ffmpeg", "-v", "error", "-i", str(p), "-map", "0:a", "-t", "1.9", "-f", "md5", "-"], capture_output=True, check=True).stdout for p in (aac, out)]
        self.assertEqual(hashes[0], hashes[1])

    def test_variable_rate_rotation_and_aspect_stay(self):
        vfr = self.clip("vfr.mp4", "-i", AVATAR, "-t", "2", "-an", "-vf", "select='not(eq(mod(n,5),3))',setsar=4/3", "-vsync", "vfr", "-c:v", "libx264", "-qp", "0")
        out = self.folder / "o.mp4"
        r = self.lipsync("--face", vfr, "--audio", self.speech(2), "--length", "video", "-o", out)
        self.assertIn("W0105", [w["code"] for w in r["warnings"]])
        self.assertEqual(frame_times(vfr), frame_times(out))
        self.assertEqual(r["output"]["video"]["sar"], "4:3")
        turned = self.clip("side.mp4", "-i", AVATAR, "-t", "1", "-an", "-vf", "transpose=1", "-c:v", "libx264", "-crf", "10")
        turned = self.clip("turned.mp4", "-i", turned, "-c", "copy", "-metadata:s:v:0", "rotate=90")
        r = self.lipsync("--face", turned, "--audio", self.speech(1), "-y", "-o", out)
        self.assertEqual(r["faces"]["redrawn"], 25)
        self.assertEqual(r["output"]["video"]["rotation"], r["input"]["video"]["rotation"])
        self.assertNotEqual(r["output"]["video"]["rotation"], 0)

    def test_sideways_pictures_by_flag(self):
        side = self.clip("side.mp4", "-i", AVATAR, "-t", "1", "-an", "-vf", "transpose=2", "-c:v", "libx264", "-qp", "0")
        out = self.folder / "o.mp4"
        r = self.lipsync("--face", side, "--audio", self.speech(1), "--rotate", "-o", out)  # alone it means 90
        self.assertEqual((r["faces"]["redrawn"], r["output"]["video"]["rotation"]), (25, 0))
        self.fails(2, "E0202", "lipsync", "--face", side, "--audio", self.speech(1), "--rotate", "45", "-o", self.folder / "x.mp4")

    def test_odd_inputs(self):
        odd = self.clip("odd.mkv", "-i", AVATAR, "-t", "0.4", "-an", "-vf", "scale=853:479", "-c:v", "ffv1")
        one = self.clip("one.mp4", "-i", AVATAR, "-frames:v", "1", "-an", "-c:v", "libx264")
        fast = self.clip("fast.mp4", "-i", AVATAR, "-t", "0.5", "-an", "-r", "120", "-c:v", "libx264")
        alpha = self.clip("alpha.mov", "-i", AVATAR, "-t", "0.4", "-an", "-pix_fmt", "argb", "-c:v", "qtrle")
        deep = self.clip("deep.mkv", "-i", AVATAR, "-t", "0.4", "-an", "-pix_fmt", "yuv422p10le", "-c:v", "ffv1")
        gray = self.clip("gray.mkv", "-i", AVATAR, "-t", "0.4", "-an", "-pix_fmt", "gray", "-c:v", "ffv1")
        rows = [(odd, 10, 853, 479), (one, 1, 512, 512), (fast, 60, 512, 512), (alpha, 10, 512, 512), (deep, 10, 512, 512), (gray, 10, 512, 512)]
        for source, frames, width, height in rows:
            with self.subTest(source=source.name):
                out = self.folder / "o.mp4"
                r = self.lipsync("--face", source, "--audio", self.speech(1), "--length", "video", "-y", "-o", out)
                self.assertEqual(r["faces"]["frames"], frames)
                self.assertGreater(r["faces"]["redrawn"], 0)
                self.assertEqual(len(frame_hashes(out)), frames)
                self.assertIn(r["output"]["video"]["width"], (width, width + 1))
                self.assertIn(r["output"]["video"]["height"], (height, height + 1))
                if source is alpha:
                    self.assertIn("W0101", [w["code"] for w in r["warnings"]])

    def test_very_short_sound_is_padded(self):
        r = self.lipsync("--face", AVATAR, "--audio", self.clip("s.wav", "-i", SPEECH, "-t", "0.1"), "-o", self.folder / "o.mp4")
        self.assertIn("W0112", [w["code"] for w in r["warnings"]])
        self.assertIn(r["output"]["video"]["frames"], (2, 3))

    def test_corrupt_packets_in_the_middle_are_passed_over_and_told(self):
        source = self.clip("long.ts", "-stream_loop", "4", "-i", AVATAR, "-an", "-c:v", "libx264", "-g", "25", "-bf", "0")
        blob = bytearray(source.read_bytes())
        middle = len(blob) // 2 // 188 * 188
        for i in range(middle, middle + 188 * 6):
            if i % 188 >= 12:
                blob[i] = (blob[i] * 7 + 13) % 256
        source.write_bytes(bytes(blob))
        r = self.lipsync("--face", source, "--audio", self.speech(5), "--length", "video", "--detect-every", "25", "-o", self.folder / "o.mp4")
        self.assertIn("W0108", [w["code"] for w in r["warnings"]])
        self.assertGreaterEqual(r["output"]["video"]["frames"], 612)

    def test_bad_inputs(self):
        text = self.folder / "text.mp4"
        text.write_text("words and nothing else, but enough of them to look at")
        speech = self.speech(1)
        whole = self.clip("whole.mp4", "-i", AVATAR, "-c", "copy", "-movflags", "faststart")
        cut = self.folder / "cut.mp4"
        cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
        late = self.clip("late.mp4", "-i", AVATAR, "-c", "copy")
        headless = self.folder / "headless.mp4"
        headless.write_bytes(late.read_bytes()[: late.stat().st_size // 2])
        sound = self.clip("sound.m4a", "-i", AVATAR, "-vn", "-c:a", "copy")
        out = ["-o", self.folder / "out.mp4"]
        rows = [
            (3, "E0301", "absent.mp4: no such file", ["--face", self.folder / "absent.mp4", "--audio", speech, *out]),
            (3, "E0301", "absent.wav: no such file", ["--face", AVATAR, "--audio", self.folder / "absent.wav", *out]),
            (3, "E0302", "text.mp4: not a media file", ["--face", text, "--audio", speech, *out]),
            (3, "E0302", "text.mp4: not a media file", ["--face", AVATAR, "--audio", text, *out]),
            (3, "E0302", "headless.mp4", ["--face", headless, "--audio", speech, *out]),
            (3, "E0303", "no video stream", ["--face", sound, "--audio", speech, *out]),
            (3, "E0304", "no audio stream", ["--face", AVATAR, "--audio", self.mute(1), *out]),
            (3, "E0305", "ends early", ["--face", cut, "--audio", self.speech(5), *out]),
            (2, "E0203", "--audio is missing", ["--face", AVATAR, *out]),
            (2, "E0203", "--face is missing", ["--audio", speech, *out]),
            (2, "E0203", "--out is missing", ["--face", AVATAR, "--audio", speech]),
            (2, "E0202", "does not end in", ["--face", AVATAR, "--audio", speech, "-o", self.folder / "o.avi"]),
            (2, "E0204", "would be replaced", ["--face", whole, "--audio", speech, "-y", "-o", whole]),
            (2, "E0202", "four positions", ["--face", AVATAR, "--audio", speech, "--box", "1", "-1", "2", "3", *out]),
            (2, "E0202", "it leaves nothing", ["--face", AVATAR, "--audio", speech, "--crop", "100", "50", "0", "100", *out]),
            (4, "E0403", "crop leaves the picture", ["--face", AVATAR, "--audio", speech, "--crop", "600", "700", "0", "100", *out]),
            (2, "E0204", "--face-id", ["--face", AVATAR, "--audio", speech, "--box", "1", "100", "2", "300", "--face-id", "1", *out]),
            (2, "E0204", "--length video", ["--face", AVATAR, "--audio", speech, "--compat", "wav2lip", "--length", "video", *out]),
            (2, "E0202", "feather", ["--face", AVATAR, "--audio", speech, "--feather", "soft", *out]),
            (4, "E0403", "box leaves the picture", ["--face", AVATAR, "--audio", speech, "--box", "0", "600", "0", "600", *out]),
            (6, "E0601", "nvenc", ["--face", AVATAR, "--audio", speech, "--encoder", "nvenc", *out]),
            (3, "E0311", "hevc", ["--face", AVATAR, "--audio", speech, "--video-codec", "hevc", "-o", self.folder / "o.webm"]),
            (5, "E0505", "not wav2lip", ["--face", AVATAR, "--audio", speech, "--wav2lip-model", DATA / "parity/wav2lip/checkpoints/mini_s3fd_python2.pth", *out]),
        ]
        for code, name, words, args in rows:
            with self.subTest(args=[str(a) for a in args]):
                r = self.fails(code, name, "lipsync", *args)
                self.assertIn(words, r.error()["message"])
                self.assertFalse((self.folder / "out.mp4").exists())
        (self.folder / "out.mp4").write_text("mine")
        self.fails(12, "E1201", "lipsync", "--face", AVATAR, "--audio", speech, *out)
        self.assertEqual((self.folder / "out.mp4").read_text(), "mine")

    def test_a_killed_run_goes_on_where_it_was_and_ends_the_same(self):
        source = self.clip("ten.mp4", "-stream_loop", "2", "-i", AVATAR, "-t", "12", "-c", "copy")
        speech, out = self.speech(12), self.folder / "o.mp4"
        flags = ["lipsync", "--face", source, "--audio", speech, "--chunk-s", "2", "-o", out, "--json", "-t", "2"]
        undisturbed = self.ok(*flags, env={"VOXLIP_CACHE_DIR": str(self.folder / "other")})
        want = sha(out)
        out.unlink()
        cache = self.folder / "cache"
        env = {**os.environ, "VOXLIP_CACHE_DIR": str(cache), "VOXLIP_MODELS_DIR": str(self.folder / "models")}
        process = subprocess.Popen([BIN, *[str(f) for f in flags]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=env)
        end = time.monotonic() + 120
        # Three of six segments, each a record beside its bytes.
        while len(list((cache / "objects").rglob("*.json"))) < 4 and process.poll() is None and time.monotonic() < end:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.assertFalse(out.exists())
        r = self.ok(*flags, env={"VOXLIP_CACHE_DIR": str(cache)}).json()
        self.assertEqual(sha(out), want)
        self.assertGreaterEqual(r["cache"]["hits"], 3)
        whole = undisturbed.json()
        self.assertEqual((r["faces"], r["output"]["sha256"]), (whole["faces"], want))
        # Once more: everything is there.
        again = self.ok(*flags, "-y", env={"VOXLIP_CACHE_DIR": str(cache)}).json()
        self.assertEqual((again["cache"]["hits"], again["output"]["sha256"]), (7, want))
        fresh = self.ok(*flags, "-y", "--no-resume", env={"VOXLIP_CACHE_DIR": str(cache)}).json()
        self.assertEqual((fresh["cache"]["hits"], fresh["output"]["sha256"]), (0, want))

    def test_other_flags_do_not_find_old_work(self):
        source, speech = self.mute(1), self.speech(1)
        env = {"VOXLIP_CACHE_DIR": str(self.folder / "cache")}

        def pictures(*flags):
            out = self.folder / "o.mp4"
            self.lipsync("--face", source, "--audio", speech, "-y", "-o", out, *flags, env=env)
            return frame_hashes(out)

        plain = pictures()
        seen = {tuple(plain)}
        for flags in (["--paste", "box"], ["--pads", "0", "30", "0", "0"], ["--nosmooth"], ["--feather", "20"], ["--no-color-match"], ["--crf", "30"], ["--engine", "ref"]):
            with self.subTest(flags=flags):
                warm = pictures(*flags)
                self.assertEqual(warm, pictures(*flags, "--no-cache"))
                if flags not in (["--nosmooth"], ["--no-color-match"]):  # the drawn head hardly moves
                    self.assertNotIn(tuple(warm), seen)
                seen.add(tuple(warm))
        self.assertEqual(pictures(), plain)

    def test_pictures_that_begin_late_hear_the_source_at_its_time(self):
        # Pictures from 1.0 s on; the source speaks from 1.2 to 1.5 s, the new sound not at all.
        source = self.clip("late.mkv", "-itsoffset", "1", "-i", AVATAR, "-f", "lavfi", "-i", "aevalsrc='0.3*sin(2000*t)*between(t,1.2,1.5)':d=4:s=16000", "-map", "0:v", "-map", "1:a", "-t", "4", "-c:v", "libx264", "-qp", "0", "-c:a", "pcm_s16le")
        out = self.folder / "o.mkv"
        self.lipsync("--face", source, "--audio", self.silence("3.5"), "--crf", "0", "-o", out)
        a, b, times = frame_hashes(source), frame_hashes(out), frame_times(source)
        drawn = [t for t, x, y in zip(times, a, b) if x != y]
        self.assertGreaterEqual(min(drawn), 1.0)
        self.assertLess(min(drawn), 1.13)
        self.assertLess(max(drawn), 1.8)

    def test_samples_that_are_no_numbers_are_not_copied(self):
        import array

        sound = self.clip("f.wav", "-i", SPEECH, "-t", "1", "-c:a", "pcm_f32le", "-ar", "16000")
        blob = bytearray(sound.read_bytes())
        start = blob.index(b"data") + 8
        for i in range(4000, 4400):
            blob[start + 4 * i : start + 4 * i + 4] = array.array("f", [float("nan")]).tobytes()
        sound.write_bytes(bytes(blob))
        out = self.folder / "o.mkv"
        r = self.lipsync("--face", self.mute(1), "--audio", sound, "-o", out)
        self.assertIn("W0118", [w["code"] for w in r["warnings"]])
        raw = subprocess.run(["ffmpeg", "-v", "error", "-i", str(out), "-map", "0:a", "-f", "f32le", "-"], capture_output=True, check=True).stdout
        self.assertTrue(all(x == x for x in array.array("f", raw)))

    def test_a_photo_that_a_camera_turned(self):
        side = self.clip("side.jpg", "-i", AVATAR, "-frames:v", "1", "-vf", "transpose=2", "-q:v", "2")
        tiff = b"MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
        exif = b"Exif\x00\x00" + tiff
        blob = side.read_bytes()
        side.write_bytes(blob[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + blob[2:])
        r = self.lipsync("--face", side, "--audio", self.speech(1), "-o", self.folder / "o.mp4")
        self.assertEqual((r["faces"]["redrawn"], r["input"]["video"]["rotation"]), (25, 90))

    def test_warnings_come_again_from_the_cache(self):
        bars = self.clip("bars.mp4", "-f", "lavfi", "-i", "testsrc=s=320x240:d=1", "-pix_fmt", "yuv420p")
        for _ in range(2):
            r = self.lipsync("--face", bars, "--audio", self.speech(2), "--on-no-face", "audio-only", "-y", "-o", self.folder / "o.webm")
            self.assertEqual([w["code"] for w in r["warnings"]], ["W0117", "W0102"])

    def test_without_a_cache_nothing_stays(self):
        cache = self.folder / "cache"
        self.lipsync("--face", self.mute(1), "--audio", self.speech(1), "--no-cache", "-o", self.folder / "o.mp4", env={"VOXLIP_CACHE_DIR": str(cache)})
        self.assertEqual([p for p in cache.rglob("*") if p.is_file() and "objects" in p.parts], [])
        r = self.fails(2, "E0202", "lipsync", "--face", AVATAR, "--audio", self.speech(1), "--cache-max", "20GB", "-o", self.folder / "x.mp4")
        self.assertIn("--cache-max", r.error()["message"])

    def test_a_signal_cancels_and_leaves_nothing_at_the_name(self):
        command = [BIN, "lipsync", "--face", str(AVATAR), "--audio", str(self.speech(60)), "-o", str(self.folder / "o.mp4"), "--json"]
        env = {**os.environ, "VOXLIP_CACHE_DIR": Case.cache.name}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=env)
        time.sleep(2)
        process.send_signal(signal.SIGTERM)
        begin = time.monotonic()
        out, _ = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 10)
        self.assertRegex(json.loads(out)["error"]["message"], r"^cancelled in \w+ at \d+ %$")
        self.assertLess(time.monotonic() - begin, 5)
        self.assertFalse((self.folder / "o.mp4").exists())

    def test_real_clips(self):
        for name in ("talk2.mp4", "talk3.mp4", "portrait_1080p_hevc.mp4"):
            clip = SHARED / "assets" / "face" / name
            if not clip.exists():
                self.skipTest(f"{name} shows a real person and is not in the repository")
            r = self.lipsync("--face", clip, "--audio", self.speech(3), "-y", "-o", self.folder / "o.mp4")
            self.assertEqual((r["faces"]["with_face"], r["faces"]["tracks"], r["output"]["video"]["frames"]), (75, 1, 75), name)
            for key in ("width", "height", "codec", "pix_fmt", "range", "matrix", "primaries", "transfer"):
                self.assertEqual(r["output"]["video"][key], r["input"]["video"][key], (name, key))


if __name__ == "__main__":
    unittest.main()
