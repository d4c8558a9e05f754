#include "vl/text/fastpitch_spelling.h"

#include <algorithm>
#include <string_view>

#include "vl/text/abbreviations_en.h"
#include "vl/text/char_class.h"

namespace vl::text {

namespace {

std::string expand_signs(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool before_percent = text[i] == ' ' && i + 1 < text.size() && text[i + 1] == '%';
    if (before_percent) continue;
    if (text[i] == '%')
      out += " percent";
    else if (text[i] == '&')
      out += " and ";
    else if (text[i] == '@')
      out += " at ";
    else
      out += text[i];
  }
  return out;
}

/// A letter is used up by its match: in "a.com.org" only the first ending is read.
std::string expand_domains(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const std::string_view next = std::string_view(text).substr(i + 1, 4);
    const bool domain = is_letter(text[i]) && (next == ".com" || next == ".gov" || next == ".org");
    out += text[i++];
    if (!domain) continue;
    out += " dot ";
    out += next.substr(1);
    i += next.size();
  }
  return out;
}

std::string expand_email(const std::string& text) {
  constexpr std::string_view kWord = "email";
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const bool whole = starts_with_any_case(text, i, kWord) && word_boundary(text, i) &&
                       word_boundary(text, i + kWord.size());
    out += whole ? "e-mail" : text.substr(i, 1);
    i += whole ? kWord.size() : 1;
  }
  return out;
}

std::string letters(std::string_view name) {
  if (name == "NVIDIA") return "N.VIDIA";
  std::string out;
  for (const char c : name) out.append({c, '.'});
  return out;
}

}  // namespace

std::string fastpitch_abbreviations(const std::string& text) {
  return expand_abbreviations(expand_domains(expand_signs(text)), Abbreviations::kFastPitch);
}

std::string fastpitch_acronyms(const std::string& raw) {
  const std::string text = expand_email(raw);
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t capitals = run_end(text, i, is_lower),
                 name_end = run_end(text, capitals, is_upper);
    if (name_end < capitals + 2) {
      const size_t end = std::max(name_end, i + 1);
      out += text.substr(i, end - i);
      i = end;
      continue;
    }
    size_t end = name_end;
    if (end < text.size() && text[end] == 's') ++end;
    const bool full_stop = end < text.size() && text[end] == '.';
    const std::string_view match = std::string_view(text).substr(i, end - i);
    out += letters(match.substr(0, name_end - i));
    if (match.find('s') != std::string_view::npos) out += "'s";
    if (full_stop && out.back() != '.') out += '.';
    i = end + (full_stop ? 1 : 0);
  }
  return out;
}

}  // namespace vl::text
