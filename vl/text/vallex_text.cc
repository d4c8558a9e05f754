#include "vl/text/vallex_text.h"

#include <algorithm>
#include <map>

#include "vl/core/error.h"
#include "vl/text/ascii_fold.h"
#include "vl/text/english_ipa.h"
#include "vl/text/sentences.h"
#include "vl/text/vallex_symbols.h"

namespace vl::text {

namespace {

constexpr const char* kEndMarks = ".,!?-…~";

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

bool is_blank(uint32_t c) {
  return c == ' ' || (c >= 0x09 && c <= 0x0D) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

void add_segment(const Segment& segment, const FrontEnds& front_ends, VallexTokens& out) {
  std::vector<uint32_t> codes =
      decode_utf8(front_ends.ipa(segment.text, segment.language, &out.unknown_words));
  while (!codes.empty() && is_blank(codes.back())) codes.pop_back();
  if (codes.empty()) return;
  const std::vector<uint32_t> ends = decode_utf8(kEndMarks);
  if (std::find(ends.begin(), ends.end(), codes.back()) == ends.end()) codes.push_back('.');
  const int64_t language = vallex_language_id(segment.language);
  for (const uint32_t c : codes) {
    append_utf8(out.phonemes, is_blank(c) ? ' ' : c);
    out.ids.push_back(vallex_symbol_id(is_blank(c) ? '_' : c));
    out.languages.push_back(language);
  }
}

}  // namespace

int64_t vallex_language_id(const std::string& language) {
  if (language == "en") return kLanguageEn;
  if (language == "zh") return kLanguageZh;
  if (language == "ja") return kLanguageJa;
  if (language == "ko") return kLanguageKo;
  fail(Code::kLanguageNotOffered, "model \"vallex\" offers en ja zh, not {}", language);
}

std::string vallex_language(int64_t id) {
  for (const char* language : {"en", "zh", "ja", "ko"})
    if (vallex_language_id(language) == id) return language;
  fail(Code::kBadValue, "no language has the id {}", id);
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
                           const FrontEnds& front_ends) {
  std::string plain = text;
  std::erase(plain, '\n');
  plain.erase(0, std::min(plain.find_first_not_of(' '), plain.size()));
  while (!plain.empty() && plain.back() == ' ') plain.pop_back();
  decode_utf8(plain);
  VallexTokens out;
  if (language == "mix")
    for (const Segment& s : split_marks(plain)) add_segment(s, front_ends, out);
  else
    add_segment({language, plain}, front_ends, out);
  if (out.ids.empty()) throw nothing_to_speak();
  return out;
}

}  // namespace vl::text
