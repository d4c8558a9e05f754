#!/usr/bin/env python3
"""Writes vl/text/fold_table.cc: for every code point above U+007F what its NFKD form leaves in ASCII (python's unicodedata), plus letters and
marks that have no decomposition. Run again after a change: python3 tools/make_fold_table.py"""
import pathlib
import unicodedata

# Letters without a decomposition and punctuation, as spoken English wants them.
EXTRA = {
    "ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ħ": "h", "Ħ": "H", "ı": "i", "ł": "l", "Ł": "L", "ŋ": "ng",
    "Ŋ": "NG", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th", "ð": "d", "Ð": "D", "ŧ": "t", "Ŧ": "T",
    "£": "PS", "€": "EUR", "¥": "Y=", "‘": "'", "’": "'", "′": "'", "″": "''", "“": '"', "”": '"', "„": ",,", "‚": ",", "‐": "-", "‑": "-",
    "‒": "-", "–": "-", "—": "--", "―": "--", "…": "...", "«": "<<", "»": ">>", "‹": "<", "›": ">", "·": "*", "•": "*", "×": "x",
    "÷": "/", "°": "deg", "©": "(c)", "®": "(r)", "™": "(tm)", "½": " 1/2", "¼": " 1/4", "¾": " 3/4", "№": "No. ",
}


def main():
    table = {}
    for code in range(0x80, 0x10000):
        if 0xD800 <= code < 0xE000:
            continue
        folded = unicodedata.normalize("NFKD", chr(code)).encode("ascii", "ignore").decode()
        if folded:
            table[code] = folded
    table.update({ord(c): s for c, s in EXTRA.items()})
    rows = []
    for code, text in sorted(table.items()):
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        rows.append(f'{{0x{code:04X}, "{escaped}"}},')
    lines, line = [], "   "
    for row in rows:
        if len(line) + len(row) + 1 > 98:
            lines.append(line)
            line = "   "
        line += " " + row
    lines.append(line)
    out = pathlib.Path(__file__).resolve().parent.parent / "vl/text/fold_table.cc"
    out.write_text(
        "// Made by tools/make_fold_table.py. Do not edit.\n// clang-format off\n"
        '#include "vl/text/ascii_fold.h"\n\nnamespace vl::text {\n\nconst FoldRow kFoldTable[] = {\n'
        + "\n".join(lines)
        + f"\n}};\nconst size_t kFoldTableSize = {len(rows)};\n\n}}  // namespace vl::text\n"
    )


if __name__ == "__main__":
    main()
