#include "vl/text/user_lexicon.h"

#include <algorithm>
#include <cctype>

#include "vl/core/error.h"
#include "vl/core/file.h"

namespace vl::text {

namespace {

constexpr uint64_t kMostBytes = 64 << 20;  // of a list

std::string trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

std::vector<std::string> split_commas(std::string_view line) {
  std::vector<std::string> out(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const bool pair = quoted && line[i] == '"' && i + 1 < line.size() && line[i + 1] == '"';
    if (pair)
      out.back() += line[i++];
    else if (line[i] == '"')
      quoted = !quoted;
    else if (line[i] == ',' && !quoted)
      out.emplace_back();
    else
      out.back() += line[i];
  }
  return out;
}

std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> out;
  if (line.find('\t') == std::string_view::npos) {
    out = split_commas(line);
  } else {
    for (size_t begin = 0; begin <= line.size();) {
      const size_t end = std::min(line.find('\t', begin), line.size());
      out.emplace_back(line.substr(begin, end - begin));
      begin = end + 1;
    }
  }
  for (std::string& field : out) field = trimmed(field);
  return out;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// Takes the marks off a reading: {..} or /../. @return false: one of the two is missing
bool unwrap(LexiconEntry& entry, char open, char close, bool& flag) {
  std::string& r = entry.reading;
  const bool opens = r.front() == open, closes = r.back() == close;
  if (!opens && !closes) return true;
  if (!opens || !closes || r.size() < 3) return false;
  r = trimmed(std::string_view(r).substr(1, r.size() - 2));
  flag = true;
  return !r.empty();
}

enum class Script { kNone, kAlphabet, kHangul, kOther };

Script script_of(uint32_t c) {
  const bool ascii = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  if (ascii || (c >= 0xC0 && c < 0x2000 && c != 0xD7 && c != 0xF7 && !(c >= 0x1100 && c < 0x1200)))
    return Script::kAlphabet;
  if ((c >= 0xAC00 && c <= 0xD7A3) || (c >= 0x1100 && c < 0x1200) || (c >= 0x3131 && c <= 0x318E))
    return Script::kHangul;
  return c < 0x3000 ? Script::kNone : Script::kOther;
}

/// The code point that begins at `at`, which is the start of one in well-formed UTF-8.
uint32_t code_at(std::string_view text, size_t at) {
  const auto c = static_cast<unsigned char>(text[at]);
  const size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
  uint32_t code = n == 1 ? c : c & (0x7FU >> n);
  for (size_t k = 1; k < n && at + k < text.size(); ++k)
    code = code << 6 | (static_cast<unsigned char>(text[at + k]) & 0x3FU);
  return code;
}

Script script_before(std::string_view text, size_t at) {
  if (at == 0) return Script::kNone;
  size_t begin = at - 1;
  while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
  return script_of(code_at(text, begin));
}

bool splits_word(Script left, Script right) {
  return left == right && (left == Script::kAlphabet || left == Script::kHangul);
}

}  // namespace

void refuse_reading(const LexiconEntry& e, const std::string& why) {
  throw Error(Code::kBadLexicon,
              fmt::format("{} line {}: the reading of \"{}\" {}", e.file, e.line, e.word, why),
              Where{.file = e.file, .line = e.line});
}

void UserLexicon::add_file(const std::string& path) {
  add_text(clean_text(read_file(path, kMostBytes), path), path);
}

void UserLexicon::add_text(const std::string& text, const std::string& name) {
  long number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = trimmed(std::string_view(text).substr(begin, end - begin));
    begin = end + 1;
    ++number;
    if (line.empty() || line[0] == '#') continue;
    const Where where{.file = name, .line = number};
    const std::vector<std::string> fields = fields_of(line);
    if (fields.size() != 2 && fields.size() != 4)
      throw Error(Code::kBadLexicon, fmt::format("{} fields, needs 4", fields.size()), where,
                  {"write word, language, voice or *, reading; or word, reading"});
    if (std::any_of(fields.begin(), fields.end(), [](const auto& f) { return f.empty(); }))
      throw Error(Code::kBadLexicon, "a field is empty", where);
    LexiconEntry entry{
        .word = fields.front(), .reading = fields.back(), .file = name, .line = number};
    if (fields.size() == 4) entry.language = fields[1], entry.voice = fields[2];
    if (!unwrap(entry, '{', '}', entry.is_phones) || !unwrap(entry, '/', '/', entry.is_ipa))
      throw Error(Code::kBadLexicon, "the reading opens a brace or slash that it does not close",
                  where, {"write {HH AH0} for phones, /hə/ for IPA"});
    add(std::move(entry));
  }
}

void UserLexicon::add(LexiconEntry entry) {
  longest_ = std::max(longest_, entry.word.size());
  by_word_[lowered(entry.word)] = entries_.size();
  entries_.push_back(std::move(entry));
}

UserLexicon UserLexicon::only(const std::string& language, const std::string& voice) const {
  UserLexicon out;
  const auto fits = [](const std::string& field, const std::string& name) {
    return field == "*" || name.empty() || field == name;
  };
  for (const LexiconEntry& e : entries_)
    if (fits(e.language, language) && fits(e.voice, voice)) out.add(e);
  return out;
}

const LexiconEntry* UserLexicon::match(std::string_view text, size_t at, size_t& length) const {
  if (empty() || at >= text.size() || (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80)
    return nullptr;
  if (splits_word(script_before(text, at), script_of(code_at(text, at)))) return nullptr;
  for (size_t n = std::min(longest_, text.size() - at); n > 0; --n) {
    const size_t end = at + n;
    const bool middle = end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80;
    if (middle) continue;
    const auto found = by_word_.find(lowered(text.substr(at, n)));
    if (found == by_word_.end()) continue;
    const bool inside = end < text.size() && script_before(text, end) == Script::kAlphabet &&
                        script_of(code_at(text, end)) == Script::kAlphabet;
    if (inside) continue;
    length = n;
    return &entries_[found->second];
  }
  return nullptr;
}

}  // namespace vl::text
