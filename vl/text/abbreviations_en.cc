#include "vl/text/abbreviations_en.h"

#include <array>
#include <string_view>

#include "vl/text/char_class.h"

namespace vl::text {

namespace {

struct Row {
  std::string_view from, to;
  bool vallex = true;
};

constexpr std::array<Row, 21> kRows = {
    {{"mrs.", "misess"},    {"ms.", "miss", false},     {"mr.", "mister"},
     {"dr.", "doctor"},     {"st.", "saint"},           {"co.", "company"},
     {"jr.", "junior"},     {"maj.", "major"},          {"gen.", "general"},
     {"drs.", "doctors"},   {"rev.", "reverend"},       {"lt.", "lieutenant"},
     {"hon.", "honorable"}, {"sgt.", "sergeant"},       {"capt.", "captain"},
     {"esq.", "esquire"},   {"ltd.", "limited"},        {"col.", "colonel"},
     {"ft.", "fort"},       {"sen.", "senator", false}, {"etc.", "et cetera", false}}};

std::string replaced(const std::string& text, const Row& row) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const bool at_start = i == 0 || !is_word(text[i - 1]);
    if (at_start && starts_with_any_case(text, i, row.from)) {
      out += row.to;
      i += row.from.size();
    } else {
      out += text[i++];
    }
  }
  return out;
}

}  // namespace

std::string expand_abbreviations(std::string text, Abbreviations list) {
  if (text.find('.') == std::string::npos) return text;
  for (const Row& row : kRows)
    if (row.vallex || list == Abbreviations::kFastPitch) text = replaced(text, row);
  return text;
}

}  // namespace vl::text
