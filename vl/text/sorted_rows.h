#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vl::text {

/// A table of one text file, searched where it lies: the first line is "#NAME ROWS EXTRA", then
/// follow ROWS lines "key<TAB>value", the keys in strictly ascending order of their bytes. It costs
/// the bytes of the file and one offset a row.
class SortedRows {
 public:
  /// @param name what the first line must name
  /// @throws Error(kNotFound) as read_file; Error(kBadLexicon) with the line that does not fit
  SortedRows(const std::string& path, std::string_view name);

  /// Rows [begin, end): those whose keys begin with the same `size` bytes.
  struct Range {
    uint32_t begin = 0, end = 0, size = 0;
    bool empty() const { return begin == end; }
  };
  Range all() const { return {0, static_cast<uint32_t>(offsets_.size()), 0}; }
  /// The rows of `range` whose keys go on with `next`.
  Range narrow(const Range& range, std::string_view next) const;
  /// Value of the row whose key ends where the range stands; none if no row has that key.
  std::optional<std::string_view> value(const Range& range) const;
  std::optional<std::string_view> find(std::string_view key) const;

  size_t size() const { return offsets_.size(); }
  /// What the first line holds after the number of rows.
  const std::string& extra() const { return extra_; }
  /// For a value that its reader cannot use. @throws Error(kBadLexicon)
  [[noreturn]] void bad_value(std::string_view value) const;

 private:
  size_t read_header(std::string_view name);
  void index(size_t at);
  [[noreturn]] void bad_line(size_t line, const char* why) const;

  std::string path_, text_, extra_;
  size_t rows_ = 0;                // as the first line says
  std::vector<uint32_t> offsets_;  // of each row in text_
};

/// A whole string as a number, for values of such tables. @return none for anything else
template <class Number>
std::optional<Number> parse_number(std::string_view text);

}  // namespace vl::text
