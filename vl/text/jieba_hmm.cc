#include "vl/text/jieba_hmm.h"

#include <array>

namespace vl::text {

namespace {

// In the order of their letters: the file's columns, and what decides between equal scores.
enum State { kB, kE, kM, kS, kStates };
using Scores = std::array<double, kStates>;

constexpr double kNever = -3.14e100;
constexpr Scores kStart = {-0.26268660809250016, kNever, kNever, -1.4652633398537678};

struct Step {
  State from;
  double score;
};
/// Into each state: the two states that may come before, the later letter first.
constexpr std::array<std::array<Step, 2>, kStates> kSteps = {{
    {{{kS, -0.7211965654669841}, {kE, -0.5897149736854513}}},
    {{{kM, -0.33344856811948514}, {kB, -0.510825623765990}}},
    {{{kM, -1.2603623820268226}, {kB, -0.916290731874155}}},
    {{{kS, -0.6658631448798212}, {kE, -0.8085250474669937}}},
}};

Scores emission(const SortedRows& rows, std::string_view character) {
  Scores out = {kNever, kNever, kNever, kNever};
  const auto row = rows.find(character);
  if (!row) return out;
  std::string_view rest = *row;
  for (double& score : out) {
    const size_t gap = rest.find(' ');
    const std::string_view field = rest.substr(0, gap);
    rest = gap == std::string_view::npos ? std::string_view() : rest.substr(gap + 1);
    if (field == "-") continue;
    const auto number = parse_number<double>(field);
    if (!number) rows.bad_value(*row);
    score = *number;
  }
  if (!rest.empty()) rows.bad_value(*row);
  return out;
}

}  // namespace

std::vector<int> JiebaHmm::states(const Utf8Text& text, size_t begin, size_t end) const {
  const size_t n = end - begin;
  std::vector<std::array<State, kStates>> from(n);
  Scores best = emission(emissions_, text.slice(begin, begin + 1));
  for (size_t s = 0; s < kStates; ++s) best[s] = kStart[s] + best[s];
  for (size_t t = 1; t < n; ++t) {
    const Scores emit = emission(emissions_, text.slice(begin + t, begin + t + 1));
    Scores next{};
    for (size_t s = 0; s < kStates; ++s) {
      const auto& [late, early] = kSteps[s];
      const double a = best[late.from] + late.score + emit[s];
      const double b = best[early.from] + early.score + emit[s];
      next[s] = b > a ? b : a;
      from[t][s] = b > a ? early.from : late.from;
    }
    best = next;
  }
  std::vector<int> out(n);
  out[n - 1] = best[kE] > best[kS] ? kE : kS;
  for (size_t t = n - 1; t > 0; --t) out[t - 1] = from[t][static_cast<size_t>(out[t])];
  return out;
}

void JiebaHmm::cut(const Utf8Text& text, size_t begin, size_t end,
                   std::vector<size_t>& ends) const {
  if (begin == end) return;
  const std::vector<int> chain = states(text, begin, end);
  for (size_t i = 0; i < chain.size(); ++i)
    if (chain[i] == kE || chain[i] == kS) ends.push_back(begin + i + 1);
}

}  // namespace vl::text
