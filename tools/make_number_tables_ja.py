#!/usr/bin/env python3
"""Writes vl/text/njd_number_tables.cc from Open JTalk's njd_set_digit_rule_utf_8.h (LICENSES/open-jtalk.txt): which reading a
digit takes before which counter, and the words of powers and days.
python3 tools/make_number_tables_ja.py njd_set_digit_rule_utf_8.h"""
import pathlib
import re
import sys

DIGIT_CLASSES = "1b 1c1 1c2 1d 1e 1f 1g 1h 1i 1j 1k".split()
SOUND_CLASSES = "2b 2c 2d 2e 2f".split()
WORDS = {"TEN_FEATURE": "kDecimalPoint", "TSUITACHI": "kFirstOfMonth", "JUYOKKA": "kFourteenth", "JUYOKKAKAN": "kFourteenDays", "NIJU": "kTwenty",
         "YOKKA": "kFourth", "YOKKAKAN": "kFourDays", "HATSUKA": "kTwentieth", "HATSUKAKAN": "kTwentyDays"}


def main():
    source = re.sub(r"/\*.*?\*/", "", pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"), flags=re.S)

    def strings(name, width):
        body = re.search(rf"njd_set_digit_rule_{name}\[\] = \{{(.*?)\}};", source, re.S).group(1)
        found = re.findall(r'"([^"]*)"', body)
        return [found[i:i + width] for i in range(0, len(found), width)]

    def array(kind, name, rows):
        lines, line = [f"constexpr {kind} {name}[] = {{"], "   "
        for row in rows:
            if len(line) + len(row) * 1.6 > 98:
                lines.append(line)
                line = "   "
            line += f" {row},"
        return "\n".join([*lines, line, "};\n"])

    def quoted(rows):
        return [f'"{r[0]}"' for r in rows]

    def pairs(rows):
        return [f'{{"{a}", "{b}"}}' for a, b in rows]

    def readings(rows):
        return [f'{{"{a}", "{b}", {c}, {d}}}' for a, b, c, d in rows]

    private, rules, sounds = [], [], []
    for c in DIGIT_CLASSES:
        counters = strings("numerative_class" + c, 1)
        if counters:
            private += [array("const char*", "kCounters" + c, quoted(counters)),
                        array("DigitReading", "kReadings" + c, readings(strings("conv_table" + c, 4)))]
            rules.append(f"{{kCounters{c}, kReadings{c}}}")
    for c in SOUND_CLASSES:
        counters = strings("numerative_class" + c, 1)
        if counters:
            private += [array("const char*", "kCounters" + c, quoted(counters)),
                        array("DigitSound", "kSounds" + c, [f'{{"{a}", {b}}}' for a, b in strings("conv_table" + c, 2)])]
            sounds.append(f"{{kCounters{c}, kSounds{c}}}")
    for counters, table in ((8, 9), (10, 11)):
        private += [array("const char*", f"kPowers{counters}", quoted(strings(f"numeral_list{counters}", 1))),
                    array("DigitReading", f"kReadings{table}", readings(strings(f"numeral_list{table}", 4)))]
    private += [array("const char*", "kPowers6", quoted(strings("numeral_list6", 1))),
                array("DigitSound", "kSounds7", [f'{{"{a}", {b}}}' for a, b in strings("numeral_list7", 2)])]
    lists = {
        "DigitWord": [("kDigitWords", [f'{{"{a}", {b}, "{c}"}}' for a, b, c in strings("numeral_list1", 3)])],
        "const char*": [("kTens", quoted(strings("numeral_list2", 1))), ("kMyriads", quoted(strings("numeral_list3", 1))),
                        ("kUnits", quoted(strings("numeral_list4", 1))), ("kPowers", quoted(strings("numeral_list5", 1)))],
        "StringPair": [("kVoiced", pairs(strings("voiced_sound_symbol_list", 2))),
                       ("kHalfVoiced", pairs(strings("semivoiced_sound_symbol_list", 2))),
                       ("kNativeCounters", pairs(strings("numerative_class3", 2))), ("kPeople", pairs(strings("conv_table4", 2))),
                       ("kDays", pairs(strings("conv_table5", 2))), ("kDaySpans", pairs(strings("conv_table6", 2)))],
        "DigitReading": [("kNativeDigits", readings(strings("conv_table3", 4)))],
    }
    public = []
    for kind, tables in lists.items():
        for name, rows in tables:
            private.append(array(kind, name + "Rows", rows))
            public.append(f"const std::span<{'const char* const' if '*' in kind else 'const ' + kind}> {name} = {name}Rows;")
    private += [array("DigitRule", "kDigitRuleRows", rules), array("SoundRule", "kSoundRuleRows", sounds),
                array("DigitRule", "kPowerDigitRuleRows", ["{kPowers8, kReadings9}", "{kPowers10, kReadings11}"])]
    public += ["const std::span<const DigitRule> kDigitRules = kDigitRuleRows;", "const std::span<const SoundRule> kSoundRules = kSoundRuleRows;",
               "const std::span<const DigitRule> kPowerDigitRules = kPowerDigitRuleRows;", "const SoundRule kPowerSoundRule = {kPowers6, kSounds7};"]
    for key, name in WORDS.items():
        feature = re.search(rf'#define NJD_SET_DI[GT]IT_{key} "([^"]*)"', source).group(1)
        public.append(f'const char* const {name} = "{feature}";')
    out = pathlib.Path(__file__).resolve().parent.parent / "vl/text/njd_number_tables.cc"
    out.write_text("// Made by tools/make_number_tables_ja.py from Open JTalk 1.11. Do not edit.\n// clang-format off\n"
                   '#include "vl/text/njd_number_tables.h"\n\nnamespace vl::text::njd {\n\nnamespace {\n\n' + "\n".join(private)
                   + "\n}  // namespace\n\n" + "\n".join(public) + "\n\n}  // namespace vl::text::njd\n", encoding="utf-8")


if __name__ == "__main__":
    main()
