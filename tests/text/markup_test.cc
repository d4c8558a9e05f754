#include "vl/text/markup.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/code_of.h"
#include "tests/support/paths.h"
#include "vl/text/fastpitch_line.h"

namespace vl::text {
namespace {

bool any_length(const std::string&) { return true; }

std::vector<MarkedLine> lines_of(const std::string& text) {
  return marked_lines(parse_markup(text), "en", any_length);
}

TEST(Markup, TextWithoutTagsStaysAsItIs) {
  const MarkedText m = parse_markup("A & B &c; \"x\" > y, 50%");
  EXPECT_EQ(m.text, "A & B &c; \"x\" > y, 50%");
  ASSERT_EQ(m.runs.size(), 1U);
  EXPECT_EQ(m.runs[0].end, m.text.size());
  EXPECT_EQ(m.runs[0].style, SpeechStyle{});
  EXPECT_TRUE(m.breaks.empty());
  EXPECT_EQ(parse_markup("").runs.size(), 1U);
}

TEST(Markup, EntitiesAreSigns) {
  EXPECT_EQ(parse_markup("&lt;b&gt; AT&amp;T &quot;&apos;").text, "<b> AT&T \"'");
}

TEST(Markup, BreaksInEveryForm) {
  const MarkedText m = parse_markup(
      "a<break strength='weak' time=\"300ms\"/>b<break time='1.5s' strength='weak' />c<break/>d"
      "<break strength=\"none\"/>");
  EXPECT_EQ(m.text, "abcd");
  ASSERT_EQ(m.breaks.size(), 3U);
  EXPECT_EQ(m.breaks[0].at, 1U);
  EXPECT_DOUBLE_EQ(m.breaks[0].seconds, 0.3);
  EXPECT_DOUBLE_EQ(m.breaks[1].seconds, 1.5);
  EXPECT_DOUBLE_EQ(m.breaks[2].seconds, 0.4);
}

TEST(Markup, NestedStylesAreCombined) {
  const MarkedText m = parse_markup(
      "a<prosody rate=\"80%\" pitch=\"+20Hz\" volume=\"-6dB\">b<prosody rate=\"fast\" "
      "pitch=\"+12st\">c</prosody>d</prosody>e");
  ASSERT_EQ(m.runs.size(), 5U);
  EXPECT_EQ(m.runs[0].style, SpeechStyle{});
  EXPECT_DOUBLE_EQ(m.runs[1].style.rate, 0.8);
  EXPECT_DOUBLE_EQ(m.runs[1].style.pitch_shift_hz, 20);
  EXPECT_DOUBLE_EQ(m.runs[2].style.rate, 1.0);
  EXPECT_DOUBLE_EQ(m.runs[2].style.pitch_scale, 2.0);
  EXPECT_DOUBLE_EQ(m.runs[2].style.pitch_shift_hz, 20);
  EXPECT_DOUBLE_EQ(m.runs[2].style.gain_db, -6);
  EXPECT_EQ(m.runs[3].style, m.runs[1].style);
  EXPECT_EQ(m.runs[4].style, SpeechStyle{});
}

TEST(Markup, ValuesInEveryForm) {
  const auto style = [](const std::string& attribute) {
    return parse_markup("<prosody " + attribute + ">x</prosody>").runs[0].style;
  };
  EXPECT_DOUBLE_EQ(style("rate=\"x-slow\"").rate, 0.6);
  EXPECT_DOUBLE_EQ(style("rate=\"1.5\"").rate, 1.5);
  EXPECT_DOUBLE_EQ(style("rate=\"+20%\"").rate, 1.2);
  EXPECT_DOUBLE_EQ(style("rate=\"-20%\"").rate, 0.8);
  EXPECT_DOUBLE_EQ(style("pitch=\"-10%\"").pitch_scale, 0.9);
  EXPECT_DOUBLE_EQ(style("pitch=\"x-high\"").pitch_scale, std::pow(2.0, 5.0 / 12.0));
  EXPECT_DOUBLE_EQ(style("volume=\"silent\"").gain_db, -120);
  EXPECT_DOUBLE_EQ(style("volume=\"loud\"").gain_db, 4);
  const SpeechStyle strong = parse_markup("<emphasis level=\"strong\">x</emphasis>").runs[0].style,
                    plain = parse_markup("<emphasis>x</emphasis>").runs[0].style;
  EXPECT_LT(strong.rate, plain.rate);
  EXPECT_GT(strong.pitch_scale, plain.pitch_scale);
  EXPECT_GT(plain.gain_db, 0);
}

TEST(Markup, ErrorsNameLineAndForm) {
  const std::string bad[] = {"<b>x</b>",
                             "a < b",
                             "<emphasis>x",
                             "x</emphasis>",
                             "<prosody>x</emphasis></prosody>",
                             "<prosody loud=\"1\">x</prosody>",
                             "<prosody rate=\"3\">x</prosody>",
                             "<prosody rate=\"fastest\">x</prosody>",
                             "<prosody rate=\"1e9\">x</prosody>",
                             "<prosody rate=1>x</prosody>",
                             "<prosody pitch=\"200Hz\">x</prosody>",
                             "<prosody pitch=\"+99st\">x</prosody>",
                             "<prosody volume=\"6dB\">x</prosody>",
                             "<prosody volume=\"+40dB\">x</prosody>",
                             "<emphasis level=\"huge\">x</emphasis>",
                             "<break time=\"11s\"/>",
                             "a <break time=\"9s\"/> \n<break time=\"9s\"/>b",
                             "<break time=\"-1s\"/>",
                             "<break time=\"3\"/>",
                             "<break time=\"3s\">",
                             "<break time=\"3s\"",
                             "</break>",
                             "<",
                             "<prosody rate=\"0.5\"><prosody rate=\"0.9\">x</prosody></prosody>"};
  for (const std::string& text : bad)
    EXPECT_EQ(test::code_of([&] { parse_markup(text); }), Code::kBadText) << text;
  try {
    parse_markup("one\ntwo <u>three</u>");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.where().line, 2);
    EXPECT_NE(e.message().find("<u>"), std::string::npos);
  }
}

TEST(MarkedLines, StylesAndBreaksFollowTheirWords) {
  const auto lines = lines_of(
      "First one.  <emphasis>Second\none</emphasis> here.<break time=\"2s\"/>\n\nThird.<break/>");
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].text(), "First one.");
  ASSERT_EQ(lines[1].spans.size(), 2U);
  EXPECT_EQ(lines[1].spans[0].text, "Second one");
  EXPECT_LT(lines[1].spans[0].style.rate, 1);
  EXPECT_EQ(lines[1].spans[1].text, " here.");
  EXPECT_EQ(lines[1].spans[1].style, SpeechStyle{});
  EXPECT_FALSE(lines[1].begins_paragraph);
  EXPECT_TRUE(lines[2].begins_paragraph);
  EXPECT_DOUBLE_EQ(lines[2].spans[0].pause_s, 2.0);
  EXPECT_DOUBLE_EQ(lines[2].pause_after_s, 0.4);
}

