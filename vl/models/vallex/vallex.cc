#include "vl/models/vallex/vallex.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::models::vallex {

const char* name(StoppedBy why) {
  switch (why) {
    case StoppedBy::kEos:
      return "eos";
    case StoppedBy::kCap:
      return "cap";
    case StoppedBy::kFixed:
      return "fixed";
    case StoppedBy::kMaxFrames:
      return "max_frames";
    case StoppedBy::kRepetition:
      return "repetition";
    case StoppedBy::kCancelled:
      break;
  }
  return "cancel";
}

Vallex::Vallex(const VallexConfig& c) : config_(c) {
  validate(c);
  ar_text_ = child<TokenEmbedding>("ar_text_embedding", c.text_rows, c.dim);
  nar_text_ = child<TokenEmbedding>("nar_text_embedding", c.text_rows, c.dim);
  ar_audio_ = child<TokenEmbedding>("ar_audio_embedding", kCodebookSize + 2, c.dim);
  ar_text_position_ = child<Position>("ar_text_position", c.dim);
  ar_audio_position_ = child<Position>("ar_audio_position", c.dim);
  ar_decoder_ = child<Decoder>("ar_decoder", c.ar_layers, c.dim, c.ffn, /*adaptive=*/false);
  ar_predict_ = child<nn::Linear>("ar_predict_layer", c.dim, kArClasses, /*bias=*/false);
  nar_audio_ = child<nn::ListOf<TokenEmbedding>>("nar_audio_embeddings");
  for (int64_t j = 0; j < kCodebooks; ++j) nar_audio_->add(kCodebookSize + (j == 0 ? 1 : 0), c.dim);
  nar_text_position_ = child<Position>("nar_text_position", c.dim);
  nar_audio_position_ = child<Position>("nar_audio_position", c.dim);
  nar_decoder_ = child<Decoder>("nar_decoder", c.nar_layers, c.dim, c.ffn, /*adaptive=*/true);
  nar_predict_ = child<nn::ListOf<nn::Linear>>("nar_predict_layers");
  nar_stages_ = child<nn::ListOf<TokenEmbedding>>("nar_stage_embeddings");
  for (int64_t j = 0; j < kCodebooks - 1; ++j) {
    nar_predict_->add(c.dim, kCodebookSize, /*bias=*/false);
    nar_stages_->add(1, c.dim);
  }
  ar_language_ = child<TokenEmbedding>("ar_language_embedding", c.languages, c.dim);
  nar_language_ = child<TokenEmbedding>("nar_language_embedding", c.languages, c.dim);
}

namespace {

/// `t` as int64 of `rank` dimensions on the device of `like`, its values in [0, limit).
at::Tensor ids(const at::Tensor& t, int64_t rank, int64_t limit, const at::Tensor& like,
               const char* what) {
  if (!t.defined() || t.dim() != rank || !at::isIntegralType(t.scalar_type(), false))
    fail(Code::kBadValue, "{} must be whole numbers of {} dimension{}", what, rank,
         rank == 1 ? "" : "s");
  if (t.numel() > 0) {
    const auto [low, high] = at::aminmax(t);
    if (low.item<int64_t>() < 0 || high.item<int64_t>() >= limit)
      fail(Code::kBadValue, "{} must lie in 0..{}, there is {}", what, limit - 1,
           low.item<int64_t>() < 0 ? low.item<int64_t>() : high.item<int64_t>());
  }
  return t.to(like.device(), at::kLong);
}

}  // namespace

LmInput Vallex::checked(const LmInput& in) const {
  const at::Tensor& like = ar_text_->weight();
  LmInput out;
  out.text_tokens = ids(in.text_tokens, 1, config_.text_rows, like, "text tokens");
  out.language_ids = ids(in.language_ids, 1, config_.languages, like, "language ids");
  out.prompt_codes = in.prompt_codes.defined()
                         ? ids(in.prompt_codes, 2, kCodebookSize, like, "prompt codes")
                         : at::zeros({0, kCodebooks}, like.options().dtype(at::kLong));
  const int64_t tokens = out.text_tokens.size(0);
  check(tokens > 0, Code::kBadValue, "there are no text tokens");
  if (out.language_ids.size(0) != tokens)
    fail(Code::kBadValue, "{} text tokens, but {} language ids", tokens, out.language_ids.size(0));
  if (out.prompt_codes.size(1) != kCodebooks)
    fail(Code::kBadValue, "prompt codes have {} codebooks, wanted {}", out.prompt_codes.size(1),
         kCodebooks);
  out.heads = in.heads == 0 ? config_.heads : in.heads;
  if (out.heads < 1 || config_.dim % out.heads != 0)
    fail(Code::kBadValue, "{} heads do not divide the width {}", out.heads, config_.dim);
  return out;
}

at::Tensor Vallex::checked_tokens(const at::Tensor& tokens, int64_t limit) const {
  return ids(tokens, 1, limit, ar_text_->weight(), "audio tokens");
}

at::Tensor Vallex::text_rows(const TokenEmbedding& text, const TokenEmbedding& language,
                             const Position& position, const LmInput& in) const {
  return position(text(in.text_tokens) + language(in.language_ids));
}

void Vallex::set_precision(nn::Precision precision) {
  if (precision == precision_) return;
  check(precision_ == nn::Precision::kFloat32, Code::kBadValue,
        "the weights were converted before");
  stage_norms();
  ar_decoder_->set_precision(precision);
  nar_decoder_->set_precision(precision);
  precision_ = precision;
}

Generated Vallex::generate(const GenerateRequest& request) const {
  const Decoded decoded = decode(request.input, request.options);
  Generated out{.codes = at::zeros({0, kCodebooks}, at::kLong),
                .stopped_by = decoded.stopped_by,
                .take = decoded.take,
                .log_prob = decoded.log_prob};
  if (decoded.stopped_by == StoppedBy::kCancelled || decoded.tokens.size(0) == 0) return out;
  const NarResult rest =
      nar(request.input, decoded.tokens,
          {.prefix_mode = request.prefix_mode, .cancelled = request.options.cancelled});
  if (rest.cancelled)
    out.stopped_by = StoppedBy::kCancelled;
  else
    out.codes = rest.codes.cpu();
  return out;
}

}  // namespace vl::models::vallex
