#include "vl/text/jieba_cut.h"

#include <cmath>
#include <limits>

namespace vl::text {

namespace {

/// Chinese characters as jieba 0.42.1 knows them.
bool is_jieba_han(uint32_t c) { return c >= 0x4E00 && c <= 0x9FD5; }

/// What may stand in a word of the dictionary.
bool is_word_part(uint32_t c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return is_jieba_han(c) || letter ||
         (c < 0x80 &&
          std::string_view("+#&._%-").find(static_cast<char>(c)) != std::string_view::npos);
}

}  // namespace

JiebaCut::JiebaCut(const std::string& folder)
    : words_(folder + "/words.txt", "words"),
      hmm_(folder + "/hmm.txt"),
      log_total_(log_frequency(words_.extra())) {}

double JiebaCut::log_frequency(std::string_view value) const {
  const auto frequency = parse_number<uint64_t>(value);
  if (!frequency || *frequency == 0) words_.bad_value(value);
  return std::log(static_cast<double>(*frequency));
}

std::vector<size_t> JiebaCut::cut(const Utf8Text& text) const {
  std::vector<size_t> ends;
  for (size_t i = 0; i < text.size();) {
    size_t end = i;
    while (end < text.size() && is_word_part(text[end])) ++end;
    if (end == i)
      ends.push_back(++end);
    else
      cut_block(text, i, end, ends);
    i = end;
  }
  return ends;
}

std::vector<uint32_t> JiebaCut::path(const Utf8Text& text, size_t begin, size_t end) const {
  const size_t n = end - begin;
  std::vector<double> score(n + 1);
  std::vector<uint32_t> length(n);
  for (size_t i = n; i-- > 0;) {
    score[i] = -std::numeric_limits<double>::infinity();
    const auto offer = [&](double log_word, size_t size) {
      const double s = log_word - log_total_ + score[i + size];
      if (s < score[i]) return;  // of equal ones the longer word
      score[i] = s;
      length[i] = static_cast<uint32_t>(size);
    };
    SortedRows::Range range = words_.all();
    for (size_t size = 1; i + size <= n; ++size) {
      const size_t at = begin + i + size;
      range = words_.narrow(range, text.slice(at - 1, at));
      if (range.empty()) break;
      if (const auto value = words_.value(range)) offer(log_frequency(*value), size);
    }
    if (length[i] == 0) offer(0, 1);
  }
  return length;
}

void JiebaCut::cut_block(const Utf8Text& text, size_t begin, size_t end,
                         std::vector<size_t>& ends) const {
  const std::vector<uint32_t> length = path(text, begin, end);
  size_t single = begin;  // where the current row of single characters begins
  for (size_t i = begin; i < end;) {
    const size_t next = i + length[i - begin];
    if (next - i > 1) {
      cut_rest(text, single, i, ends);
      ends.push_back(next);
      single = next;
    }
    i = next;
  }
  cut_rest(text, single, end, ends);
}

void JiebaCut::cut_rest(const Utf8Text& text, size_t begin, size_t end,
                        std::vector<size_t>& ends) const {
  // A row that is itself a word was split by the likelier path and stays so.
  if (words_.find(text.slice(begin, end))) {
    for (size_t i = begin; i < end; ++i) ends.push_back(i + 1);
    return;
  }
  for (size_t i = begin; i < end;) {
    const bool han = is_jieba_han(text[i]);
    size_t stop = i;
    while (stop < end && is_jieba_han(text[stop]) == han) ++stop;
    if (han)
      hmm_.cut(text, i, stop, ends);
    else
      ends.push_back(stop);
    i = stop;
  }
}

}  // namespace vl::text
