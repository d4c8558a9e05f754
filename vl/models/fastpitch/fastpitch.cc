#include "vl/models/fastpitch/fastpitch.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::models::fastpitch {

namespace {

constexpr double kTorchScriptMaxDuration = 100.0;

void check_config(const FastPitchConfig& c) {
  for (int64_t kernel : {c.encoder.conv1d_kernel_size, c.decoder.conv1d_kernel_size,
                         c.duration.kernel_size, c.pitch.kernel_size, c.energy.kernel_size,
                         c.pitch_embedding_kernel_size, c.energy_embedding_kernel_size})
    if (kernel % 2 == 0)
      fail(Code::kUnsupportedVariant, "FastPitch with an even kernel size ({}) is not supported",
           kernel);
  if (c.symbols_embedding_dim % 2 != 0)
    fail(Code::kUnsupportedVariant, "FastPitch with an odd embedding size ({}) is not supported",
         c.symbols_embedding_dim);
}

void check_ids(const at::Tensor& ids, int64_t rows) {
  if (ids.dim() != 2) fail(Code::kBadValue, "symbol ids must be [batch, symbols]");
  if (ids.numel() == 0) return;
  const int64_t low = ids.min().item<int64_t>(), high = ids.max().item<int64_t>();
  if (low < 0 || high >= rows)
    fail(Code::kBadValue, "symbol id {} is outside 0..{}", low < 0 ? low : high, rows - 1);
}

void check_target(const at::Tensor& t, at::IntArrayRef shape, const char* name) {
  if (!t.defined()) return;
  if (t.sizes() != shape)
    fail(Code::kBadValue, "{} is [{}], wanted [{}]", name, fmt::join(t.sizes(), ","),
         fmt::join(shape, ","));
  if (!t.isfinite().all().item<bool>()) fail(Code::kBadValue, "{} holds NaN or infinity", name);
}

/// A convolution over one channel, [B, 1, S] to [B, S, d], in the dtype of its weights; the result
/// has the dtype of `like`.
at::Tensor embed_value(const nn::Conv1d& conv, const at::Tensor& value, const at::Tensor& like) {
  return conv(value.to(conv.weight.options())).transpose(1, 2).to(like.scalar_type());
}

/// [B, 1, S] without what lies in padding: it would reach the last symbols through a kernel.
at::Tensor inside(const at::Tensor& value, const Masks& masks) {
  return apply_mask(masks.valid.defined() ? value.to(masks.valid.device()) : value, masks.valid,
                    /*channels_first=*/true);
}

void record(Blocks* blocks, const char* name, const at::Tensor& value) {
  if (blocks != nullptr) (*blocks)[name] = value;
}

}  // namespace

FastPitch::FastPitch(const FastPitchConfig& c) : config_(c) {
  check_config(c);
  const int64_t d = c.symbols_embedding_dim;
  pitch_mean_ = buffer("pitch_mean", at::zeros({1}));
  pitch_std_ = buffer("pitch_std", at::zeros({1}));
  encoder_ = child<FftStack>("encoder", "encoder", d, c.encoder, c.n_symbols);
  if (c.n_speakers > 1) speaker_emb_ = child<nn::Embedding>("speaker_emb", c.n_speakers, d);
  duration_predictor_ = child<Predictor>("duration_predictor", d, c.duration);
  decoder_ = child<FftStack>("decoder", "decoder", d, c.decoder);
  pitch_predictor_ = child<Predictor>("pitch_predictor", d, c.pitch);
  const auto value_conv = [d](int64_t kernel) {
    return nn::Conv1dOptions{.in = 1, .out = d, .kernel = kernel, .padding = kernel / 2};
  };
  pitch_emb_ = child<nn::Conv1d>("pitch_emb", value_conv(c.pitch_embedding_kernel_size));
  if (c.energy_conditioning) {
    energy_predictor_ = child<Predictor>("energy_predictor", d, c.energy);
    energy_emb_ = child<nn::Conv1d>("energy_emb", value_conv(c.energy_embedding_kernel_size));
  }
  proj_ = child<nn::Linear>("proj", d, c.n_mel_channels);
}

void FastPitch::loaded() { duration_predictor_->to(at::kDouble); }

