#include "vl/text/fastpitch_symbols.h"

#include <algorithm>
#include <array>

#include "vl/core/error.h"
#include "vl/text/ascii_fold.h"
#include "vl/text/char_class.h"
#include "vl/text/utf8_text.h"

namespace vl::text {

namespace {

constexpr const char* kSmall = "abcdefghijklmnopqrstuvwxyz";
constexpr const char* kCapitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

struct Set {
  const char *name, *signs;
  bool capitals;
};
constexpr std::array<Set, 3> kSets = {
    {{"english_basic", "_-!'(),.:;? ", true},
     {"english_basic_lowercase", "_-!'\"(),.:;? ", false},
     {"english_expanded", "!'\",.:;? #%&*+-/[]()_@©°½—₩€$áçéêëñöøćž", true}}};

constexpr std::array<const char*, 24> kConsonants = {"B",  "CH", "D",  "DH", "F",  "G", "HH", "JH",
                                                     "K",  "L",  "M",  "N",  "NG", "P", "R",  "S",
                                                     "SH", "T",  "TH", "V",  "W",  "Y", "Z",  "ZH"};
constexpr std::array<const char*, 15> kVowels = {"AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER",
                                                 "EY", "IH", "IY", "OW", "OY", "UH", "UW"};

constexpr std::array<const char*, 17> kObstruents = {
    "B", "CH", "D", "DH", "F", "G", "HH", "JH", "K", "P", "S", "SH", "T", "TH", "V", "Z", "ZH"};

const Set& find_set(const std::string& name) {
  for (const Set& s : kSets)
    if (name == s.name) return s;
  fail(Code::kBadValue, "there is no symbol set \"{}\", only {}", name,
       fmt::join(SymbolSet::names(), ", "));
}

}  // namespace

const std::vector<std::string>& arpabet_phones() {
  static const std::vector<std::string> phones = [] {
    std::vector<std::string> out(kConsonants.begin(), kConsonants.end());
    for (const std::string vowel : kVowels)
      for (const char* stress : {"", "0", "1", "2"}) out.push_back(vowel + stress);
    std::sort(out.begin(), out.end());
    return out;
  }();
  return phones;
}

bool is_arpabet_phone(std::string_view phone) {
  return std::binary_search(arpabet_phones().begin(), arpabet_phones().end(), phone);
}

SymbolSet::SymbolSet(const std::string& name) : name_(name) {
  const Set& set = find_set(name);
  const Utf8Text characters(std::string(set.signs) + (set.capitals ? kCapitals : "") + kSmall);
  for (size_t i = 0; i < characters.size(); ++i) symbols_.emplace_back(characters.slice(i, i + 1));
  for (const std::string& phone : arpabet_phones()) symbols_.push_back("@" + phone);
  for (size_t i = 0; i < symbols_.size(); ++i) ids_[symbols_[i]] = static_cast<int64_t>(i);
}

const std::vector<std::string>& SymbolSet::names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    out.reserve(kSets.size());
    for (const Set& s : kSets) out.emplace_back(s.name);
    return out;
  }();
  return names;
}

int64_t SymbolSet::id(std::string_view symbol) const {
  const auto it = ids_.find(symbol);
  return it == ids_.end() ? -1 : it->second;
}

const std::string& SymbolSet::symbol(int64_t id) const {
  if (id < 0 || static_cast<size_t>(id) >= symbols_.size())
    fail(Code::kBadValue, "{} has no symbol {}, only 0 to {}", name_, id, symbols_.size() - 1);
  return symbols_[static_cast<size_t>(id)];
}

SymbolKind SymbolSet::kind(int64_t id) const {
  const std::string& s = symbol(id);
  if (s[0] == '@' && s.size() > 1) {
    const std::string phone = s.substr(1);
    for (const std::string obstruent : kObstruents)
      if (phone == obstruent) return SymbolKind::kObstruent;
    return SymbolKind::kSonorant;
  }
  const auto first = static_cast<unsigned char>(s[0]);
  const bool accented = s.size() == 2 && first >= 0xC3 && first <= 0xC5;
  if (!is_letter(s[0]) && !accented) return SymbolKind::kPause;
  static const std::string kLetters = "bcdfghjkpqstvxzBCDFGHJKPQSTVXZ";
  static const std::vector<std::string> kAccented = {"ç", "ć", "ž"};
  const bool obstruent = accented
                             ? std::find(kAccented.begin(), kAccented.end(), s) != kAccented.end()
                             : kLetters.find(s[0]) != std::string::npos;
  return obstruent ? SymbolKind::kObstruent : SymbolKind::kSonorant;
}

void SymbolSet::add_characters(std::string_view text, std::vector<int64_t>& out) const {
  const Utf8Text characters(text);
  for (size_t i = 0; i < characters.size(); ++i)
    if (const int64_t found = id(characters.slice(i, i + 1)); found >= 0) out.push_back(found);
}

void SymbolSet::add_phones(std::string_view phones, std::vector<int64_t>& out) const {
  for (size_t begin = 0; begin < phones.size();) {
    const size_t end = std::min(phones.find(' ', begin), phones.size());
    const std::string symbol = fmt::format("@{}", phones.substr(begin, end - begin));
    const int64_t found = id(symbol);
    if (symbol.size() > 1 && found >= 0) out.push_back(found);
    begin = end + 1;
  }
}

std::vector<int64_t> SymbolSet::ids(std::string_view text) const {
  std::vector<int64_t> out;
  for (size_t at = 0; at < text.size();) {
    // Braces hold at least one character: in "{}x}" the group is "}x".
    const size_t open = text.find('{', at);
    const size_t close = open == std::string_view::npos ? open : text.find('}', open + 2);
    if (close == std::string_view::npos) {
      add_characters(text.substr(at), out);
      break;
    }
    add_characters(text.substr(at, open - at), out);
    add_phones(text.substr(open + 1, close - open - 1), out);
    at = close + 1;
  }
  return out;
}

std::string SymbolSet::text(const std::vector<int64_t>& ids) const {
  std::string out;
  for (const int64_t id : ids) {
    const std::string& s = symbol(id);
    if (s.size() == 1 || s.front() != '@') {
      out += s;
      continue;
    }
    const bool follows = !out.empty() && out.back() == '}';
    if (follows) out.back() = ' ';
    if (!follows) out += '{';
    out.append(s, 1).append("}");
  }
  return out;
}

}  // namespace vl::text