TEST(MarkedLines, LongSentencesAreCutAndKeepTheirStyles) {
  const MarkedText m =
      parse_markup("one two, <prosody rate=\"fast\">three four</prosody> five six.");
  const auto lines =
      marked_lines(m, "en", [](const std::string& part) { return part.size() < 12; });
  ASSERT_GT(lines.size(), 2U);
  std::string all;
  for (const MarkedLine& line : lines) {
    all += line.text() + "|";
    for (const MarkedSpan& span : line.spans)
      EXPECT_EQ(span.style.rate > 1,
                span.text.find("three") != std::string::npos || span.text.find("four") == 0)
          << span.text;
  }
  EXPECT_EQ(all.find("one two"), 0U);
  EXPECT_TRUE(lines[0].begins_sentence);
  EXPECT_FALSE(lines[1].begins_sentence);
}

class FastPitchLineTest : public testing::Test {
 protected:
  static const FastPitchFrontEnd& front_end() {
    static const FastPitchFrontEnd one(test::source("assets").string(), {});
    return one;
  }
  static FastPitchLine read(const std::string& text) {
    return fastpitch_line(lines_of(text).at(0), front_end());
  }
};

TEST_F(FastPitchLineTest, TagsBetweenWordsChangeNoSymbol) {
  const std::string plain = "Hello there, Dr. Smith: 24 cats!";
  const FastPitchLine one = read(plain), marked = read(
                                             "Hello <emphasis>there,</emphasis> Dr. <prosody "
                                             "rate=\"fast\">Smith:</prosody><break/> 24 cats!");
  EXPECT_EQ(one.ids, front_end().ids(plain));
  EXPECT_EQ(marked.ids, one.ids);
  EXPECT_EQ(marked.cleaned, one.cleaned);
  ASSERT_EQ(marked.styles.size(), marked.ids.size());
  EXPECT_EQ(marked.styles.front().rate, 1.0);
  ASSERT_EQ(marked.breaks.size(), 1U);
  ASSERT_EQ(marked.words.size(), one.words.size());
  for (size_t i = 0; i < one.words.size(); ++i) {
    EXPECT_EQ(marked.words[i].text, one.words[i].text);
    EXPECT_EQ(marked.words[i].begin, one.words[i].begin);
    EXPECT_EQ(marked.words[i].end, one.words[i].end);
  }
  EXPECT_EQ(one.words[2].text, "doctor");
  const auto& there = marked.words[1];
  for (size_t i = there.begin; i < there.end; ++i) EXPECT_LT(marked.styles[i].rate, 1.0);
}

