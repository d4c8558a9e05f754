#include "vl/text/chinese_ipa.h"

#include "vl/text/ascii_fold.h"
#include "vl/text/bopomofo_ipa.h"
#include "vl/text/numbers_zh.h"

namespace vl::text {

namespace {

std::string with_plain_commas(const std::string& text) {
  std::string out;
  for (const uint32_t c : decode_utf8(text))
    append_utf8(out, c == U'、' || c == U'；' || c == U'：' ? U'，' : c);
  return out;
}

}  // namespace

ChineseFrontEnd::ChineseFrontEnd(const std::string& folder) : words_(folder), pinyin_(folder) {}

std::string ChineseFrontEnd::bopomofo(const std::string& plain) const {
  const Utf8Text text(plain);
  std::string out;
  size_t begin = 0;
  for (const size_t end : words_.cut(text)) {
    bool han = false;
    for (size_t i = begin; i < end; ++i) han = han || is_han(text[i]);
    const std::string_view word = text.slice(begin, end);
    begin = end;
    if (han && !out.empty()) out += ' ';
    out += han ? pinyin_.bopomofo(word) : std::string(word);
  }
  return out;
}

std::string ChineseFrontEnd::ipa(const std::string& text) const {
  return bopomofo_to_ipa(latin_to_bopomofo(bopomofo(with_plain_commas(chinese_numbers(text)))));
}

}  // namespace vl::text
