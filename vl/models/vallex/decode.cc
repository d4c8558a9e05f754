// The autoregressive loop: sentences and their takes, side by side.

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/vallex/vallex.h"

namespace vl::models::vallex {

namespace {

constexpr int64_t kFramesPerToken = 16;
constexpr int64_t kMaxBestOf = 64;
constexpr int64_t kRedraws = 3;      // cuts of a row after which the next one ends it
constexpr int kSubSequenceBit = 32;  // of the counter of a draw: redraws above, frames below

void check_options(const DecodeOptions& o) {
  validate(o.sampling);
  if (o.best_of < 1 || o.best_of > kMaxBestOf)
    fail(Code::kBadValue, "best_of is {}, wanted 1..{}", o.best_of, kMaxBestOf);
  if (o.greedy && o.best_of != 1)
    fail(Code::kBadValue, "greedy decoding has one row, best_of is {}", o.best_of);
  if (!std::isfinite(o.length_penalty))
    fail(Code::kBadValue, "length_penalty is {}, wanted a number", o.length_penalty);
  if (o.fixed_frames < 0 || o.max_frames < 0 || o.repetition_guard < 0)
    fail(Code::kBadValue, "numbers of frames must not be below 0");
}

struct Draw {
  int64_t token = 0;
  double log_prob = 0, margin = 0;
};

/// The best class. @param logits [classes]
Draw draw_best(const at::Tensor& logits) {
  const at::Tensor top = std::get<0>(logits.topk(2)).cpu();
  const double total = logits.to(at::kDouble).logsumexp(0).item<double>();
  const float* best = top.const_data_ptr<float>();
  return {.token = logits.argmax().item<int64_t>(),
          .log_prob = best[0] - total,
          .margin = double{best[0]} - double{best[1]}};
}

/// One row of a sentence: a take.
struct Take {
  Take(uint64_t sequence_, int64_t prefix) : sequence(sequence_), score(1, prefix) {}

  uint64_t sequence;
  RowScores score;
  bool ended = false;
  StoppedBy stopped_by = StoppedBy::kEos;
  int64_t redraws = 0;
  std::vector<int64_t> draws;
  std::vector<double> margins;

  const std::vector<int64_t>& frames() const { return score.frames(0); }
  int64_t count() const { return static_cast<int64_t>(frames().size()); }
  /// What the next step embeds; a take that has ended beside others goes on with the end token.
  int64_t last() const { return ended ? kEos : frames().back(); }
  void end(StoppedBy why) {
    ended = true;
    stopped_by = why;
  }
};

/// Takes whose rows lie in one state and step together.
struct Lane {
  ArState state;
  std::vector<size_t> takes;
  at::Tensor logits;  ///< [takes, classes]
};

/// One input on its way.
class Sentence {
 public:
  Sentence(const LmInput& input, const DecodeOptions& options) : input_(input), options_(options) {}

  const LmInput& input() const { return input_; }
  bool done() const { return done_; }
  std::vector<Lane>& lanes() { return lanes_; }

  bool poll() {
    if (options_.cancelled && options_.cancelled()) done_ = cancelled_ = true;
    return cancelled_;
  }

  /// Every take a lane of its own where the step reads caches in place, or where takes may be cut;
  /// else all of them are rows of one state.
  void start(ArState state, const at::Tensor& logits) {
    cap_ = kFramesPerToken * input_.text_tokens.size(0);
    const int64_t prefix = state.positions;
    for (int64_t i = 0; i < options_.best_of; ++i)
      takes_.emplace_back(options_.sequence + static_cast<uint64_t>(i), prefix);
    const bool apart = state.in_place || options_.repetition_guard > 0;
    const size_t lanes = apart ? takes_.size() : 1;
    if (options_.best_of > 1) state.expand(apart ? 1 : options_.best_of);
    const auto each = static_cast<int64_t>(takes_.size() / lanes);
    for (size_t i = 0; i < lanes; ++i) {
      Lane lane{.state = i == 0 ? state : state.copy(), .takes = {}, .logits = {}};
      lane.logits = logits.repeat({each, 1});
      for (int64_t t = 0; t < each; ++t) lane.takes.push_back(i + static_cast<size_t>(t));
      lanes_.push_back(std::move(lane));
    }
  }

  /// Draws once for every take that goes on, drops lanes without one.
  void draw() {
    for (Lane& lane : lanes_)
      for (size_t i = 0; i < lane.takes.size(); ++i)
        if (Take& take = takes_[lane.takes[i]]; !take.ended)
          advance(take, lane, lane.logits[static_cast<int64_t>(i)]);
    std::erase_if(lanes_, [&](const Lane& lane) {
      return std::all_of(lane.takes.begin(), lane.takes.end(),
                         [&](size_t i) { return takes_[i].ended; });
    });
    done_ = lanes_.empty();
    int64_t longest = 0;
    for (const Take& take : takes_) longest = std::max(longest, take.count());
    if (longest <= reported_) return;
    reported_ = longest;
    if (options_.progress) options_.progress(longest);
  }

