#!/usr/bin/env python3
"""Writes assets/text/zh/ from two PyPI packages, both MIT (LICENSES/jieba.txt, LICENSES/pypinyin.txt):

    pip download --no-deps --no-binary jieba jieba==0.42.1
    pip download --no-deps pypinyin==0.55.0
    python3 tools/make_zh_tables.py jieba-0.42.1.tar.gz pypinyin-0.55.0-py2.py3-none-any.whl

words.txt     jieba's dictionary: word, frequency (of a word listed twice the last one counts, as in jieba; the header has the sum of all)
hmm.txt       jieba's emission log-probabilities of a character as B, E, M, S; "-" where it has none
phrases.txt   pypinyin's phrases: bopomofo of each syllable; nothing where every character has its first reading of readings.txt
readings.txt  pypinyin's first reading of every character of U+4E00..U+9FFF, in bopomofo

Bopomofo is pypinyin's own conversion, with U+02C9 after a syllable without tone mark (VALL-E X's first tone).
Each file begins with "#NAME ROWS EXTRA"; rows are "key<TAB>value" in the order of the keys' bytes."""
import hashlib
import importlib
import io
import pathlib
import re
import sys
import tarfile
import tempfile
import zipfile

JIEBA_SHA256 = "055ca12f62674fafed09427f176506079bc135638a14e23e25be909131928db2"
PYPINYIN_SHA256 = "d53b1e8ad2cdb815fb2cb604ed3123372f5a28c6f447571244aca36fc62a286f"
OUT = pathlib.Path(__file__).resolve().parent.parent / "assets/text/zh"


def checked(path, sha256):
    data = pathlib.Path(path).read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        sys.exit(f"{path}: not the expected file (sha256 {sha256})")
    return io.BytesIO(data)


def write(name, rows, extra=""):
    lines = [f"#{name} {len(rows)} {extra}".rstrip()]
    lines += [f"{key}\t{value}" for key, value in sorted(rows.items(), key=lambda r: r[0].encode())]
    (OUT / f"{name}.txt").write_bytes(("\n".join(lines) + "\n").encode())


def jieba_tables(path):
    with tarfile.open(fileobj=checked(path, JIEBA_SHA256)) as archive:
        def text(name):
            return archive.extractfile(f"jieba-0.42.1/jieba/{name}").read().decode()

        words, total = {}, 0
        for line in text("dict.txt").splitlines():
            word, frequency = line.split(" ")[:2]
            words[word] = int(frequency)
            total += int(frequency)
        scope = {}
        exec(text("finalseg/prob_emit.py"), scope)
    write("words", words, total)
    emit = scope["P"]
    chars = {c for state in "BEMS" for c in emit[state]}
    write("hmm", {c: " ".join(repr(emit[s][c]) if c in emit[s] else "-" for s in "BEMS") for c in chars})


def pinyin_tables(path):
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(checked(path, PYPINYIN_SHA256)).extractall(folder)
        sys.path.insert(0, folder)
        constants = importlib.import_module("pypinyin.constants")
        convert = importlib.import_module("pypinyin.style.bopomofo").converter.to_bopomofo

    def bopomofo(pinyin):
        return re.sub("([\u3105-\u3129])$", "\\1\u02c9", convert(pinyin))

    first = {chr(c): bopomofo(r.split(",")[0]) for c, r in constants.PINYIN_DICT.items() if 0x4E00 <= c <= 0x9FFF}
    phrases = {}
    for phrase, syllables in constants.PHRASES_DICT.items():
        heard = [bopomofo(s[0]) for s in syllables]
        phrases[phrase] = "" if heard == [first.get(c) for c in phrase] else " ".join(heard)
    write("readings", first)
    write("phrases", phrases)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    OUT.mkdir(parents=True, exist_ok=True)
    jieba_tables(sys.argv[1])
    pinyin_tables(sys.argv[2])


if __name__ == "__main__":
    main()
