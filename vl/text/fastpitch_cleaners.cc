#include "vl/text/fastpitch_cleaners.h"

#include <algorithm>
#include <utility>

#include "vl/core/error.h"
#include "vl/text/char_class.h"
#include "vl/text/fastpitch_numbers.h"
#include "vl/text/fastpitch_spelling.h"
#include "vl/text/fastpitch_units.h"
#include "vl/text/utf8_text.h"

namespace vl::text {

namespace {

constexpr const char* kBasic = "basic_cleaners";
constexpr const char* kTransliteration = "transliteration_cleaners";
constexpr const char* kEnglish = "english_cleaners";
constexpr const char* kEnglishV2 = "english_cleaners_v2";

std::string basic(const std::string& text) { return collapse_blanks(to_lower(text)); }

std::string english(const std::string& ascii) {
  return collapse_blanks(fastpitch_abbreviations(fastpitch_numbers(to_lower(ascii))));
}

/// Slashes go after blanks were collapsed: those around a slash stay.
std::string slashes_as_blanks(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] != '/')
      out += text[i];
    else if (i == 0 || text[i - 1] != '/')
      out += ' ';
  return out;
}

std::string english_v2(const std::string& ascii) {
  const std::string numbers = fastpitch_numbers(fastpitch_units(fastpitch_times(ascii)));
  return slashes_as_blanks(basic(fastpitch_acronyms(fastpitch_abbreviations(numbers))));
}

}  // namespace

const std::vector<std::string>& FastPitchCleaners::names() {
  static const std::vector<std::string> names = {kBasic, kTransliteration, kEnglish, kEnglishV2};
  return names;
}

FastPitchCleaners::FastPitchCleaners(const std::string& assets, std::vector<std::string> cleaners)
    : cleaners_(std::move(cleaners)) {
  for (const std::string& name : cleaners_) {
    if (std::find(names().begin(), names().end(), name) == names().end())
      fail(Code::kBadValue, "there is no text cleaner \"{}\", only {}", name,
           fmt::join(names(), ", "));
    if (name != kBasic && !transliteration_)
      transliteration_.emplace(assets + "/text/en/transliteration.tsv", "transliteration");
  }
}

std::string FastPitchCleaners::to_ascii(const std::string& text) const {
  const Utf8Text characters(text);
  std::string out;
  for (size_t i = 0; i < characters.size(); ++i)
    if (characters[i] < 127)
      out += static_cast<char>(characters[i]);
    else
      out += transliteration_->find(characters.slice(i, i + 1)).value_or("");
  return out;
}

std::string FastPitchCleaners::clean(const std::string& text) const {
  std::string out = text;
  for (const std::string& name : cleaners_) {
    if (name != kBasic) out = to_ascii(out);
    if (name == kEnglish)
      out = english(out);
    else if (name == kEnglishV2)
      out = english_v2(out);
    else
      out = basic(out);
  }
  return out;
}

}  // namespace vl::text
