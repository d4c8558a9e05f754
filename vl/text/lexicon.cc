#include "vl/text/lexicon.h"

#include <algorithm>

#include "vl/core/error.h"
#include "vl/core/file.h"

namespace vl::text {

Lexicon::Lexicon(const std::string& path) : text_(read_file(path)) {
  const std::string_view all = text_;
  for (size_t begin = 0; begin < all.size();) {
    const size_t end = std::min(all.find('\n', begin), all.size());
    std::string_view line = all.substr(begin, end - begin);
    begin = end + 1;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    const size_t gap = line.find("  ");
    if (line.substr(0, 3) == ";;;" || gap == std::string_view::npos) continue;
    std::string_view word = line.substr(0, gap);
    if (word.size() > 3 && word.back() == ')' && word[word.size() - 3] == '(')
      word.remove_suffix(3);
    rows_.push_back({word, line.substr(gap + 2)});
  }
  if (rows_.empty())
    throw Error(Code::kBadLexicon, path + " holds no pronunciations", Where{.file = path});
  std::stable_sort(rows_.begin(), rows_.end(),
                   [](const Row& a, const Row& b) { return a.word < b.word; });
}

std::vector<std::vector<std::string>> Lexicon::find(std::string_view word) const {
  std::string key(word);
  std::transform(key.begin(), key.end(), key.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::vector<std::vector<std::string>> out;
  const auto first =
      std::lower_bound(rows_.begin(), rows_.end(), key,
                       [](const Row& r, const std::string& k) { return r.word < k; });
  for (auto row = first; row != rows_.end() && row->word == key; ++row) {
    std::vector<std::string> phones(1);
    for (const char c : row->phones) {
      if (c == ' ')
        phones.emplace_back();
      else
        phones.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    std::erase(phones, "");
    out.push_back(phones);
  }
  return out;
}

}  // namespace vl::text