  at::Tensor tokens(const Lane& lane) const {
    std::vector<int64_t> out;
    for (size_t i : lane.takes) out.push_back(takes_[i].last());
    return at::tensor(out, at::kLong);
  }

  Decoded result() const {
    Decoded out{.tokens = at::zeros({0}, at::kLong), .stopped_by = StoppedBy::kCancelled};
    if (takes_.empty()) return out;
    out.draws = takes_[0].draws;
    out.margins = takes_[0].margins;
    if (cancelled_) return out;
    const Take* best = &takes_[0];
    const double penalty = options_.length_penalty;
    for (const Take& take : takes_)
      if (take.score.score(0, penalty) > best->score.score(0, penalty)) best = &take;
    out.tokens = at::tensor(best->frames(), at::kLong);
    out.stopped_by = best->stopped_by;
    out.take = best - takes_.data();
    out.log_prob = best->score.log_prob(0);
    return out;
  }

 private:
  Draw drawn(const Take& take, const at::Tensor& logits) const {
    if (options_.greedy) return draw_best(logits);
    const at::Tensor p = filtered_probabilities(logits.unsqueeze(0), options_.sampling);
    const auto step = static_cast<uint64_t>(take.count()) | static_cast<uint64_t>(take.redraws)
                                                                << kSubSequenceBit;
    const double* probabilities = p.const_data_ptr<double>();
    const int64_t token =
        class_at(probabilities, p.size(1), uniform_draw(options_.seed, take.sequence, step));
    return {.token = token, .log_prob = std::log(probabilities[token])};
  }

  void advance(Take& take, Lane& lane, at::Tensor logits) {
    if (options_.fixed_frames > 0) logits.narrow(0, kEos, 1).fill_(-INFINITY);
    const Draw d = drawn(take, logits);
    take.draws.push_back(d.token);
    if (options_.greedy) take.margins.push_back(d.margin);
    const std::vector<int64_t> tokens = take.score.draw({d.token}, {d.log_prob});
    if (d.token == kEos) return take.end(StoppedBy::kEos);
    if (options_.fixed_frames == 0 && take.count() + 1 > cap_) return take.end(StoppedBy::kCap);
    take.score.append(tokens);
    if (repeats(take.frames(), options_.repetition_guard)) return cut(take, lane);
    if (take.count() == options_.max_frames) return take.end(StoppedBy::kMaxFrames);
    if (take.count() == options_.fixed_frames) return take.end(StoppedBy::kFixed);
  }

  /// Back to where the loop's last frames began.
  void cut(Take& take, Lane& lane) const {
    const int64_t frames = options_.repetition_guard;
    take.score.cut(0, frames);
    if (options_.greedy || take.redraws == kRedraws) return take.end(StoppedBy::kRepetition);
    ++take.redraws;
    lane.state.drop(frames);
  }

  LmInput input_;
  DecodeOptions options_;
  int64_t cap_ = 0, reported_ = 0;
  bool done_ = false, cancelled_ = false;
  std::vector<Take> takes_;
  std::vector<Lane> lanes_;
};

}  // namespace

bool repeats(const std::vector<int64_t>& frames, int64_t guard) {
  const auto n = static_cast<int64_t>(frames.size());
  if (guard <= 0 || n < 2 * guard) return false;
  const int64_t* last = frames.data() + n - 2 * guard;
  for (int64_t period = 1; period <= guard; ++period)
    if (std::equal(last + period, last + 2 * guard, last)) return true;
  return false;
}

std::vector<Decoded> Vallex::decode_batch(const std::vector<LmInput>& inputs,
                                          const std::vector<DecodeOptions>& options) const {
  check(inputs.size() == options.size(), Code::kBadValue, "every input needs its options");
  std::vector<Sentence> sentences;
  for (size_t i = 0; i < inputs.size(); ++i) {
    check_options(options[i]);
    sentences.emplace_back(inputs[i], options[i]);
  }
  for (Sentence& s : sentences) {
    if (s.poll()) continue;
    at::Tensor logits;
    ArState state = prefill(s.input(), &logits);
    s.start(std::move(state), logits);
  }
  for (;;) {
    std::vector<std::pair<Lane*, at::Tensor>> next;
    for (Sentence& s : sentences) {
      if (!s.done()) s.draw();
      if (s.done() || s.poll()) continue;
      for (Lane& lane : s.lanes()) next.emplace_back(&lane, s.tokens(lane));
    }
    if (next.empty()) break;
    std::vector<ArState*> states;
    std::vector<at::Tensor> tokens;
    for (auto& [lane, token] : next) {
      states.push_back(&lane->state);
      tokens.push_back(token);
    }
    const std::vector<at::Tensor> logits = step_all(tokens, states);
    for (size_t i = 0; i < next.size(); ++i) next[i].first->logits = logits[i];
  }
  std::vector<Decoded> out;
  out.reserve(sentences.size());
  for (const Sentence& s : sentences) out.push_back(s.result());
  return out;
}

Decoded Vallex::decode(const LmInput& input, const DecodeOptions& options) const {
  return decode_batch({input}, {options})[0];
}

}  // namespace vl::models::vallex
