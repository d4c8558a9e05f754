#!/usr/bin/env python3
"""Word lists of the Korean front end, from two permissively licensed dictionaries.

usage: tools/make_korean_lists.py HANJA_TXT SYS_DIC assets/text/ko

HANJA_TXT  hanja.txt of libhangul (BSD-3-Clause; Debian package libhangul-data)
SYS_DIC    the compiled sys.dic of mecab-ko-dic 2.1.1 (Apache-2.0; PyPI package python-mecab-ko-dic)

sino.txt     two-syllable Sino-Korean words with a frequency in mecab-ko-dic
stems.txt    verb and adjective stems
hanja.txt    Chinese characters with their reading at the start of a word and elsewhere
l_words.txt  nouns and adverbs of two syllables and more that end in ㄹ, so that they are not taken for verb forms (할, 먹을)
"""
import pathlib
import struct
import sys

UNSEEN = 2639  # mecab-ko-dic's cost of every common noun that its corpus lacks

# Far more often a verb form than the noun or the name of the same letters.
VERBS_FIRST = set(
    "드릴 가질 숨길 만날 어쩔 정할 위할 통할 전할 외칠 웃길 지울 내줄 바를 반할 망칠 모실 흔들 다물 기울 풍길 비틀 "
    "건들 거들 부풀 나올 아릴 바랄 내칠 번갈 생길 뒤틀 박할 단할 한할 적할 등할 여할 위할 소할 과할 도할 교할 경할 "
    "난할 담할 아할 일할 자할 정할 절할 표할 할할 대할 취할 흠칠 지필 그릴 보일".split()
)

# Syllables in ㄹ that are Sino-Korean and hardly ever a native noun: their rare words are kept too (발단, 절단).
SINO_L = "갈걸결골괄굴궐귤률렬멸몰밀발벌불설솔슬실알열울월율일절졸질찰철출칠탈팔필할헐혈홀활힐"

# Nouns that mecab-ko-dic has as stems by mistake, or stems so rare that noun + 를 is meant.
NO_STEMS = set("목적 모자르 지지르 처지르 자르르 사르 도르 주르 수르".split())


def rare_l(word):
    """ㄹ before ㄷ ㅅ ㅈ, and not a noun with the particle 도."""
    return word[0] in SINO_L and word[1] != "도" and (ord(word[1]) - 0xAC00) // 588 in (3, 9, 12)


def entries(path):
    """(tag, word, compound) -> lowest cost; names of people are left out. Layout: MeCab's dictionary.h."""
    data = path.read_bytes()
    darts, tokens, features = struct.unpack("<3I", data[24:36])
    at = 72 + darts
    token_rows, texts = data[at : at + tokens], data[at + tokens : at + tokens + features]
    costs = {}
    for i in range(0, tokens, 16):
        _, _, _, cost, begin, _ = struct.unpack("<HHHhII", token_rows[i : i + 16])
        fields = texts[begin : texts.index(b"\0", begin)].decode().split(",")
        if fields[1] == "인명":
            continue
        key = (fields[0], fields[3], fields[4])
        costs[key] = min(cost, costs.get(key, cost))
    return costs


def hangul(word):
    return all("가" <= c <= "힣" for c in word)


def readings(pairs):
    """character -> its most frequent reading at the start of a word and inside one"""
    counts = {}
    for spoken, written in pairs:
        if len(spoken) != len(written) or not hangul(spoken):
            continue
        for i, (sound, character) in enumerate(zip(spoken, written)):
            if "\u4e00" <= character <= "\u9fff":
                table = counts.setdefault((character, i > 0), {})
                table[sound] = table.get(sound, 0) + 1
    for character in sorted({c for c, _ in counts}):
        first, later = counts.get((character, False)), counts.get((character, True))
        best = [max(t, key=t.get) for t in (first or later, later or first)]
        yield character + "".join(best)


def main():
    hanja, sys_dic, out = map(pathlib.Path, sys.argv[1:])
    costs = entries(sys_dic)
    lines = (line.split(":") for line in hanja.read_text("utf-8").splitlines() if line[:1] != "#")
    pairs = [(p[0], p[1]) for p in lines if len(p) > 1]
    sino_words = {p[0] for p in pairs if len(p[0]) == 2 == len(p[1])}
    sino = {
        w
        for (tag, w, _), c in costs.items()
        if w in sino_words and (tag in ("NNG", "XR") and c != UNSEEN or tag == "NNG" and rare_l(w))
    }
    stems = {w for (tag, w, kind) in costs if tag in ("VV", "VA", "VX") and kind == "*"} - NO_STEMS
    ends_in_l = {
        w
        for (tag, w, kind), c in costs.items()
        if tag in ("NNG", "NNB", "NNBC", "NP", "NR", "MAG", "NNP") and kind in ("*", "Compound") and c != UNSEEN
        and len(w) < 4 and hangul(w) and (ord(w[-1]) - 0xAC00) % 28 == 8
    }
    ends_in_l = {w for w in ends_in_l if len(w) > 1} - VERBS_FIRST
    (out / "hanja.txt").write_text("".join(r + "\n" for r in readings(pairs)), "utf-8")
    for name, words in (("sino", sino), ("stems", stems), ("l_words", ends_in_l)):
        (out / f"{name}.txt").write_text("".join(w + "\n" for w in sorted(words) if hangul(w)), "utf-8")


main()
