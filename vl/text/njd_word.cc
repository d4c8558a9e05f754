#include <algorithm>
#include <cstdlib>

#include "vl/text/njd.h"

namespace vl::text::njd {

namespace {

/// Tokens of a row; past its end all are empty.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : text_(text) {}
  std::string next(char delimiter) {
    const size_t end = std::min(text_.find(delimiter), text_.size());
    std::string out(text_.substr(0, end));
    text_.remove_prefix(std::min(end + 1, text_.size()));
    return out;
  }

 private:
  std::string_view text_;
};

std::string or_nothing(const std::string& text) {
  return text.empty() ? std::string(kNothing) : text;
}
int number(const std::string& text) { return std::max(std::atoi(text.c_str()), 0); }

struct Compound {
  Tokens base, reading, pron, accents;
  std::string_view rest;  ///< of the surface

  /// The next part; the last one takes what is left of the surface.
  void fill(Word& word, bool last) {
    const std::string part = base.next(':');
    word.surface = or_nothing(last ? std::string(rest) : part);
    rest.remove_prefix(std::min(part.size(), rest.size()));
    word.reading = or_nothing(reading.next(':'));
    word.pron = or_nothing(pron.next(':'));
    word.accent = number(accents.next('/'));
    word.moras = number(accents.next(':'));
  }
};

}  // namespace

Words parse_feature(Word& word, std::string_view feature) {
  Tokens row(feature);
  const std::string surface = row.next(',');
  for (std::string* field : {&word.pos, &word.group1, &word.group2, &word.group3})
    *field = or_nothing(row.next(','));
  row.next(',');
  word.form = or_nothing(row.next(','));
  const std::string base = row.next(','), reading = row.next(','), pron = row.next(',');
  const std::string accents = row.next(',');
  word.rule = or_nothing(row.next(','));
  const std::string chained = row.next(',');
  if (chained == "0" || chained == "1") word.chained = chained == "1" ? 1 : 0;

  const auto parts = std::count(accents.begin(), accents.end(), '/');
  Words more;
  if (parts < 2 || accents.find('*') != std::string::npos) {
    const bool symbol = parts == 0 || accents.find('*') != std::string::npos;
    Tokens accent(symbol ? std::string_view() : std::string_view(accents));
    word.surface = or_nothing(surface);
    word.reading = or_nothing(reading);
    word.pron = or_nothing(pron);
    word.accent = number(accent.next('/'));
    word.moras = number(accent.next(':'));
    return more;
  }
  Compound compound{Tokens(base), Tokens(reading), Tokens(pron), Tokens(accents), surface};
  compound.fill(word, false);
  for (auto i = parts - 1; i > 0; --i) {
    more.push_back(word);
    more.back().chained = 0;
    compound.fill(more.back(), i == 1);
  }
  return more;
}

void remove_silent(Words& words) {
  std::erase_if(words, [](const Word& w) { return w.pron == kNothing; });
}

}  // namespace vl::text::njd