Masks FastPitch::encoder_masks(const at::Tensor& ids, bool reference_padding) const {
  const at::Tensor keep = ids.ne(config_.padding_idx);
  if (keep.all().item<bool>()) return {};
  if (reference_padding) return {.keep = keep, .valid = {}};
  // Inside the utterance: some symbol at this place or after it.
  const at::Tensor valid = keep.to(at::kInt).flip(1).cumsum(1).flip(1).gt(0);
  return {.keep = keep, .valid = valid.all().item<bool>() ? at::Tensor() : valid};
}

at::Tensor FastPitch::speaker_condition(const at::Tensor& speaker, int64_t batch) const {
  if (!speaker_emb_) return {};
  const at::Tensor id =
      speaker.defined() ? speaker.to(at::kLong).reshape({-1}) : at::zeros({1}, at::kLong);
  if (id.numel() != 1 && id.numel() != batch)
    fail(Code::kBadValue, "{} speaker ids for {} utterances", id.numel(), batch);
  for (int64_t i = 0; i < id.numel(); ++i)
    if (const int64_t s = id[i].item<int64_t>(); s < 0 || s >= config_.n_speakers)
      fail(Code::kBadValue, "speaker {} is outside 0..{}", s, config_.n_speakers - 1);
  return ((*speaker_emb_)(id.to(speaker_emb_->weight.device())) * config_.speaker_emb_weight)
      .unsqueeze(1);
}

void FastPitch::check_call(const at::Tensor& ids, const FastPitchControls& c) const {
  check_ids(ids, config_.n_symbols);
  const int64_t batch = ids.size(0), symbols = ids.size(1);
  check_target(c.dur_tgt, {batch, symbols}, "dur_tgt");
  check_target(c.pitch_tgt, {batch, 1, symbols}, "pitch_tgt");
  check_target(c.energy_tgt, {batch, 1, symbols}, "energy_tgt");
  check_target(c.symbol.pace, {batch, symbols}, "symbol pace");
  check_target(c.symbol.pitch_scale, {batch, 1, symbols}, "pitch scale");
  check_target(c.symbol.pitch_shift_hz, {batch, 1, symbols}, "pitch shift");
  check_target(c.symbol.energy_scale, {batch, 1, symbols}, "energy scale");
  if ((c.energy_tgt.defined() || c.symbol.energy_scale.defined()) && !energy_predictor_)
    fail(Code::kBadValue, "an energy is given, but the model has no energy conditioning");
  if (c.symbol.pace.defined() && !c.symbol.pace.gt(0).all().item<bool>())
    fail(Code::kBadValue, "the pace of a symbol is not above 0");
  if (!(c.max_duration >= 0.0))
    fail(Code::kBadValue, "max_duration is {}, not 0 or above", c.max_duration);
}

FastPitchPlan FastPitch::empty_plan(int64_t batch, int64_t symbols) const {
  const at::TensorOptions options = proj_->weight.options();
  const at::Tensor none = at::zeros({batch, symbols}, options.dtype(at::kFloat));
  return {.dur = none,
          .pitch = none.unsqueeze(1),
          .energy = energy_predictor_ ? none : at::Tensor(),
          .repeats = at::zeros({batch, symbols}, at::kLong),
          .mel_lens = at::zeros({batch}, at::kLong),
          .encoded = at::zeros({batch, symbols, config_.symbols_embedding_dim}, options)};
}

at::Tensor FastPitch::add_pitch(const at::Tensor& h, const Masks& masks, const FastPitchControls& c,
                                FastPitchPlan& plan, Blocks* blocks) const {
  const at::Tensor predicted = (*pitch_predictor_)(h, masks).to(at::kFloat);
  plan.pitch = predicted.transpose(1, 2);
  const bool by_symbol = c.symbol.pitch_scale.defined() || c.symbol.pitch_shift_hz.defined();
  if (c.pitch.active() || by_symbol) {
    const double mean = pitch_mean_.item<double>(), std = pitch_std_.item<double>();
    const at::Tensor lengths = masks.keep.defined()
                                   ? masks.keep.sum(1)
                                   : at::full({h.size(0)}, h.size(1), h.options().dtype(at::kLong));
    const at::Tensor whole = transform_pitch(plan.pitch, lengths, mean, std, c.pitch);
    plan.pitch = inside(by_symbol ? scale_pitch(whole, mean, std, c.symbol) : whole, masks);
  }
  const at::Tensor used = c.pitch_tgt.defined() ? inside(c.pitch_tgt, masks) : plan.pitch;
  const at::Tensor out = h + embed_value(*pitch_emb_, used, h);
  record(blocks, "pitch_pred_bt1", predicted);
  record(blocks, "encoder_plus_pitch", out);
  return out;
}

