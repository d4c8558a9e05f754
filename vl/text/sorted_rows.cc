#include "vl/text/sorted_rows.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "vl/core/error.h"
#include "vl/core/file.h"

namespace vl::text {

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number out{};
  const char* end = text.data() + text.size();
  const auto [used, code] = std::from_chars(text.data(), end, out);
  if (code != std::errc() || used != end) return std::nullopt;
  return out;
}

template std::optional<uint64_t> parse_number(std::string_view);
template std::optional<double> parse_number(std::string_view);

SortedRows::SortedRows(const std::string& path, std::string_view name)
    : path_(path), text_(read_file(path, std::numeric_limits<uint32_t>::max())) {
  if (const size_t at = invalid_utf8(text_); at != std::string::npos)
    bad_line(static_cast<size_t>(
                 std::count(text_.begin(), text_.begin() + static_cast<long>(at), '\n')) +
                 1,
             "it is not UTF-8");
  index(read_header(name));
}

size_t SortedRows::read_header(std::string_view name) {
  const size_t end = text_.find('\n');
  const std::string start = fmt::format("#{} ", name);
  if (end == std::string::npos || text_.compare(0, start.size(), start) != 0)
    bad_line(1, "it does not begin with the name of the table");
  std::string rows = text_.substr(start.size(), end - start.size());
  if (const size_t gap = rows.find(' '); gap != std::string::npos) {
    extra_ = rows.substr(gap + 1);
    rows.resize(gap);
  }
  const auto count = parse_number<uint64_t>(rows);
  if (!count || *count == 0 || *count > text_.size()) bad_line(1, "no number of rows");
  rows_ = *count;
  return end + 1;
}

void SortedRows::index(size_t at) {
  const std::string_view all = text_;
  std::string_view last;
  offsets_.reserve(rows_);
  for (size_t line = 2; at < all.size(); ++line) {
    const size_t end = all.find('\n', at);
    if (end == std::string_view::npos) bad_line(line, "the line is cut off");
    const std::string_view key = all.substr(at, end - at).substr(0, all.find('\t', at) - at);
    if (key.empty() || key.size() == end - at) bad_line(line, "no key and value");
    if (key <= last) bad_line(line, "the key is out of order");
    last = key;
    offsets_.push_back(static_cast<uint32_t>(at));
    at = end + 1;
  }
  if (offsets_.size() != rows_) bad_line(offsets_.size() + 1, "the number of rows differs");
}

void SortedRows::bad_line(size_t line, const char* why) const {
  throw Error(Code::kBadLexicon, fmt::format("{} is damaged: {}", path_, why),
              Where{.file = path_, .line = static_cast<long>(line)}, {"install the file again"});
}

void SortedRows::bad_value(std::string_view value) const {
  throw Error(Code::kBadLexicon, fmt::format("{} is damaged: the value \"{}\"", path_, value),
              Where{.file = path_}, {"install the file again"});
}

SortedRows::Range SortedRows::narrow(const Range& range, std::string_view next) const {
  // A key that ends earlier goes on with its tab, which comes before every byte of a key.
  const auto tail = [&](uint32_t offset) {
    return std::string_view(text_).substr(offset + range.size, next.size());
  };
  const auto begin = offsets_.begin() + range.begin, end = offsets_.begin() + range.end;
  const auto first = std::lower_bound(
      begin, end, next, [&](uint32_t row, std::string_view to) { return tail(row) < to; });
  const auto last = std::upper_bound(
      first, end, next, [&](std::string_view to, uint32_t row) { return to < tail(row); });
  return {static_cast<uint32_t>(first - offsets_.begin()),
          static_cast<uint32_t>(last - offsets_.begin()),
          range.size + static_cast<uint32_t>(next.size())};
}

std::optional<std::string_view> SortedRows::value(const Range& range) const {
  if (range.empty()) return std::nullopt;
  const size_t tab = size_t{offsets_[range.begin]} + range.size;
  if (text_[tab] != '\t') return std::nullopt;
  return std::string_view(text_).substr(tab + 1, text_.find('\n', tab) - tab - 1);
}

std::optional<std::string_view> SortedRows::find(std::string_view key) const {
  return value(narrow(all(), key));
}

}  // namespace vl::text
