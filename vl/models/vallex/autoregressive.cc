#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/vallex/vallex.h"

namespace vl::models::vallex {

namespace {

constexpr int64_t kFirstRoom = 256;  // rows of a new cache beyond the prompt
constexpr int64_t kFramesPerToken = 16;
constexpr int64_t kMaxBestOf = 64;

/// Room for `rows` rows in every layer; what is there stays.
void reserve(ArState& state, int64_t rows) {
  for (LayerCache& layer : state.layers) {
    if (layer.keys.size(2) >= rows) return;
    std::vector<int64_t> sizes = layer.keys.sizes().vec();
    sizes[2] = std::max(rows, 2 * sizes[2]);
    for (at::Tensor* t : {&layer.keys, &layer.values}) {
      at::Tensor larger = at::empty(sizes, t->options());
      larger.narrow(2, 0, state.rows).copy_(t->narrow(2, 0, state.rows));
      *t = larger;
    }
  }
}

void check_options(const DecodeOptions& o) {
  validate(o.sampling);
  if (o.best_of < 1 || o.best_of > kMaxBestOf)
    fail(Code::kBadValue, "best_of is {}, wanted 1..{}", o.best_of, kMaxBestOf);
  if (o.greedy && o.best_of != 1)
    fail(Code::kBadValue, "greedy decoding has one row, best_of is {}", o.best_of);
  if (!std::isfinite(o.length_penalty))
    fail(Code::kBadValue, "length_penalty is {}, wanted a number", o.length_penalty);
  if (o.fixed_frames < 0 || o.max_frames < 0)
    fail(Code::kBadValue, "numbers of frames must not be below 0");
}

struct Draws {
  std::vector<int64_t> classes;
  std::vector<double> log_probs;
  double margin = 0;
};

Draws draw_best(const at::Tensor& logits) {
  const at::Tensor top = std::get<0>(logits[0].topk(2)).cpu();
  const double total = logits[0].to(at::kDouble).logsumexp(0).item<double>();
  const float* best = top.const_data_ptr<float>();
  return {.classes = {logits[0].argmax().item<int64_t>()},
          .log_probs = {best[0] - total},
          .margin = double{best[0]} - double{best[1]}};
}

Draws draw_rows(const at::Tensor& logits, const DecodeOptions& o, uint64_t step) {
  const at::Tensor p = filtered_probabilities(logits, o.sampling);
  Draws out;
  for (int64_t row = 0; row < p.size(0); ++row) {
    const double* probabilities = p.const_data_ptr<double>() + row * p.size(1);
    const double u = uniform_draw(o.seed, o.sequence + static_cast<uint64_t>(row), step);
    out.classes.push_back(class_at(probabilities, p.size(1), u));
    out.log_probs.push_back(std::log(probabilities[out.classes.back()]));
  }
  return out;
}

}  // namespace

at::Tensor Vallex::ar_stack(const at::Tensor& x, ArState& state, int64_t prefix, Taps* taps) const {
  reserve(state, state.rows + x.size(1));
  const std::vector<NormWeights> norms = ar_decoder_->norms({});
  const Sight sight{.heads = state.heads, .prefix = prefix, .cached = state.rows};
  at::Tensor h = x;
  for (size_t i = 0; i < ar_decoder_->size(); ++i) {
    h = ar_decoder_->layer(i)(h, norms[2 * i], norms[2 * i + 1], sight, &state.layers[i]);
    if (taps != nullptr) keep(taps, "ar_layer" + std::to_string(i), h[0]);
  }
  state.rows += x.size(1);
  h = apply_norm(norms.back(), h);
  if (taps != nullptr) keep(taps, "ar_norm", h[0]);
  return h;
}

ArState Vallex::prefill(const LmInput& given, at::Tensor* logits, Taps* taps) const {
  const LmInput in = checked(given);
  const int64_t prefix = in.text_tokens.size(0);
  const at::Tensor x = text_rows(*ar_text_, *ar_language_, *ar_text_position_, in);
  const at::Tensor y =
      at::cat({at::full({1}, kBos, in.text_tokens.options()), in.prompt_codes.select(1, 0)});
  const at::Tensor xy = at::cat({x, (*ar_audio_position_)((*ar_audio_)(y))}).unsqueeze(0);
  ArState state{.heads = in.heads, .positions = y.size(0)};
  const std::vector<int64_t> sizes = {1, in.heads, xy.size(1) + kFirstRoom, config_.dim / in.heads};
  for (size_t i = 0; i < ar_decoder_->size(); ++i)
    state.layers.push_back({at::empty(sizes, xy.options()), at::empty(sizes, xy.options())});
  if (taps != nullptr) keep(taps, "ar_embed", xy[0]);
  const at::Tensor h = ar_stack(xy, state, prefix, taps);
  if (taps != nullptr) {
    keep(taps, "ar_layer0_k", state.layers[0].keys[0].narrow(1, 0, state.rows));
    keep(taps, "ar_layer0_v", state.layers[0].values[0].narrow(1, 0, state.rows));
  }
  *logits = (*ar_predict_)(h.select(1, -1));
  return state;
}

void Vallex::expand(ArState& state, int64_t rows) {
  for (LayerCache& layer : state.layers) {
    layer.keys = layer.keys.repeat({rows, 1, 1, 1});
    layer.values = layer.values.repeat({rows, 1, 1, 1});
  }
}

at::Tensor Vallex::step(const at::Tensor& tokens, ArState& state) const {
  const at::Tensor x = (*ar_audio_position_)((*ar_audio_)(tokens.unsqueeze(1)), state.positions);
  const at::Tensor h = ar_stack(x, state, /*prefix=*/-1, nullptr);
  ++state.positions;
  return (*ar_predict_)(h.select(1, -1));
}

at::Tensor Vallex::forced_logits(const LmInput& input, const at::Tensor& given, Taps* taps) const {
  const at::Tensor forced = checked_tokens(given, kBos + 1);
  at::Tensor logits;
  ArState state = prefill(input, &logits, taps);
  std::vector<at::Tensor> all = {logits};
  for (int64_t i = 0; i < forced.size(0); ++i) all.push_back(step(forced.narrow(0, i, 1), state));
  return at::cat(all);
}

Decoded Vallex::decode(const LmInput& input, const DecodeOptions& o) const {
  check_options(o);
  const auto poll = [&] { return o.cancelled && o.cancelled(); };
  Decoded out{.tokens = at::zeros({0}, at::kLong), .stopped_by = StoppedBy::kCancelled};
  if (poll()) return out;
  at::Tensor logits;
  ArState state = prefill(input, &logits);
  const int64_t cap = kFramesPerToken * input.text_tokens.size(0);
  const at::TensorOptions on_device = logits.options().dtype(at::kLong);
  if (o.best_of > 1) {
    expand(state, o.best_of);
    logits = logits.repeat({o.best_of, 1});
  }
  RowScores rows(o.best_of, state.positions);
  for (int64_t frames = 0;; ++frames) {
    if (o.fixed_frames > 0) {
      if (frames == o.fixed_frames) {
        out.stopped_by = StoppedBy::kFixed;
        break;
      }
      logits.select(1, kEos).fill_(-INFINITY);
    }
    const Draws d = o.greedy ? draw_best(logits) : draw_rows(logits, o, uint64_t(frames));
    const std::vector<int64_t> tokens = rows.draw(d.classes, d.log_probs);
    out.draws.push_back(tokens[0]);
    if (o.greedy) out.margins.push_back(d.margin);
    if (rows.all_ended()) {
      out.stopped_by = StoppedBy::kEos;
      break;
    }
    if (o.fixed_frames == 0 && frames + 1 > cap) {
      out.stopped_by = StoppedBy::kCap;
      break;
    }
    rows.append(tokens);
    if (o.progress) o.progress(frames + 1);
    if (frames + 1 == o.max_frames) {
      out.stopped_by = StoppedBy::kMaxFrames;
      break;
    }
    if (frames + 1 == o.fixed_frames) continue;
    if (poll()) return out;
    logits = step(at::tensor(tokens, at::kLong).to(on_device), state);
  }
  const int64_t best = rows.best(o.length_penalty);
  out.tokens = at::tensor(rows.frames(best), at::kLong);
  out.take = best;
  out.log_prob = rows.log_prob(best);
  return out;
}

}  // namespace vl::models::vallex
