#!/usr/bin/env bash
# Dubs the avatar clip: demo.sh PROGRAM
set -euo pipefail
program=$(realpath "$1")
cd "$(dirname "$0")/.."
mkdir -p out
"$program" dub --input assets/demo/avatar.mp4 --transcript @assets/demo/avatar.txt \
  --text "Voxlip speaks these words with the face and the voice of this clip." --out out/demo.mp4 --overwrite --json > out/demo.json
python3 - <<'PY'
import json
r = json.load(open("out/demo.json"))
t = r["timing_ms"]
stages = ", ".join(f"{k} {t[k]:.0f}" for k in ("rvc", "prompt", "vallex", "fastpitch", "face", "lips", "encode") if t[k] is not None)
print(f"dubbed {r['faces']['frames']} frames ({r['faces']['redrawn']} redrawn); busy ms: {stages}")
PY
echo "the result is in $PWD/out/demo.mp4, its record in $PWD/out/demo.json"
