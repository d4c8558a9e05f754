#include "vl/text/vallex_text.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "vl/core/error.h"
#include "vl/text/ascii_fold.h"
#include "vl/text/english_ipa.h"

namespace vl::text {

namespace {

constexpr int64_t kFirstSymbol = 5;
constexpr const char* kSymbols =
    "!#*,-.=?NQ^_`abdefghijklmnopstuvwxyz~æçðŋɑɔəɛɥɪɫɯɸɹɾʃʊʑʒʰˈˌθ…⁼↑→↓";
constexpr const char* kEndMarks = ".,!?-…~";

const std::map<uint32_t, int64_t>& symbol_ids() {
  static const std::map<uint32_t, int64_t> ids = [] {
    std::map<uint32_t, int64_t> out;
    int64_t id = kFirstSymbol;
    for (const uint32_t c : decode_utf8(kSymbols)) {
      if (c == ' ') continue;
      out[c] = id++;
    }
    return out;
  }();
  return ids;
}

struct Segment {
  std::string language, text;
};

/// [XX]...[XX] pieces in order; text outside marks is dropped, segments do not span newlines.
std::vector<Segment> split_marks(const std::string& text) {
  static const std::map<std::string, std::string> kMarks = {
      {"[EN]", "en"}, {"[ZH]", "zh"}, {"[JA]", "ja"}, {"[KO]", "ko"}};
  std::vector<Segment> out;
  for (size_t at = 0; at + 4 <= text.size();) {
    const auto mark = kMarks.find(text.substr(at, 4));
    const size_t end = mark == kMarks.end() ? std::string::npos : text.find(mark->first, at + 4);
    if (end == std::string::npos) {
      ++at;
      continue;
    }
    out.push_back({mark->second, text.substr(at + 4, end - at - 4)});
    at = end + 4;
  }
  return out;
}

void add_segment(const Segment& segment, const Lexicon& lexicon, VallexTokens& out) {
  if (segment.language != "en")
    throw Error(
        Code::kLanguageNotOffered,
        fmt::format("there is no text front end for {} in this build, only en", segment.language),
        {}, {"give English text"});
  std::string cleaned = english_to_ipa(segment.text, lexicon, &out.unknown_words);
  while (!cleaned.empty() && std::isspace(static_cast<unsigned char>(cleaned.back())) != 0)
    cleaned.pop_back();
  if (cleaned.empty()) return;
  const std::vector<uint32_t> codes = decode_utf8(cleaned), ends = decode_utf8(kEndMarks);
  if (std::find(ends.begin(), ends.end(), codes.back()) == ends.end()) cleaned += ".";
  out.phonemes += cleaned;
  for (const uint32_t c : decode_utf8(cleaned)) {
    const auto it = symbol_ids().find(c == ' ' ? '_' : c);
    out.ids.push_back(it == symbol_ids().end() ? 0 : it->second);
    out.languages.push_back(vallex_language_id(segment.language));
  }
}

}  // namespace

int64_t vallex_language_id(const std::string& language) {
  if (language == "en") return kLanguageEn;
  if (language == "zh") return kLanguageZh;
  if (language == "ja") return kLanguageJa;
  fail(Code::kLanguageNotOffered, "model \"vallex\" offers en ja zh, not {}", language);
}

std::string language_of(const std::string& text) {
  bool han = false;
  for (const uint32_t c : decode_utf8(text)) {
    if ((c >= 0xAC00 && c <= 0xD7A3) || (c >= 0x1100 && c <= 0x11FF) ||
        (c >= 0x3130 && c <= 0x318F))
      return "ko";
    if (c >= 0x3040 && c <= 0x30FF) return "ja";
    han = han || (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF);
  }
  return han ? "zh" : "en";
}

VallexTokens vallex_tokens(const std::string& text, const std::string& language,
                           const Lexicon& lexicon) {
  std::string plain = text;
  std::erase(plain, '\n');
  plain.erase(0, std::min(plain.find_first_not_of(' '), plain.size()));
  while (!plain.empty() && plain.back() == ' ') plain.pop_back();
  decode_utf8(plain);
  VallexTokens out;
  if (language == "mix")
    for (const Segment& s : split_marks(plain)) add_segment(s, lexicon, out);
  else
    add_segment({language, plain}, lexicon, out);
  if (out.ids.empty())
    throw Error(Code::kBadText, "nothing to speak in the text", {}, {"give at least one word"});
  return out;
}

std::vector<int64_t> fastpitch_basic_ids(const std::string& text) {
  // english_basic: pad, "-", punctuation and blank, A-Z, a-z (ARPAbet follows).
  static const std::string kSet =
      "_-!'(),.:;? ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::vector<int64_t> out;
  bool blank = false;
  for (const char c : normalise_english(text)) {
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      blank = !out.empty();
      continue;
    }
    const size_t id = kSet.find(c);
    if (id == std::string::npos || id == 0) continue;
    if (blank) out.push_back(static_cast<int64_t>(kSet.find(' ')));
    blank = false;
    out.push_back(static_cast<int64_t>(id));
  }
  return out;
}

}  // namespace vl::text
