#pragma once

#include <string>

#include "vl/text/jieba_cut.h"
#include "vl/text/pinyin.h"

namespace vl::text {

/// VALL-E X's Chinese cleaner: numbers as numerals, words by jieba, bopomofo of each word by
/// pypinyin, Latin letters spelled, all as symbols with tone arrows. Follows Plachtaa/VALL-E-X
/// 3faaf8c, `chinese_to_ipa`, with jieba 0.42.1, pypinyin 0.55.0 and cn2an 0.5.24. What none of
/// them knows stays as it is.
///
///     const ChineseFrontEnd front_end("assets/text/zh");
///     front_end.ipa("你好，世界！");  // "ni↓↑xɑʊ↓↑, s`ɹ`↓tʃ⁼iɛ↓!"
///
/// Loading takes some tens of milliseconds; afterwards any number of threads may use it at once.
class ChineseFrontEnd {
 public:
  /// @param folder the tables of tools/make_zh_tables.py
  /// @throws Error(kNotFound) without a table; Error(kBadLexicon) for a damaged one
  explicit ChineseFrontEnd(const std::string& folder);

  /// Symbols of `text`, words with Chinese characters parted by blanks. No end mark is added.
  /// @throws Error(kBadText) for a text that is not UTF-8
  std::string ipa(const std::string& text) const;

 private:
  std::string bopomofo(const std::string& text) const;

  JiebaCut words_;
  Pinyin pinyin_;
};

}  // namespace vl::text
