#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/vallex/fused_decoder.h"
#include "vl/models/vallex/vallex.h"

namespace vl::models::vallex {

namespace {

constexpr int64_t kFirstRoom = 256;  // rows of a new cache beyond the prompt

}  // namespace

at::Tensor Vallex::ar_stack(const at::Tensor& x, ArState& state, int64_t prefix, Taps* taps) const {
  state.unshare();
  state.reserve(state.rows + x.size(1));
  const std::vector<NormWeights> norms = ar_decoder_->norms({});
  Sight sight{.heads = state.heads, .prefix = prefix, .cached = state.rows};
  at::Tensor h = x;
  for (size_t i = 0; i < ar_decoder_->size(); ++i) {
    // Of the last layer only the last row is read, unless somebody looks on.
    if (i + 1 == ar_decoder_->size() && taps == nullptr && path() == nn::Path::kFused)
      sight.first = x.size(1) - 1;
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
  ArState state{.layers = {}, .heads = in.heads, .positions = y.size(0), .shared = {}};
  state.in_place = fused(xy);
  const at::TensorOptions kept =
      xy.options().dtype(precision_ == nn::Precision::kFloat32 ? at::kFloat : at::kBFloat16);
  const std::vector<int64_t> sizes = {1, in.heads, xy.size(1) + kFirstRoom, config_.dim / in.heads};
  for (size_t i = 0; i < ar_decoder_->size(); ++i)
    state.layers.push_back({at::empty(sizes, kept), at::empty(sizes, kept)});
  if (taps != nullptr) keep(taps, "ar_embed", xy[0]);
  const at::Tensor h = ar_stack(xy, state, prefix, taps);
  if (taps != nullptr) {
    keep(taps, "ar_layer0_k", state.layers[0].keys[0].narrow(1, 0, state.rows));
    keep(taps, "ar_layer0_v", state.layers[0].values[0].narrow(1, 0, state.rows));
  }
  *logits = (*ar_predict_)(h.select(1, -1));
  return state;
}

void Vallex::expand(ArState& state, int64_t rows) { state.expand(rows); }

at::Tensor Vallex::step(const at::Tensor& tokens, ArState& state) const {
  return step_all({tokens}, {&state})[0];
}

at::Tensor Vallex::plain_step(const at::Tensor& tokens, ArState& state) const {
  const at::Tensor x = (*ar_audio_position_)((*ar_audio_)(tokens.unsqueeze(1)), state.positions);
  const at::Tensor h = ar_stack(x, state, /*prefix=*/-1, nullptr);
  ++state.positions;
  return (*ar_predict_)(h.select(1, -1));
}

std::vector<at::Tensor> Vallex::step_all(const std::vector<at::Tensor>& tokens,
                                         const std::vector<ArState*>& states) const {
  std::vector<at::Tensor> out, x;
  std::vector<StepRow> rows;
  for (size_t i = 0; i < states.size(); ++i) {
    ArState& state = *states[i];
    const at::Tensor ids = tokens[i].to(ar_audio_->weight().device());
    if (!state.in_place || !fused(ar_audio_->weight())) {
      out.push_back(plain_step(ids, state));
      continue;
    }
    state.reserve(state.rows + 1);
    x.push_back((*ar_audio_position_)((*ar_audio_)(ids.unsqueeze(1)), state.positions).squeeze(1));
    for (int64_t row = 0; row < ids.size(0); ++row) rows.push_back({&state, row});
  }
  if (rows.empty()) return out;
  check(out.empty(), Code::kBadValue, "states of both paths in one step");
  const at::Tensor logits =
      fused_step(*ar_decoder_, {ar_predict_->weight, {}}, rows, x.size() == 1 ? x[0] : at::cat(x));
  int64_t at = 0;
  for (size_t i = 0; i < states.size(); ++i) {
    ++states[i]->rows;
    ++states[i]->positions;
    out.push_back(logits.narrow(0, at, tokens[i].size(0)));
    at += tokens[i].size(0);
  }
  return out;
}

at::Tensor Vallex::forced_logits(const LmInput& input, const at::Tensor& given, Taps* taps) const {
  const at::Tensor forced = checked_tokens(given, kBos + 1);
  at::Tensor logits;
  ArState state = prefill(input, &logits, taps);
  std::vector<at::Tensor> all = {logits};
  for (int64_t i = 0; i < forced.size(0); ++i) all.push_back(step(forced.narrow(0, i, 1), state));
  return at::cat(all);
}

}  // namespace vl::models::vallex
