#!/usr/bin/env python3
"""Writes assets/text/en/transliteration.tsv: characters above U+007E and what stands for them in ASCII, as the text cleaners of FastPitch
read them, from two lists, both MIT (LICENSES/transliterate.txt, LICENSES/homoglyph.txt). A replacement goes before a homoglyph; of two
entries of one list the later one counts; sequences of characters never match.

  git clone https://github.com/sindresorhus/transliterate && git -C transliterate checkout 13235ac
  git clone https://github.com/codebox/homoglyph && git -C homoglyph checkout 763c79a
  python3 tools/make_transliteration.py transliterate/replacements.js homoglyph/raw_data/chars.txt"""
import pathlib
import re
import sys

ENTRY = re.compile(r"""\[(['"])(?P<from>(?:\\.|[^\\])+?)\1,\s*(['"])(?P<to>.*?)\3\]""")

QUOTES = "\u00a8\u02ba\u02dd\u02ee\u05f4\u201c\u201d\u201f\u275d\u275e\u2810\u2e42"  # their line is not in the list
LETTERS = {"0": "o", "1": "l"}  # digits that share a line with letters


def unescaped(text):
    text = re.sub(r"\\u\{?([0-9A-Fa-f]{4,6})\}?", lambda m: chr(int(m[1], 16)), text)
    return re.sub(r"\\(.)", r"\1", text)


def replacements(path):
    script = re.sub(r"^\s*//.*$", "", path.read_text(encoding="utf-8"), flags=re.M)
    return {unescaped(m["from"]): unescaped(m["to"]) for m in ENTRY.finditer(script)}


def homoglyphs(path):
    table = dict.fromkeys(QUOTES, '"')
    for line in path.read_text(encoding="utf-8").split("\n"):
        plain = line[:1]
        if plain and plain != "#" and ord(plain) < 127:
            table.update({glyph: LETTERS.get(plain, plain) for glyph in line})
    return table


def main():
    table = homoglyphs(pathlib.Path(sys.argv[2]))
    table.update(replacements(pathlib.Path(sys.argv[1])))
    rows = sorted((c.encode(), s) for c, s in table.items() if len(c) == 1 and ord(c) >= 127 and s)
    out = pathlib.Path(__file__).resolve().parent.parent / "assets/text/en/transliteration.tsv"
    out.parent.mkdir(exist_ok=True)
    text = f"#transliteration {len(rows)} en\n" + "".join(f"{c.decode()}\t{s}\n" for c, s in rows)
    out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
