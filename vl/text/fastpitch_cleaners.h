#pragma once

#include <optional>
#include <string>
#include <vector>

#include "vl/text/sorted_rows.h"

namespace vl::text {

/// The text cleaners of FastPitch by their published names, applied in turn.
///   basic_cleaners            lower case, single blanks
///   transliteration_cleaners  as ASCII before that
///   english_cleaners          and numbers, abbreviations
///   english_cleaners_v2       and times, units, letters beside digits, acronyms, slashes
/// Source: cleaners.py of NVIDIA's FastPitch 1.1
class FastPitchCleaners {
 public:
  /// @param assets the program's assets: text/en/transliteration.tsv, unless all are basic_cleaners
  /// @param cleaners each one of names(); empty: text stays as it is
  /// @throws Error(kBadValue) that lists the names; Error(kNotFound, kBadLexicon) as SortedRows
  FastPitchCleaners(const std::string& assets, std::vector<std::string> cleaners);
  static const std::vector<std::string>& names();

  /// @param text UTF-8, in the front end one word @throws Error(kBadText)
  std::string clean(const std::string& text) const;

 private:
  std::string to_ascii(const std::string& text) const;

  std::vector<std::string> cleaners_;
  std::optional<SortedRows> transliteration_;
};

}  // namespace vl::text
