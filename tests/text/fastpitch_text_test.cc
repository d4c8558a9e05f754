#include "vl/text/fastpitch_text.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>

#include "tests/text/fastpitch_table.h"
#include "vl/core/error.h"

namespace vl::text {
namespace {

const FastPitchFrontEnd& front_end(const std::string& cleaner, const std::string& set, double p) {
  static std::map<std::string, std::unique_ptr<FastPitchFrontEnd>> made;
  auto& slot = made[cleaner + set + std::to_string(p)];
  if (slot == nullptr)
    slot = std::make_unique<FastPitchFrontEnd>(
        test::source("assets").string(),
        FastPitchTextConfig{.cleaners = {cleaner}, .symbol_set = set, .p_arpabet = p});
  return *slot;
}

const FastPitchFrontEnd& spelled() { return front_end("english_cleaners_v2", "english_basic", 0); }

UserLexicon lexicon(const std::string& text) {
  UserLexicon out;
  out.add_text(text, "own.tsv");
  return out;
}

FastPitchFrontEnd with_readings(const std::string& text, double p) {
  return {test::source("assets").string(), {.p_arpabet = p}, lexicon(text)};
}

TEST(FastPitchText, EveryRowOfTheParityTable) {
  const auto rows = test::fastpitch_table("parity/fastpitch/text_en.tsv");
  EXPECT_EQ(rows.size(), 285U);
  for (const auto& row : rows) {
    const double p = std::stod(row[2]);
    if (row[6].empty()) {
      EXPECT_THROW(front_end(row[0], row[1], p).read(row[3]), Error) << row[3];
      continue;
    }
    const FastPitchText got = front_end(row[0], row[1], p).read(row[3]);
    EXPECT_EQ(got.cleaned, row[4]) << row[0] << ": " << row[3];
    EXPECT_EQ(got.arpabet, p > 0 ? row[5] : row[4]) << row[0] << ": " << row[3];
    EXPECT_EQ(got.ids, test::fastpitch_ids(row[6])) << row[0] << ": " << row[3];
  }
}

/// Random text, read by the published code (NVIDIA/DeepLearningExamples 729963d, inflect 7.6.0);
/// numpy's generator was seeded with the fourth column.
TEST(FastPitchText, EveryRowOfTheGeneratedTable) {
  const auto rows = test::fastpitch_table("text/fastpitch_generated.tsv");
  EXPECT_EQ(rows.size(), 600U);
  for (const auto& row : rows) {
    const double p = std::stod(row[2]);
    const auto seed = static_cast<uint32_t>(std::stoul(row[3]));
    const FastPitchText got = front_end(row[0], row[1], p).read(row[4], seed);
    EXPECT_EQ(got.cleaned, row[5]) << row[0] << ": " << row[4];
    EXPECT_EQ(got.arpabet, row[6]) << row[0] << ": " << row[4];
    EXPECT_EQ(got.ids, test::fastpitch_ids(row[7])) << row[0] << ": " << row[4];
  }
}

TEST(FastPitchText, RulesOfTheSpecification) {
  const struct {
    const char *text, *cleaned;
  } rows[] = {
      {"130pm 1030pm 25pm x5pm 5:pm 7:00am",
       "one thirty p.m. ten thirty p.m. twenty five p.m. "
       "x five p.m. five p.m. seven a.m."},
      {"5 PM", "five p.m."},
      {"5mbps 24GB 1gb 1,5kb 1.7GHz",
       "five megabytesps twenty four gigabytes one gigabyte "
       "fifteen kilobytes one point seven gigahertz"},
      {"3x4 3X4 3x4m 3x4cm 10x20in 120x120inch 3x4x5 3x4.5cm",
       "three by four three x four three by four meter three x four cm ten by twenty inch "
       "one hundred and twenty by one twenty inch three by four by five "
       "three by four point five cm"},
      {"3 x 4 x 5", "three x four x five"},
      {"101st 2021st 1920s 1ST 1920S",
       "one hundred and first two thousand and twenty-first "
       "nineteen twenties one s.t. nineteen twenty s"},
      {"1a2", " one a two"},
      {"No.5 and 12500", "no.five and one hundred and twenty-five hundred"},
      {"x.comma a.com.org", "x dot comma a dot com.org"},
      {"isNULL NVIDIAs NVIDIA. GPUs. email emails",
       "i.s.n.u.l.l.'s n.vidia's n.vidia. g.p.u.'s. e-mail emails"},
      {"$.50 $1.5 $2.50 million $5 millions $6k $1.2.3",
       "fifty cents one dollar, five cents "
       "two point five zero million dollars "
       "five dollars millions six dollarsk "
       "one point two.three dollars"},
      {"$1.2.3 million", "one point two.three million dollars"},  // an error in the source
      {"({HH AH0})!", "({h.h. a.h. zero})!"},
      {"{HH AH0}, x", "{HH AH0} , x"},
      {"a/b 1//2", "a b one two"},
      {"Ends in {} and } and {x", "ends in {} and } and {x"},
  };
  for (const auto& row : rows) EXPECT_EQ(spelled().read(row.text).cleaned, row.cleaned) << row.text;
}

TEST(FastPitchText, WordsAsArpabet) {
  const struct {
    const char *text, *arpabet;
  } rows[] = {
      {"Hello World, read smith's reads", "hello {W ER1 L D}, read {S M IH1 TH S} {R IY1 D Z}"},
      {"ends in {} and {x", "{EH1 N D Z} in  and {EH1 K S}"},
      {"o'clock don't", "o'clock {D OW1 N T}"}};
  for (const auto& row : rows)
    EXPECT_EQ(front_end("english_cleaners_v2", "english_basic", 1).read(row.text).arpabet,
              row.arpabet);
  EXPECT_EQ(front_end("basic_cleaners", "english_basic", 1).read("D\u00C9J\u00C0").arpabet,
            "{D EY2 JH AA1}");
}

TEST(FastPitchText, UserLexicon) {
  const std::string own =
      "Voxlip\ten\t*\t{v aa1 k s l ih2 p}\nSQL,sequel\nRed Hat\t{R EH1 D}\nMina\tko\t*\t{M}\n";
  const struct {
    double p;
    const char *text, *arpabet;
  } rows[] = {
      {0, "VOXLIP, and voxlip's.", "{V AA1 K S L IH2 P}, and {V AA1 K S L IH2 P Z}."},
      {0, "SQL Voxlips red hat!", "sequel voxlips {R EH1 D}!"},
      {0, "Mina {V OW1 K S} voxlip", "mina {V OW1 K S} {V AA1 K S L IH2 P}"},
      {0, "qzqxq qzqxbq voxlip", "qzqxq qzqxbq {V AA1 K S L IH2 P}"},
      {0, "\uFF51zqxbq \uFF51zqx voxlip \uFF51zqxb", "qzqxbq qzqx {V AA1 K S L IH2 P} qzqxb"},
      {0, "voxlip's'a voxlip'st", "{V AA1 K S L IH2 P Z}'a {V AA1 K S L IH2 P}'st"},
      {1, "SQL: voxlip-cats", "{S IY1 K W AH0 L}: {V AA1 K S L IH2 P}-{K AE1 T S}"},
  };
  for (const auto& row : rows)
    EXPECT_EQ(with_readings(own, row.p).read(row.text).arpabet, row.arpabet) << row.text;
}

template <class Call>
void expect_error(const Call& call, Code code, const std::string& what, long line = 0) {
  try {
    call();
    FAIL() << what;
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code);
    EXPECT_EQ(e.message(), what);
    EXPECT_EQ(e.where().line.value_or(0), line);
  }
}

TEST(FastPitchText, Errors) {
  const std::string assets = test::source("assets").string();
  for (const char* nothing : {"", " \n", "\u6F22\u5B57", "\"", "\u00BD"})
    expect_error([&] { spelled().read(nothing); }, Code::kBadText, "nothing to speak in the text");
  expect_error([&] { spelled().read("ab\xFF"); }, Code::kBadText, "text is not UTF-8 (byte 2)");
  expect_error([&] { FastPitchFrontEnd(assets, {.cleaners = {"english"}}); }, Code::kBadValue,
               "there is no text cleaner \"english\", only basic_cleaners, "
               "transliteration_cleaners, english_cleaners, english_cleaners_v2");
  expect_error([&] { FastPitchFrontEnd(assets, {.symbol_set = "ipa"}); }, Code::kBadValue,
               "there is no symbol set \"ipa\", only english_basic, english_basic_lowercase, "
               "english_expanded");
  for (const double p : {-0.1, 1.5})
    EXPECT_THROW(FastPitchFrontEnd(assets, {.p_arpabet = p}), Error);
  EXPECT_THROW(FastPitchFrontEnd("/nowhere", {}), Error);
  const FastPitchFrontEnd own = with_readings("a,b\nalpha,/\u00E6l/\nbeta,{B XX}\n", 0);
  expect_error([&] { own.read("alpha"); }, Code::kBadLexicon,
               "own.tsv line 2: the reading of \"alpha\" is in IPA, FastPitch needs a respelling "
               "or {ARPAbet}",
               2);
  expect_error([&] { own.read("beta"); }, Code::kBadLexicon,
               "own.tsv line 3: the reading of \"beta\" has no ARPAbet phone XX", 3);
  EXPECT_EQ(own.read("a").cleaned, "b");
}

TEST(FastPitchText, ShareOfArpabetFollowsTheSeed) {
  const FastPitchFrontEnd& half = front_end("english_cleaners_v2", "english_basic", 0.5);
  const std::string text = "one two three four five six seven eight";
  // numpy.random.seed(1234) and seed(7), words of the published code
  EXPECT_EQ(half.read(text, 1234).arpabet,
            "one two {TH R IY1} four five {S IH1 K S} {S EH1 V AH0 N} eight");
  EXPECT_EQ(half.read(text, 7).arpabet, "one two {TH R IY1} four five six seven {EY1 T}");
}

TEST(FastPitchText, LongText) {
  std::string words, run(200000, 'x');
  for (int i = 0; i < 20000; ++i)
    words += "Dr. Smith paid $1,500 at 7:30pm for 3x4in, 24GB and IX. ";
  EXPECT_GT(spelled().ids(words).size(), words.size());
  EXPECT_EQ(spelled().ids(run).size(), run.size());
  for (const char* unit : {"1", "1,", "a1", "A", "1x", "{", "}", ".", "$1", "I", "/"}) {
    std::string text = "a";
    for (int i = 0; i < 50000; ++i) text += unit;
    EXPECT_FALSE(spelled().ids(text).empty()) << unit;
  }
}

}  // namespace
}  // namespace vl::text
