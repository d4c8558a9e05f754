#!/usr/bin/env python3
"""Writes vl/text/lower_table.cc: the small letters of capitals above U+007F (python's unicodedata, Unicode 14) as runs of one distance.
Run again after a change: python3 tools/make_lower_table.py"""
import pathlib


def runs():
    codes = [c for c in range(0x80, 0x110000) if not 0xD800 <= c < 0xE000 and chr(c).lower() != chr(c)]
    out = []
    for code in codes:
        distance = ord(chr(code).lower()[0]) - code
        if out and out[-1][3] == distance:
            first, last, stride, _ = out[-1]
            if code - last in ((1, 2) if first == last else (stride,)):
                out[-1] = (first, code, code - last, distance)
                continue
        out.append((code, code, 1, distance))
    return out


def main():
    lines, line = [], "   "
    for row in runs():
        cell = "{0x%04X, 0x%04X, %d, %d}," % row
        if len(line) + len(cell) + 1 > 98:
            lines.append(line)
            line = "   "
        line += " " + cell
    lines.append(line)
    out = pathlib.Path(__file__).resolve().parent.parent / "vl/text/lower_table.cc"
    out.write_text(
        "// Made by tools/make_lower_table.py. Do not edit.\n// clang-format off\n"
        '#include "vl/text/char_class.h"\n\nnamespace vl::text {\n\nconst LowerRow kLowerTable[] = {\n'
        + "\n".join(lines)
        + "\n};\nconst size_t kLowerTableSize = sizeof(kLowerTable) / sizeof(kLowerTable[0]);\n\n}  // namespace vl::text\n"
    )


if __name__ == "__main__":
    main()
