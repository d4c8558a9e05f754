#include "vl/text/korean_ipa.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/text/ascii_fold.h"

namespace vl::text {
namespace {

std::string folder() { return test::source("assets/text/ko").string(); }

const KoreanFrontEnd& korean() {
  static const KoreanFrontEnd loaded(
      folder(), nullptr,
      std::make_shared<const Lexicon>(test::source("assets/text/cmudict-0.7b").string()));
  return loaded;
}

/// The model's symbols; everything else would be the unknown id 0.
bool only_symbols(const std::string& ipa) {
  static const std::u32string kKnown =
      U"!#*,-.=?NQ^_`abdefghijklmnopstuvwxyz~æçðŋɑɔəɛɥɪɫɯɸɹɾʃʊʑʒʰˈˌθ…⁼↑→↓ ";
  for (const uint32_t c : decode_utf8(ipa))
    if (kKnown.find(static_cast<char32_t>(c)) == std::u32string::npos) return false;
  return true;
}

TEST(KoreanIpa, Symbols) {
  const struct {
    const char *written, *ipa;
  } rows[] = {{"가 나 다 라 마 바 사", "ka na ta ɾa ma pa sa"},
              {"아 자 차 카 타 파 하", "a tʃa tʃʰa kʰa tʰa pʰa ha"},
              {"까 따 빠 싸 짜", "k⁼a t⁼a p⁼a s⁼a tʃ⁼a"},
              {"아 애 야 얘 어 에 여 예", "a ɛ ja jɛ ə e jə je"},
              {"오 와 왜 외 요 우 워 웨 위 유 으 의 이", "o wa wɛ we jo u wə we wi ju ɯ ɯi i"},
              {"아가 아다 아바 아자", "aga ada aba adʒa"},
              {"안가 암다 앙바 알자", "anga amda aŋba aldʒa"},
              {"악가 얻다 입자", "akk⁼a ətt⁼a iptʃ⁼a"},
              {"시 샤 쉬 씨 사", "ʃi ʃa ʃwi ʃ⁼i sa"},
              {"라 아라 알라 알", "ɾa aɾa alla al"},
              {"시계, 예, 차례", "ʃige, je, tʃʰaɾje"},
              {"안녕하세요.", "annjəŋhasejo."},
              {"꽃잎이 굳이 같이", "k⁼onnipʰi kudʒi katʃʰi"},
              {"맑게 밟는 넓다", "malk⁼e pamnɯn nəlt⁼a"},
              {"신라 독립 협력", "ʃilla toŋni pʰjəmnjək"},
              {"정말? 네! 음… 아~", "tʃəŋmal? ne! ɯm… a~"},
              {"\"좋아요\" (네)", "tʃoajo, ne,"},
              {"가, 나; 다: 라", "ka, na, ta, ɾa"},
              {"하나\n둘\t셋", "hana tul set"}};
  for (const auto& row : rows) EXPECT_EQ(korean().ipa(row.written), row.ipa) << row.written;
}

TEST(KoreanIpa, OtherScripts) {
  const struct {
    const char *written, *read;
  } rows[] = {{"AI와 TV", "에이아이와 티브이"},
              {"LG전자 CEO", "엘지전자 씨이오"},
              {"YouTube 채널", "유튜브 채널"},
              {"keyboard little button quick", "키보드 리틀 버튼 퀵"},
              {"strategy", "스트래터지"},
              {"user@naver.com", "유저 골뱅이 네이버 닷 컴"},
              {"5G, 3D, MP3", "파이브지, 쓰리디, 엠피쓰리"},
              {"3 + 4 = 7", "삼 더하기 사는 칠"},
              {"5 × 2 = 10", "오 곱하기 이는 십"},
              {"A&B", "에이 앤드 비"},
              {"#1 #해시태그", "넘버 일 해시태그"},
              {"大韓民國", "대한민국"},
              {"ㄱㄴ", "기역니은"},
              {"ㅋㅋㅋㅋ ㅠㅠ 네", "크크크 네"},
              {"ｆｕｌｌ １２", "풀 십이"},
              {"5㎏ ㈜한국", "오 킬로그램 주식회사 한국"},
              {"café", "카페"},
              {"안녕😀하세요👍🏽", "안녕하세요"},
              {"こんにちは 안녕", "안녕"},
              {"и 안녕", "안녕"}};
  for (const auto& row : rows) EXPECT_EQ(korean().normalised(row.written), row.read) << row.written;
}

TEST(KoreanIpa, ComposesHangul) {
  const std::string nfd = "\u1112\u1161\u11ab\u1100\u116e\u11a8";  // 한국 in conjoining jamo
  EXPECT_EQ(korean().pronounced(nfd), "한국");
  EXPECT_EQ(korean().pronounced("\uffa1\uffa4"), "기영니은");  // half-width ㄱㄴ
  EXPECT_EQ(korean().pronounced("가\u11ab"), "간");
}

TEST(KoreanIpa, NothingToSay) {
  for (const char* text : {"", "   ", "\n\t", "...", "!?", "()", "😀", "\u200b", "ㅠㅠ", "\x01\x02"})
    EXPECT_EQ(korean().ipa(text), "") << text;
  EXPECT_THROW(korean().ipa("가\xff"), Error);
  EXPECT_THROW(KoreanFrontEnd("/no/such/folder"), Error);
}

TEST(KoreanIpa, AnyTextGivesKnownSymbolsOnly) {
  std::mt19937 random(7);
  const std::u32string others =
      U" .,!?~-…·/"
      U":;()[]{}<>\"'%$₩€@#&+=*^_|\\0123456789abcXYZ漢字あア😀ㄱㅏㅋ\u1100\u1161\u11a8°℃½①Ⅱ";
  for (int n = 0; n < 3000; ++n) {
    std::string text;
    for (int k = 0; k < 24; ++k) {
      const bool hangul = random() % 3 > 0;
      append_utf8(text, hangul ? 0xAC00 + random() % 11172 : others[random() % others.size()]);
    }
    const std::string ipa = korean().ipa(text);
    ASSERT_TRUE(only_symbols(ipa)) << text << " -> " << ipa;
    ASSERT_EQ(ipa.find("  "), std::string::npos) << text;
  }
}

TEST(KoreanIpa, LongTextTakesLinearTime) {
  for (const char* unit :
       {"가", "을", " ", "9", "9,", "1-", "말할", "a", "(", "ㅋ", "값 없는 책을 읽고 "}) {
    std::string text;
    while (text.size() < 100000) text += unit;
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(only_symbols(korean().ipa(text)));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10)) << unit;
  }
}

