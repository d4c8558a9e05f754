#include "vl/models/rvc/rvc.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "vl/core/error.h"

namespace vl::models::rvc {

namespace {

constexpr double kNoiseScale = 0.66666;
constexpr int64_t kFlowMargin = 24;  // frames before skip_head that the flow still sees
constexpr int64_t kPitchBins = 256;

/// What part of the T frames is computed and returned.
struct Span {
  int64_t frames;     // T
  int64_t kept;       // first frame of latent and flow
  int64_t head;       // first decoded frame
  int64_t length;     // decoded frames
  int64_t stretched;  // frames after the stretch
};

Span span_of(const RvcInputs& in) {
  const int64_t frames = in.phone.size(1), head = in.skip_head.value_or(0);
  Span s = {frames, std::max<int64_t>(head - kFlowMargin, 0), head, 0, 0};
  s.length = in.return_length.value_or(frames - head);
  s.stretched = in.return_length2.value_or(s.length);
  if (head < 0 || s.length < 1 || head > frames - s.length)
    fail(Code::kBadValue, "skip_head {} and return_length {} do not fit {} frames", head, s.length,
         frames);
  if (s.stretched < 1 || s.stretched > 16 * s.length)
    fail(Code::kBadValue, "return_length2 is {}, outside 1..{}", s.stretched, 16 * s.length);
  return s;
}

void want_shape(const char* name, const at::Tensor& t, at::IntArrayRef shape) {
  if (t.sizes() != shape)
    fail(Code::kBadValue, "{} is [{}], wanted [{}]", name, fmt::join(t.sizes(), ","),
         fmt::join(shape, ","));
}

void check_pitch(const RvcInputs& in, int64_t frames) {
  check(in.pitch.defined() && in.pitchf.defined(), Code::kMissingArgument,
        "this voice model needs pitch and pitchf");
  want_shape("pitch", in.pitch, {1, frames});
  want_shape("pitchf", in.pitchf, {1, frames});
  const int64_t low = in.pitch.min().item<int64_t>(), high = in.pitch.max().item<int64_t>();
  if (low < 0 || high >= kPitchBins)
    fail(Code::kBadValue, "pitch holds {}, outside 0..{}", low < 0 ? low : high, kPitchBins - 1);
}

Span check_inputs(const RvcConfig& c, const RvcInputs& in) {
  if (in.phone.dim() != 3 || in.phone.size(0) != 1 || in.phone.size(1) == 0 ||
      in.phone.size(2) != c.feature_dim)
    fail(Code::kBadValue, "phone is [{}], wanted [1,T,{}]", fmt::join(in.phone.sizes(), ","),
         c.feature_dim);
  const Span s = span_of(in);
  if (c.f0)
    check_pitch(in, s.frames);
  else
    check(!in.pitch.defined() && !in.pitchf.defined() && !in.noise_sine.defined(), Code::kBadValue,
          "this voice model takes no pitch");
  if (in.noise_z.defined()) want_shape("noise_z", in.noise_z, {1, c.inter, s.frames - s.kept});
  if (in.noise_sine.defined()) want_shape("noise_sine", in.noise_sine, {1, s.length * c.hop(), 1});
  return s;
}

/// Fills the absent noises in the order of the public code.
void draw(const RvcConfig& c, const Span& s, uint64_t seed, at::Tensor& z, at::Tensor& sine) {
  if (z.defined() && (sine.defined() || !c.f0)) return;
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const at::Tensor first = at::randn({1, c.inter, s.frames - s.kept}, generator);
  if (!z.defined()) z = first;
  if (!c.f0 || sine.defined()) return;
  at::rand({1, 1}, generator);  // the initial phase of the fundamental, which is then set to 0
  sine = at::randn({1, s.length * c.hop(), 1}, generator);
}

at::Tensor stretch(const at::Tensor& x, int64_t size) {
  return x.size(2) == size ? x : at::upsample_linear1d(x, {size}, /*align_corners=*/false);
}

}  // namespace

Rvc::Rvc(const RvcConfig& c) : config_(c) {
  validate(c);
  enc_p_ = child<TextEncoder>("enc_p", c);
  dec_ = child<Generator>("dec", c);
  flow_ = child<Flow>("flow", c);
  emb_g_ = child<nn::Embedding>("emb_g", c.speakers, c.gin);
}

at::Tensor Rvc::speaker(int64_t sid) const {
  if (sid < 0 || sid >= config_.speakers)
    fail(Code::kBadValue, "speaker {} does not exist; the voice model has 0..{}", sid,
         config_.speakers - 1);
  return emb_g_->weight.slice(0, sid, sid + 1).unsqueeze(2);
}

Prior Rvc::encode(const at::Tensor& phone, const at::Tensor& pitch, Taps* taps) const {
  return (*enc_p_)(phone, pitch, taps);
}

at::Tensor Rvc::latent(const Prior& prior, const at::Tensor& noise_z, const at::Tensor& g,
                       Taps* taps) const {
  keep(taps, "m", prior.m);
  keep(taps, "logs", prior.logs);
  const at::Tensor z_p = prior.m + at::exp(prior.logs) * noise_z.to(prior.m) * kNoiseScale;
  keep(taps, "z_p", z_p);
  return flow_->inverse(z_p, g);
}

at::Tensor Rvc::excitation(const at::Tensor& pitchf, const at::Tensor& noise_sine) const {
  return dec_->excitation(pitchf, noise_sine.to(pitchf.device()));
}

at::Tensor Rvc::decode(const at::Tensor& z, const at::Tensor& har, const at::Tensor& g,
                       Taps* taps) const {
  return (*dec_)(z, har.defined() ? har.transpose(1, 2) : har, g, taps);
}

at::Tensor Rvc::infer(const RvcInputs& in, Taps* taps) const {
  const Span s = check_inputs(config_, in);
  const at::Tensor g = speaker(in.sid);
  at::Tensor noise_z = in.noise_z, noise_sine = in.noise_sine;
  draw(config_, s, in.seed, noise_z, noise_sine);
  Prior prior = encode(in.phone, in.pitch, taps);
  prior = {prior.m.slice(2, s.kept), prior.logs.slice(2, s.kept)};
  const int64_t begin = s.head - s.kept;
  at::Tensor z = latent(prior, noise_z, g, taps).slice(2, begin, begin + s.length);
  keep(taps, "z", z);
  at::Tensor har;
  if (config_.f0) {
    har = excitation(in.pitchf.slice(1, s.head, s.head + s.length), noise_sine);
    keep(taps, "har", har);
    har = stretch(har.transpose(1, 2), s.stretched * config_.hop()).transpose(1, 2);
  }
  z = stretch(z, s.stretched);
  const at::Tensor wav = decode(z, har, g, taps);
  keep(taps, "wav", wav);
  return wav;
}

}  // namespace vl::models::rvc
