#!/usr/bin/env python3
"""Renders assets/demo/avatar.mp4: a drawn talking head, 5 s, 25 fps, 512 x 512, whose mouth follows the speech.

    python3 tools/render_avatar.py SPEECH.wav OUT.mp4        (needs numpy and ffmpeg)

No real person's face: ellipses, shading and a speech envelope. SPEECH.wav is mono 16-bit; it is padded to 5 s.
"""
import subprocess
import sys
import wave

import numpy as np

SIZE, FPS, FRAMES, LEAD = 512, 25, 125, 0.6
Y, X = np.mgrid[0:SIZE, 0:SIZE].astype(np.float32)


def ellipse(cx, cy, rx, ry, soft=1.5, angle=0.0):
    """Coverage 0..1 of an ellipse; soft is the width of its edge in pixels."""
    c, s = np.cos(angle), np.sin(angle)
    u, v = ((X - cx) * c + (Y - cy) * s) / rx, (-(X - cx) * s + (Y - cy) * c) / ry
    return np.clip((1.0 - np.sqrt(u * u + v * v)) * min(rx, ry) / soft + 0.5, 0, 1)


def over(picture, mask, color):
    picture += mask[..., None] * (np.asarray(color, np.float32) - picture)


def shade(picture, mask, amount):
    picture *= 1 + (mask * amount)[..., None]


def envelope(samples, rate):
    hop = rate // FPS
    rms = np.array([np.sqrt(np.mean(samples[i * hop : (i + 1) * hop] ** 2) + 1e-9) for i in range(FRAMES)])
    smooth = np.convolve(rms, [0.25, 0.5, 0.25], "same")
    return np.clip(smooth / np.percentile(smooth, 95), 0, 1)


def eye(picture, cx, cy, open_, look):
    shade(picture, ellipse(cx, cy - 2, 44, 30, 22), -0.22)
    over(picture, ellipse(cx, cy, 25, 13 * open_ + 1.5), (246, 244, 240))
    lid = ellipse(cx, cy, 25, 13 * open_ + 1.5)
    over(picture, lid * ellipse(cx + look, cy, 12, 12), (92, 66, 44))
    over(picture, lid * ellipse(cx + look, cy, 6, 6), (18, 14, 14))
    over(picture, lid * ellipse(cx + look - 4, cy - 4, 3, 3), (255, 255, 255))
    over(picture, np.clip(ellipse(cx, cy - 4, 28, 15 * open_ + 3) - ellipse(cx, cy + 1, 27, 14 * open_ + 2), 0, 1), (52, 34, 28))


def mouth(picture, cx, cy, open_):
    height = 5 + 21 * open_
    shade(picture, ellipse(cx, cy + 2, 56, height + 22, 26), -0.10)
    over(picture, ellipse(cx, cy, 46, height + 9, 2), (178, 84, 82))
    over(picture, ellipse(cx, cy, 38, max(height - 2, 1.2), 1.5), (58, 18, 22))
    inside = ellipse(cx, cy, 38, max(height - 2, 1.2), 1.5)
    over(picture, inside * ellipse(cx, cy - height - 1, 34, 9), (240, 238, 232))
    over(picture, inside * ellipse(cx, cy + height, 24, 9 * open_ + 1), (168, 72, 74))
    shade(picture, ellipse(cx, cy + height + 20, 34, 9, 8), -0.14)


def frame(t, open_):
    sway, nod = 7 * np.sin(2 * np.pi * 0.31 * t), 4 * np.sin(2 * np.pi * 0.47 * t + 1) + 2 * open_
    cx, cy = 256 + sway, 250 + nod
    picture = np.empty((SIZE, SIZE, 3), np.float32)
    picture[:] = np.array([126, 150, 170], np.float32) + (Y / SIZE * -42)[..., None] + (X / SIZE * 16)[..., None]
    over(picture, ellipse(256 + 0.3 * sway, 560, 230, 150, 3), (52, 74, 110))
    over(picture, ellipse(cx, cy - 26, 152, 182, 4), (54, 38, 30))
    over(picture, ellipse(256 + 0.6 * sway, 420, 62, 96, 5), (206, 158, 132))
    shade(picture, ellipse(256 + 0.6 * sway, 392, 64, 46, 22), -0.26)
    for side in (-1, 1):
        over(picture, ellipse(cx + side * 126, cy + 14, 20, 34, 3), (212, 160, 134))
    head = ellipse(cx, cy, 124, 160, 3)
    over(picture, head, (228, 182, 154))
    light = np.clip(1 - np.hypot((X - cx + 44) / 190, (Y - cy + 50) / 230), 0, 1) - 0.42
    shade(picture, head * light, 0.26)
    shade(picture, head * np.clip((X - cx - 40) / 110, 0, 1), -0.20)
    over(picture, head * np.clip(ellipse(cx + 8, cy - 150, 140, 78, 12), 0, 1), (54, 38, 30))
    for side in (-1, 1):
        over(picture, 0.35 * ellipse(cx + side * 74, cy + 50, 34, 26, 20), (222, 136, 120))
    blink = 1.0 if (t % 2.1) > 0.12 else 0.12
    for side in (-1, 1):
        eye(picture, cx + side * 50, cy - 20, blink, 2 * np.sin(0.8 * t))
        over(picture, ellipse(cx + side * 50, cy - 56, 34, 7, 4, side * 0.10), (58, 40, 32))
    shade(picture, ellipse(cx + 13, cy + 20, 13, 46, 14), -0.17)
    shade(picture, ellipse(cx - 8, cy + 10, 8, 44, 8), 0.10)
    shade(picture, ellipse(cx, cy + 58, 27, 12, 9), -0.20)
    for side in (-1, 1):
        over(picture, 0.8 * ellipse(cx + side * 11, cy + 55, 6, 4, 3), (112, 62, 52))
    mouth(picture, cx, cy + 98, open_)
    grain = np.random.default_rng(int(t * FPS)).normal(0, 1.2, (SIZE, SIZE, 1))
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def main():
    with wave.open(sys.argv[1]) as w:
        rate = w.getframerate()
        speech = np.frombuffer(w.readframes(w.getnframes()), "<i2").astype(np.float32) / 32768
    samples = np.zeros(5 * rate, np.float32)
    start = int(LEAD * rate)
    samples[start : start + len(speech)] = speech[: len(samples) - start]
    sound = sys.argv[2] + ".wav"
    with wave.open(sound, "wb") as w:
        w.setnchannels(1), w.setsampwidth(2), w.setframerate(rate)
        w.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    command = ["ffmpeg", "-y", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{SIZE}x{SIZE}", "-r", str(FPS), "-i", "-", "-i", sound]
    command += ["-c:v", "libx264", "-crf", "20", "-preset", "slow", "-pix_fmt", "yuv420p", "-c:a", "aac", "-ar", "44100", "-ac", "1", "-b:a", "96k", sys.argv[2]]
    mouth_open = envelope(samples, rate)
    with subprocess.Popen(command, stdin=subprocess.PIPE) as pipe:
        for i in range(FRAMES):
            pipe.stdin.write(frame(i / FPS, mouth_open[i]).tobytes())
        pipe.stdin.close()
        if pipe.wait():
            raise SystemExit("ffmpeg failed")
    subprocess.run(["rm", sound], check=True)


if __name__ == "__main__":
    main()
