#pragma once

#include <memory>
#include <string>
#include <vector>

namespace vl::text {

/// Where Debian's package open-jtalk-mecab-naist-jdic puts the dictionary.
constexpr const char* kJapaneseDictionary = "/var/lib/mecab/dic/open-jtalk/naist-jdic";

/// A compiled MeCab dictionary in UTF-8: text to words by the cheapest path (libmecab 0.996). Const
/// and thread-safe after construction.
class JapaneseDictionary {
 public:
  /// @throws Error(kNotFound) for a folder without a dictionary, Error(kBadLexicon) for one that
  /// MeCab refuses, Error(kUnsupportedKind) in a build without MeCab
  explicit JapaneseDictionary(const std::string& folder);
  ~JapaneseDictionary();
  JapaneseDictionary(const JapaneseDictionary&) = delete;
  JapaneseDictionary& operator=(const JapaneseDictionary&) = delete;

  /// One row a word: "surface,feature". Text beyond 8190 bytes is read in pieces of that size.
  std::vector<std::string> words(const std::string& text) const;

 private:
  struct Model;
  std::unique_ptr<const Model> model_;
};

}  // namespace vl::text
