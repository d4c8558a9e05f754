#!/usr/bin/env python3
"""Checks every include of vl/, apps/ and tests/ against layers.txt. Exit 1 and one line for each wrong include."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TORCH = re.compile(r'#include [<"](torch|ATen|c10)/')
OURS = re.compile(r'#include "vl/([a-z]+)/')


def read_layers():
    layers = {}
    for line in (ROOT / "layers.txt").read_text().splitlines():
        if re.match(r"^[a-z]+:", line):
            name, deps = line.split(":", 1)
            layers[name] = set(deps.split()) | {name}
    return layers


def owner(path):
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "vl" else "apps" if parts[0] == "apps" else None


def main():
    layers, bad = read_layers(), 0
    for path in sorted(p for e in ("h", "cc", "cu") for p in (ROOT / "vl").rglob(f"*.{e}")) + sorted((ROOT / "apps").rglob("*.cc")):
        name = owner(path)
        if name not in layers:
            print(f"{path.relative_to(ROOT)}: folder {name} has no line in layers.txt")
            bad += 1
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            ours = OURS.match(line)
            wrong = ours and ours.group(1) not in layers[name] or TORCH.match(line) and "torch" not in layers[name]
            if "torch/torch.h" in line or (path.suffix == ".h" and "ATen/ATen.h" in line):
                wrong = True
            if wrong:
                print(f"{path.relative_to(ROOT)}:{number}: {name} may not include {line.split(None, 1)[1]}")
                bad += 1
    for name, deps in layers.items():  # the graph itself has no cycle: a name may only use names above it
        later = list(layers)[list(layers).index(name) + 1 :]
        for dep in deps & set(later):
            if name != "apps":
                print(f"layers.txt: {name} uses {dep}, which stands below it")
                bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
