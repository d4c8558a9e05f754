#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vl::text {

/// The CMU pronouncing dictionary 0.7b: words to lists of phones, several a word. Phones are parsed
/// when asked for.
class Lexicon {
 public:
  /// @throws Error(kNotFound, kBadLexicon)
  explicit Lexicon(const std::string& path);

  /// Pronunciations in file order, phones in lower case with their stress digits ("hh", "ah0").
  /// Empty: the word is not in it.
  /// @param word any case
  std::vector<std::vector<std::string>> find(std::string_view word) const;
  size_t size() const { return rows_.size(); }

 private:
  struct Row {
    std::string_view word, phones;
  };
  std::string text_;
  std::vector<Row> rows_;
};

}  // namespace vl::text