TEST_F(FastPitchLineTest, NoTagChangesASymbol) {
  const std::pair<const char*, const char*> rows[] = {
      {"go to 1a2 now", "go to <emphasis>1a2</emphasis> now"},
      {"see & go", "see <emphasis>&amp;</emphasis> go"},
      {"John's hat.", "<emphasis>John</emphasis>'s hat."},
      {"I don't know.", "I don<break/>'t know."},
      {"It cost $5 million", "It cost <emphasis>$5</emphasis> million"},
      {"It cost $5 million", "It cost $5 <break/>million"},
      {"$5 million", "$<emphasis>5</emphasis> million"},
      {"Dr. Smith.", "<emphasis>Dr</emphasis>. Smith."},
      {"12345", "12<emphasis>3</emphasis>45"},
      {"{HH AH0 L OW1} you", "{HH AH0<break/> L OW1} you"},
      {"a { b c d", "a <emphasis>{ b</emphasis> c d"},
      {"one two", "<break/>one <break/><break/> two<break/>"}};
  for (const auto& [plain, marked] : rows) {
    const FastPitchLine line = read(marked);
    EXPECT_EQ(line.ids, front_end().ids(plain)) << marked;
    EXPECT_EQ(line.styles.size(), line.ids.size()) << marked;
    for (size_t i = 1; i < line.breaks.size(); ++i)
      EXPECT_LE(line.breaks[i - 1].symbol, line.breaks[i].symbol);
  }
  const FastPitchLine twice = read("<break/>one <break/><break/> two<break/>");
  ASSERT_EQ(twice.breaks.size(), 3U);
  EXPECT_EQ(twice.breaks[0].symbol, 0U);
  EXPECT_DOUBLE_EQ(twice.breaks[1].seconds, 0.8);
  EXPECT_EQ(twice.breaks[2].symbol, twice.ids.size());
}

TEST_F(FastPitchLineTest, ABreakInsideMoneyStandsBetweenWords) {
  const FastPitchLine line = read("It cost $5 <break/>million now");
  ASSERT_EQ(line.breaks.size(), 1U);
  const size_t at = line.breaks[0].symbol;
  EXPECT_EQ(line.ids[at - 1], front_end().symbols().id(" "));
}

TEST_F(FastPitchLineTest, WordsAreThoseOfTheSymbols) {
  for (const char* text : {"a { b c d", "{}x} y z", "It cost $5.", "{HH AH0} {L OW1}, so"}) {
    const FastPitchLine line = read(text);
    size_t blanks = 0;
    for (const int64_t id : line.ids) blanks += id == front_end().symbols().id(" ") ? 1 : 0;
    EXPECT_LE(line.words.size(), blanks + 1) << text;
    EXPECT_EQ(line.words.back().end, line.ids.size()) << text;
  }
}

TEST_F(FastPitchLineTest, ATagInsideAWordDoesNotCutIt) {
  const FastPitchLine line = read("super<emphasis>cat</emphasis>.");
  ASSERT_EQ(line.words.size(), 1U);
  EXPECT_EQ(line.words[0].text, "supercat.");
  EXPECT_EQ(line.words[0].end, line.ids.size());
}

TEST_F(FastPitchLineTest, WordsOfTheDictionaryAndOthers) {
  const FastPitchLine line = read("The zzyzx cat's {HH AH0} live reads zzyzx.");
  EXPECT_EQ(line.unknown_words, (std::vector<std::string>{"zzyzx", "zzyzx"}));
}

TEST_F(FastPitchLineTest, MarksAloneAreNoLine) {
  EXPECT_TRUE(read("... ?!").empty());
  EXPECT_TRUE(read("日本").empty());
}

TEST(SymbolKinds, OfPhonesLettersAndMarks) {
  const SymbolSet set("english_expanded");
  const auto kind = [&](const char* symbol) { return set.kind(set.id(symbol)); };
  for (const char* s : {"@AA0", "@ER", "@M", "@NG", "@R", "@W", "@Y", "a", "L", "é"})
    EXPECT_EQ(kind(s), SymbolKind::kSonorant) << s;
  for (const char* s : {"@HH", "@P", "@CH", "@ZH", "t", "S", "ç"})
    EXPECT_EQ(kind(s), SymbolKind::kObstruent) << s;
  for (const char* s : {" ", ",", "@", "€"}) EXPECT_EQ(kind(s), SymbolKind::kPause) << s;
}

}  // namespace
}  // namespace vl::text
