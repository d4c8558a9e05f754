#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "vl/core/file.h"

namespace vl::text {

/// Calls use(line, number) for each line of a list that is neither empty nor a comment (#).
/// @throws as read_file, clean_text
template <class Use>
void each_line(const std::string& path, const Use& use) {
  const std::string text = clean_text(read_file(path), path);
  long number = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line(text.data() + begin, end - begin);
    begin = end + 1;
    ++number;
    if (!line.empty() && line[0] != '#') use(line, number);
  }
}

}  // namespace vl::text
