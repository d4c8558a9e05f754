#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/vallex/vallex.h"

namespace vl::models::vallex {

namespace {

constexpr int64_t kPasses = kCodebooks - 1;

/// True when norms made earlier do not serve a model that has moved since.
bool differs(const NormWeights& made, const at::Tensor& weight) {
  return made.weight.device() != weight.device() ||
         made.weight.scalar_type() != weight.scalar_type();
}

}  // namespace

void Vallex::prepare() {
  {
    const std::lock_guard lock(norms_mutex_);
    norms_.reset();
  }
  stage_norms();
}

std::shared_ptr<const StageNorms> Vallex::stage_norms() const {
  const std::lock_guard lock(norms_mutex_);
  if (!norms_ || differs(norms_->front().front(), (*nar_stages_)[0].weight())) {
    StageNorms made;
    for (const auto& stage : *nar_stages_) made.push_back(nar_decoder_->norms(stage->weight()[0]));
    norms_ = std::make_shared<const StageNorms>(std::move(made));
  }
  return norms_;
}

at::Tensor Vallex::nar_pass(size_t pass, const at::Tensor& xy, const NarRows& rows,
                            const std::vector<NormWeights>& norms, Taps* taps) const {
  const std::string prefix = "nar_stage" + std::to_string(pass) + "_";
  Sight sight{.heads = rows.heads};
  at::Tensor h = xy;
  for (size_t i = 0; i < nar_decoder_->size(); ++i) {
    // Of the last layer only the rows of new frames are read, unless somebody looks on.
    if (i + 1 == nar_decoder_->size() && taps == nullptr && path() == nn::Path::kFused)
      sight.first = xy.size(1) - rows.frames;
    h = nar_decoder_->layer(i)(h, norms[2 * i], norms[2 * i + 1], sight, nullptr);
    if (taps != nullptr) keep(taps, prefix + "layer" + std::to_string(i), h[0]);
  }
  h = apply_norm(norms.back(), h);
  if (taps != nullptr) keep(taps, prefix + "norm", h[0]);
  return h.narrow(1, h.size(1) - rows.frames, rows.frames);
}

NarResult Vallex::nar(const LmInput& given, const at::Tensor& tokens, const NarOptions& options,
                      bool with_logits, Taps* taps) const {
  const LmInput in = checked(given);
  const int64_t mode = options.prefix_mode < 0 ? config_.prefix_mode : options.prefix_mode;
  if (mode != 0 && mode != 1)
    fail(Code::kBadValue, "prefix mode {} is not one of inference, wanted 0 or 1", mode);
  const at::Tensor first = checked_tokens(tokens, kCodebookSize);
  const int64_t prompt = in.prompt_codes.size(0), frames = first.size(0);
  NarResult out{.codes = at::zeros({0, kCodebooks}, first.options())};
  if (frames == 0) return out;
  const auto norms = stage_norms();
  const at::Tensor x = text_rows(*nar_text_, *nar_language_, *nar_text_position_, in);
  const auto embed = [&](int64_t book, const at::Tensor& codes) {
    return (*nar_audio_)[static_cast<size_t>(book)](codes);
  };
  at::Tensor y = embed(0, at::cat({in.prompt_codes.select(1, 0), first}));
  at::Tensor prompt_rows = y.narrow(0, 0, prompt), new_rows = y.narrow(0, prompt, frames);
  for (int64_t j = 1; mode == 1 && j < kCodebooks; ++j)
    prompt_rows.add_(embed(j, in.prompt_codes.select(1, j)));
  std::vector<at::Tensor> books = {first}, logits;
  for (int64_t i = 0; i < kPasses; ++i) {
    if (options.cancelled && options.cancelled()) {
      out.cancelled = true;
      return out;
    }
    const auto pass = static_cast<size_t>(i);
    const at::Tensor xy = at::cat({x, (*nar_audio_position_)(y)}).unsqueeze(0);
    if (taps != nullptr) keep(taps, "nar_input_stage" + std::to_string(i), xy[0]);
    const at::Tensor h = nar_pass(pass, xy, {in.heads, frames}, (*norms)[pass], taps);
    const at::Tensor scores = (*nar_predict_)[pass](h[0]);
    if (with_logits) logits.push_back(scores);
    books.push_back(scores.argmax(-1));
    if (i + 1 == kPasses) break;
    if (mode == 0) prompt_rows.add_(embed(i + 1, in.prompt_codes.select(1, i + 1)));
    new_rows.add_(embed(i + 1, books.back()));
  }
  out.codes = at::stack(books, 1);
  if (with_logits) out.logits = at::stack(logits);
  return out;
}

}  // namespace vl::models::vallex
