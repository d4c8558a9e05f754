#include "vl/text/korean_ipa.h"

#include <algorithm>
#include <utility>

#include "vl/core/error.h"
#include "vl/text/ascii_fold.h"
#include "vl/text/korean_symbols.h"
#include "vl/text/numbers_ko.h"
#include "vl/text/vallex_symbols.h"

namespace vl::text {

namespace {

/// The entry n of the user's lexicon stands in the text as this private character plus n.
constexpr char32_t kFirstReading = 0xF0000;
constexpr size_t kMostReadings = 0xFFFD;
constexpr std::u32string_view kMarks = U",.!?…~";
constexpr std::u32string_view kSeams = U"^+|=";

bool is_mark(char32_t c) { return kMarks.find(c) != std::u32string_view::npos; }

std::string hangul_of(const std::vector<Sound>& spoken) {
  std::string out;
  for (const Sound& s : spoken) {
    if (s.space) out += ' ';
    append_utf8(out, join_syllable(s.s));
  }
  return out;
}

/// Seams of numbers as parse_seams reads them.
char32_t visible_seam(char32_t c) {
  return c >= kTenseMark && c <= kBoundaryMark ? U"^+|"[c - kTenseMark] : c;
}

std::u32string composed(const std::string& text) {
  const std::vector<uint32_t> codes = compose_hangul(decode_utf8(text));
  std::u32string out;
  for (const uint32_t c : codes)
    if (c < kFirstReading && (c < 0xE000 || c > 0xF8FF)) out += static_cast<char32_t>(c);
  return out;
}

}  // namespace

KoreanFrontEnd::KoreanFrontEnd(const std::string& folder, const UserLexicon* lexicon,
                               std::shared_ptr<const Lexicon> cmudict)
    : words_(folder),
      normaliser_(folder, std::move(cmudict)),
      lexicon_(lexicon == nullptr ? UserLexicon() : lexicon->only("ko", "")) {
  check_readings();
}

void KoreanFrontEnd::check_readings() const {
  for (const LexiconEntry& e : lexicon_.entries()) {
    const Where where{.file = e.file,
                      .line = e.line > 0 ? std::optional<long>(e.line) : std::nullopt};
    const bool symbols = e.is_ipa || e.is_phones;
    for (const char32_t c : to_u32(e.reading)) {
      const bool hangul =
          is_syllable(c) || c == U' ' || kSeams.find(c) != std::u32string_view::npos;
      if (symbols ? c == U' ' || vallex_symbol_id(c) != 0 : hangul) continue;
      throw Error(
          Code::kBadLexicon,
          fmt::format("the reading \"{}\" of \"{}\" has \"{}\", which is no {}", e.reading, e.word,
                      to_utf8(std::u32string(1, c)), symbols ? "symbol of VALL-E X" : "Hangul"),
          where, {"write Hangul as it is read, or /IPA/"});
    }
  }
  if (lexicon_.entries().size() > kMostReadings)
    fail(Code::kOverLimit, "{} lexicon entries, at most {}", lexicon_.entries().size(),
         kMostReadings);
}

std::u32string KoreanFrontEnd::prepare(const std::string& text) const {
  const std::u32string whole = composed(text);
  if (lexicon_.empty()) return normaliser_.normalise(whole);
  const std::string plain = to_utf8(whole);
  std::string marked;
  for (size_t at = 0; at < plain.size();) {
    size_t length = 0;
    const LexiconEntry* entry = lexicon_.match(plain, at, length);
    if (entry == nullptr) {
      marked += plain[at++];
      continue;
    }
    append_utf8(marked, kFirstReading + static_cast<uint32_t>(entry - lexicon_.entries().data()));
    at += length;
  }
  return normaliser_.normalise(to_u32(marked));
}

std::vector<KoreanFrontEnd::Piece> KoreanFrontEnd::split(const std::u32string& prepared) const {
  std::vector<Piece> out;
  std::u32string word;
  bool blank = false, word_blank = false;  // a blank was passed; one stands before `word`
  const auto flush = [&] {
    if (word.empty()) return;
    const bool joins = word_blank && !out.empty() && out.back().plain.empty();
    if (!joins) out.push_back({{}, "", false, word_blank});
    out.back().words.push_back(parse_seams(word));
    word.clear();
  };
  const auto add = [&](char32_t c) {
    if (c == U' ') {
      flush();
      blank = true;
      return;
    }
    if (word.empty()) word_blank = std::exchange(blank, false);
    word += c;
  };
  for (const char32_t c : prepared) {
    const LexiconEntry* entry =
        c >= kFirstReading ? &lexicon_.entries()[c - kFirstReading] : nullptr;
    const bool ipa = entry != nullptr && (entry->is_ipa || entry->is_phones);
    if (ipa || is_mark(c)) {
      flush();
      out.push_back({{}, ipa ? entry->reading : to_utf8(std::u32string(1, c)), !ipa, ipa && blank});
      blank = false;
    } else if (entry != nullptr) {
      for (const char32_t r : to_u32(entry->reading)) add(r);
    } else {
      add(visible_seam(c));
    }
  }
  flush();
  return out;
}

std::string KoreanFrontEnd::spell(const std::string& text, bool symbols) const {
  std::string out;
  bool said = false;
  for (const Piece& piece : split(prepare(text))) {
    if (piece.mark && out.empty()) continue;
    if (!out.empty() && piece.blank_before) out += ' ';
    if (!piece.plain.empty()) {
      out += piece.plain;
      said = said || !piece.mark;
      continue;
    }
    std::vector<Sound> sounds = words_.sounds(piece.words);
    apply_sound_rules(sounds);
    out += symbols ? korean_symbols(sounds) : hangul_of(sounds);
    said = said || !sounds.empty();
  }
  return said ? out : "";
}

std::string KoreanFrontEnd::ipa(const std::string& text) const { return spell(text, true); }

std::string KoreanFrontEnd::pronounced(const std::string& text) const { return spell(text, false); }

std::string KoreanFrontEnd::normalised(const std::string& text) const {
  std::u32string out;
  for (const char32_t c : prepare(text)) {
    const bool reading = c >= kFirstReading;
    if (reading)
      out += to_u32(lexicon_.entries()[c - kFirstReading].reading);
    else if (c < kTenseMark || c > kBoundaryMark)
      out += c;
  }
  return to_utf8(out);
}

}  // namespace vl::text
