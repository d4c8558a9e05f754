#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vl::text {

/// What a symbol sounds like, as far as its length is concerned.
enum class SymbolKind {
  kPause,     ///< blanks and marks
  kSonorant,  ///< vowels, nasals, liquids, glides; letters for them: may be drawn out or shortened
  kObstruent  ///< stops, fricatives, affricates; letters for them: lose by it
};

/// What FastPitch reads: characters, and ARPAbet phones as "@HH", "@AH0".
///   english_basic            148 symbols, id 0 the pad "_"
///   english_basic_lowercase  123, the same without capitals and with the double quote
///   english_expanded         175, more signs and some accented letters; it has no pad
/// Source: symbols.py of NVIDIA's FastPitch 1.1
class SymbolSet {
 public:
  /// @param name one of names() @throws Error(kBadValue) that lists them
  explicit SymbolSet(const std::string& name);
  static const std::vector<std::string>& names();

  const std::string& name() const { return name_; }
  size_t size() const { return symbols_.size(); }
  /// @param symbol one character (UTF-8) or "@" and a phone @return -1: not in the set
  int64_t id(std::string_view symbol) const;
  /// @param id 0 to size() - 1 @throws Error(kBadValue)
  const std::string& symbol(int64_t id) const;
  /// @throws as symbol()
  SymbolKind kind(int64_t id) const;

  /// Ids of text: characters, and phones apart by blanks between braces. What the set lacks is left
  /// out. @throws Error(kBadText) for text that is not UTF-8
  std::vector<int64_t> ids(std::string_view text) const;
  /// The other way: phones stand between braces.
  std::string text(const std::vector<int64_t>& ids) const;

 private:
  void add_characters(std::string_view text, std::vector<int64_t>& out) const;
  void add_phones(std::string_view phones, std::vector<int64_t>& out) const;

  std::string name_;
  std::vector<std::string> symbols_;
  std::map<std::string, int64_t, std::less<>> ids_;
};

/// "HH", "AH", "AH0" ...: the 84 phones of every set, in their order; vowels with and without
/// stress.
const std::vector<std::string>& arpabet_phones();
/// @param phone in capitals
bool is_arpabet_phone(std::string_view phone);

}  // namespace vl::text