at::Tensor FastPitch::add_energy(const at::Tensor& h, const Masks& masks,
                                 const FastPitchControls& c, FastPitchPlan& plan,
                                 Blocks* blocks) const {
  const at::Tensor predicted = (*energy_predictor_)(h, masks).to(at::kFloat);
  record(blocks, "energy_pred_bt1", predicted);
  at::Tensor own = predicted.transpose(1, 2);
  if (c.symbol.energy_scale.defined())
    own = inside(own * c.symbol.energy_scale.to(own.options()), masks);
  plan.energy = own.squeeze(1);
  const at::Tensor used = c.energy_tgt.defined() ? inside(c.energy_tgt, masks) : own;
  return h + embed_value(*energy_emb_, used, h);
}

FastPitchPlan FastPitch::plan(const at::Tensor& given_ids, const FastPitchControls& c,
                              Blocks* blocks) const {
  check_call(given_ids, c);
  const at::Tensor ids = given_ids.to(proj_->weight.device(), at::kLong);
  if (ids.numel() == 0) return empty_plan(ids.size(0), ids.size(1));
  const Masks masks = encoder_masks(ids, c.reference_padding);
  FastPitchPlan p;
  p.reference_padding = c.reference_padding;
  at::Tensor h =
      (*encoder_)(encoder_->embed(ids), masks, speaker_condition(c.speaker, ids.size(0)), blocks);
  const at::Tensor log_dur = (*duration_predictor_)(h, masks);
  record(blocks, "log_dur", log_dur.to(at::kFloat));
  const double limit = c.half_even ? kTorchScriptMaxDuration : c.max_duration;
  p.dur = (log_dur.squeeze(2).exp() - 1.0).clamp(0.0, limit).to(at::kFloat);
  if (!p.dur.isfinite().all().item<bool>())
    fail(Code::kBadWeights, "FastPitch predicts durations that are no numbers: damaged weights?");
  h = add_pitch(h, masks, c, p, blocks);
  if (energy_predictor_) h = add_energy(h, masks, c, p, blocks);
  const at::Tensor durations =
      c.dur_tgt.defined() ? inside(c.dur_tgt.unsqueeze(1), masks).squeeze(1) : p.dur;
  p.repeats = frame_counts(
      c.symbol.pace.defined() ? durations / c.symbol.pace.to(durations.options()) : durations,
      c.pace, c.half_even);
  p.mel_lens = p.repeats.sum(1);
  p.encoded = h;
  return p;
}

FastPitchOutput FastPitch::render(const FastPitchPlan& plan, Blocks* blocks) const {
  const at::Tensor lens = plan.repeats.sum(1);
  FastPitchOutput out{
      .mel = {}, .mel_lens = lens, .dur = plan.dur, .pitch = plan.pitch, .energy = plan.energy};
  const int64_t batch = lens.size(0), frames = batch == 0 ? 0 : lens.max().item<int64_t>();
  if (frames == 0) {
    out.mel = at::zeros({batch, config_.n_mel_channels, 0}, plan.dur.options());
    return out;
  }
  const at::Tensor x = regulate_length(plan.encoded, plan.repeats);
  record(blocks, "length_regulated", x);
  Masks masks;
  if (lens.min().item<int64_t>() < frames) {
    masks.keep = (at::arange(frames, at::kLong).unsqueeze(0) < lens.unsqueeze(1)).to(x.device());
    if (!plan.reference_padding) masks.valid = masks.keep;
  }
  out.mel = (*proj_)((*decoder_)(x, masks, {}, blocks)).to(at::kFloat).transpose(1, 2);
  record(blocks, "mel", out.mel);
  return out;
}

FastPitchOutput FastPitch::infer(const at::Tensor& ids, const FastPitchControls& controls,
                                 Blocks* blocks) const {
  return render(plan(ids, controls, blocks), blocks);
}

}  // namespace vl::models::fastpitch