TEST(KoreanIpa, UserReadings) {
  UserLexicon lexicon;
  lexicon.add_text(
      "복스립\t복쓰립\nVoxlip\tko\t*\t보클립\n갤럭시 노트\t갤럭씨노트\nRVC\t/aɾɯbɯiʃi/\n"
      "hello\ten\t*\t{HH AH0 L OW1}\n",
      "own.tsv");
  const KoreanFrontEnd own(folder(), &lexicon);
  EXPECT_EQ(own.pronounced("복스립이 왔다"), "복쓰리비 왇따");
  EXPECT_EQ(own.pronounced("voxlip과 갤럭시 노트를"), "보클립꽈 갤럭씨노트를");
  EXPECT_EQ(own.ipa("RVC는 좋다"), "aɾɯbɯiʃinɯn tʃotʰa");
  EXPECT_EQ(own.pronounced("hello"), "헬로");  // the English entry is not for Korean text
}

TEST(KoreanIpa, UserReadingsThatCannotBeSaid) {
  for (const char* reading : {"hello", "/qqq/", "{HH AH0}"}) {
    UserLexicon lexicon;
    lexicon.add_text(std::string("# mine\n낱말\t") + reading + "\n", "own.tsv");
    try {
      KoreanFrontEnd bad(folder(), &lexicon);
      FAIL() << reading;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kBadLexicon) << reading;
      EXPECT_EQ(e.where().line, 2) << reading;
    }
  }
}

}  // namespace
}  // namespace vl::text
