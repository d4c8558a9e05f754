#include "vl/text/fastpitch_text.h"

#include <algorithm>
#include <map>
#include <random>
#include <string_view>
#include <utility>

#include "vl/core/error.h"
#include "vl/text/ascii_fold.h"
#include "vl/text/char_class.h"
#include "vl/text/fastpitch_numbers.h"
#include "vl/text/sentences.h"

namespace vl::text {

namespace {

/// End of a group "{...}" with something in it that begins at `at`, or npos.
size_t group_end(std::string_view text, size_t at) {
  if (text[at] != '{') return std::string_view::npos;
  const size_t close = text.find('}', at + 1);
  return close == std::string_view::npos || close == at + 1 ? std::string_view::npos : close + 1;
}

/// Phones of a user's reading in capitals.
std::string checked_phones(const LexiconEntry& e) {
  if (e.is_ipa) refuse_reading(e, "is in IPA, FastPitch needs a respelling or {ARPAbet}");
  std::string out, phone;
  for (const char c : e.reading + " ") {
    if (!is_blank(c)) {
      phone += is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
      continue;
    }
    if (phone.empty()) continue;
    if (!is_arpabet_phone(phone)) refuse_reading(e, fmt::format("has no ARPAbet phone {}", phone));
    out += (out.empty() ? "" : " ") + phone;
    phone.clear();
  }
  return out;
}

/// The user's readings in a text. Phones go through the cleaners as words that no rule changes.
class OwnWords {
 public:
  OwnWords(const std::string& text, const UserLexicon& readings) {
    if (readings.empty()) {
      plain_ = text;
      return;
    }
    while (to_lower(text).find(mark_) != std::string::npos) mark_ += "qzqx";
    for (size_t at = 0; at < text.size();) {
      size_t length = 1;
      const size_t group = group_end(text, at);
      const LexiconEntry* own =
          group == std::string::npos ? readings.match(text, at, length) : nullptr;
      if (group != std::string::npos) length = group - at;
      if (own == nullptr)
        plain_ += text.substr(at, length);
      else
        plain_ += own->is_ipa || own->is_phones ? stand_in(checked_phones(*own)) : own->reading;
      at += length;
    }
  }

  /// The text with respellings and stand-ins.
  const std::string& plain() const { return plain_; }

  /// Cleaned text with phones for the stand-ins.
  std::string spoken(const std::string& cleaned) const {
    if (phones_.empty()) return cleaned;
    std::string out;
    for (size_t at = 0; at < cleaned.size();) {
      const size_t begin = std::min(cleaned.find(mark_, at), cleaned.size());
      out += cleaned.substr(at, begin - at);
      if (begin == cleaned.size()) break;
      const size_t end = run_end(cleaned, begin + mark_.size(), is_bit) + 1;
      const auto found = phones_.find(cleaned.substr(begin, end - begin));
      if (found == phones_.end()) {
        out += cleaned[begin];
        at = begin + 1;
        continue;
      }
      const bool possessive =
          cleaned.compare(end, 2, "'s") == 0 && arpabet_word_end(cleaned, end + 2) == end + 2;
      out += "{" + found->second + (possessive ? " Z}" : "}");
      at = end + (possessive ? 2 : 0);
    }
    return out;
  }

 private:
  static bool is_bit(char c) { return c == 'a' || c == 'b'; }

  /// The n-th of them: the mark, n in binary with a for 0 and b for 1, and q.
  std::string stand_in(const std::string& phones) {
    std::string out = mark_;
    for (size_t n = phones_.size(); n > 0; n /= 2) out += n % 2 == 1 ? 'b' : 'a';
    out += 'q';
    phones_[out] = phones;
    return out;
  }

  std::string mark_ = "qzqx", plain_;
  std::map<std::string, std::string> phones_;  ///< by stand-in
};

}  // namespace

void FastPitchTextConfig::validate() const {
  if (!(p_arpabet >= 0 && p_arpabet <= 1))
    fail(Code::kBadValue, "p_arpabet is {}, it must lie in 0 to 1", p_arpabet);
}

FastPitchFrontEnd::FastPitchFrontEnd(const std::string& assets, const FastPitchTextConfig& config,
                                     const UserLexicon& readings,
                                     std::shared_ptr<const Lexicon> dictionary)
    : config_(config),
      symbols_(config.symbol_set),
      cleaners_(assets, config.cleaners),
      readings_(readings.only("en", "")) {
  config_.validate();
  if (config_.p_arpabet > 0) words_.emplace(assets, std::move(dictionary));
}

std::string FastPitchFrontEnd::cleaned(const std::string& text) const {
  std::string out;
  bool first = true;
  for (size_t at = 0; at < text.size();) {
    if (const size_t n = blank_length(text, at); n > 0) {
      at += n;
      continue;
    }
    size_t end = group_end(text, at);
    if (end == std::string::npos)
      for (end = at; end < text.size() && blank_length(text, end) == 0;) ++end;
    const std::string piece = text.substr(at, end - at);
    if (!std::exchange(first, false)) out += ' ';
    out += piece[0] == '{' ? piece : cleaners_.clean(piece);
    at = end;
  }
  return collapse_blanks(out);
}

std::string FastPitchFrontEnd::with_arpabet(const std::string& text, uint32_t seed,
                                            std::vector<std::string>& unknown) const {
  std::mt19937 generator(seed);
  const auto draw = [&] {  // numpy's uniform double of 53 bits
    const double high = generator() >> 5, low = generator() >> 6;
    return (high * 67108864 + low) / 9007199254740992.0;
  };
  std::string out;
  for (size_t at = 0; at < text.size();) {
    if (const size_t end = arpabet_word_end(text, at); end > at) {
      const std::string word = text.substr(at, end - at);
      const bool chosen = draw() < config_.p_arpabet;
      const auto phones = chosen ? words_->phones(word) : std::nullopt;
      if (chosen && !phones && !words_->knows(word)) unknown.push_back(word);
      out += phones ? "{" + *phones + "}" : word;
      at = end;
    } else if (const size_t group = group_end(text, at); group != std::string::npos) {
      out += text.substr(at, group - at);
      at = group;
    } else {
      if (text[at] != '{' && text[at] != '}') out += text[at];
      ++at;
    }
  }
  return out;
}

FastPitchText FastPitchFrontEnd::read(const std::string& text, uint32_t seed) const {
  decode_utf8(text);  // refuses what is not UTF-8
  const OwnWords own(text, readings_);
  FastPitchText out;
  out.cleaned = own.spoken(cleaned(fastpitch_currency(own.plain())));
  out.arpabet = words_ ? with_arpabet(out.cleaned, seed, out.unknown_words) : out.cleaned;
  out.ids = symbols_.ids(out.arpabet);
  if (out.ids.empty()) throw nothing_to_speak();
  return out;
}

std::vector<int64_t> FastPitchFrontEnd::ids(const std::string& text, uint32_t seed) const {
  return read(text, seed).ids;
}

}  // namespace vl::text
