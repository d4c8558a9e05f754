#include "vl/models/rvc/rvc.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "vl/core/allocator.h"
#include "vl/core/error.h"

namespace vl::models::rvc {

namespace {

constexpr double kNoiseScale = 0.66666;
constexpr int64_t kFlowMargin = 24;  // frames of context the flow of the public sizes sees
// Frames: the tiles of the convolutions lie where those of the whole call do.
constexpr int64_t kLatentGrid = 4, kDecoderGrid = 30;
constexpr int64_t kPitchBins = 256;
constexpr int64_t kLongCall = 1500;  // frames; the cost of it does not count there

struct Range {
  int64_t begin, end;
  int64_t size() const { return end - begin; }
};

/// What part of the T frames is computed and returned.
struct Span {
  int64_t frames;     // T
  Range latent;       // prior and flow
  Range decoder;      // latent frames and excitation that the decoder sees
  Range kept;         // frames that are returned
  int64_t stretched;  // returned frames after the stretch
  Range drawn_z;      // frames of noise_z
  Range drawn_sine;   // frames of noise_sine
};

Range widened(const Range& r, int64_t margin, int64_t frames) {
  return {std::max<int64_t>(r.begin - margin, 0), std::min(r.end + margin, frames)};
}

Span offline_span(const RvcInputs& in, const RvcConfig& c) {
  const int64_t frames = in.phone.size(1), begin = in.keep_begin.value_or(0);
  check(!in.skip_head && !in.return_length && !in.return_length2, Code::kBadValue,
        "keep_begin and keep_frames do not go with skip_head and return_length");
  const int64_t length = in.keep_frames.value_or(frames - begin);
  if (begin < 0 || length < 1 || begin > frames - length)
    fail(Code::kBadValue, "keep_begin {} and keep_frames {} do not fit {} frames", begin, length,
         frames);
  const Range kept = {begin, begin + length}, whole = {0, frames};
  Range decoder = widened(kept, Generator::reach(c), frames);
  decoder.begin -= decoder.begin % kDecoderGrid;
  // A row of a Winograd tile feels, by rounding, what the whole tile sees: three times the reach
  // keeps that away from the decoder's frames.
  Range latent = widened(decoder, 3 * Flow::reach(c), frames);
  latent.begin -= latent.begin % kLatentGrid;
  return {frames, latent, decoder, kept, length, whole, whole};
}

Span real_time_span(const RvcInputs& in) {
  const int64_t frames = in.phone.size(1), head = in.skip_head.value_or(0);
  const int64_t length = in.return_length.value_or(frames - head);
  const int64_t stretched = in.return_length2.value_or(length);
  if (head < 0 || length < 1 || head > frames - length)
    fail(Code::kBadValue, "skip_head {} and return_length {} do not fit {} frames", head, length,
         frames);
  if (stretched < 1 || stretched > 16 * length)
    fail(Code::kBadValue, "return_length2 is {}, outside 1..{}", stretched, 16 * length);
  const Range latent = {std::max<int64_t>(head - kFlowMargin, 0), frames},
              kept = {head, head + length};
  return {frames, latent, kept, kept, stretched, latent, kept};
}

Span span_of(const RvcInputs& in, const RvcConfig& c) {
  return in.keep_begin || in.keep_frames ? offline_span(in, c) : real_time_span(in);
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
  const Span s = span_of(in, c);
  if (c.f0)
    check_pitch(in, s.frames);
  else
    check(!in.pitch.defined() && !in.pitchf.defined() && !in.noise_sine.defined(), Code::kBadValue,
          "this voice model takes no pitch");
  check(in.start_turn >= 0 && in.start_turn < 1, Code::kBadValue, "start_turn is outside [0, 1)");
  if (in.noise_z.defined()) want_shape("noise_z", in.noise_z, {1, c.inter, s.drawn_z.size()});
  if (in.noise_sine.defined())
    want_shape("noise_sine", in.noise_sine, {1, s.drawn_sine.size() * c.hop(), 1});
  return s;
}

/// Fills the absent noises in the order of the public code.
void draw(const RvcConfig& c, const Span& s, uint64_t seed, at::Tensor& z, at::Tensor& sine) {
  if (z.defined() && (sine.defined() || !c.f0)) return;
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  const at::Tensor first = at::randn({1, c.inter, s.drawn_z.size()}, generator);
  if (!z.defined()) z = first;
  if (!c.f0 || sine.defined()) return;
  at::rand({1, 1}, generator);  // the initial phase of the fundamental, which is then set to 0
  sine = at::randn({1, s.drawn_sine.size() * c.hop(), 1}, generator);
}

/// The frames `part` of x, whose dimension `dim` holds the frames `whole`, `unit` elements each.
at::Tensor cut(const at::Tensor& x, int64_t dim, const Range& whole, const Range& part,
               int64_t unit = 1) {
  return x.slice(dim, (part.begin - whole.begin) * unit, (part.end - whole.begin) * unit);
}

at::Tensor stretch(const at::Tensor& x, int64_t size) {
  return x.size(2) == size ? x : at::upsample_linear1d(x, {size}, /*align_corners=*/false);
}

/// Excitation of the frames that the decoder sees. All drawn frames are computed: they are cheap,
/// and a part then gets the bits of the whole.
at::Tensor excitation_of(const Rvc& model, const RvcInputs& in, const Span& s,
                         const at::Tensor& noise, Taps* taps) {
  const int64_t hop = model.config().hop();
  if (!model.config().f0) return {};
  const at::Tensor hz = cut(in.pitchf, 1, {0, s.frames}, s.drawn_sine);
  const at::Tensor har =
      cut(model.excitation(hz, noise, in.start_turn), 1, s.drawn_sine, s.decoder, hop);
  keep(taps, "har", har);
  const int64_t frames = s.decoder.size() + s.stretched - s.kept.size();
  return stretch(har.transpose(1, 2), frames * hop).transpose(1, 2);
}

/// Sample of the prior.
at::Tensor sample(const Prior& prior, const at::Tensor& noise, Taps* taps) {
  keep(taps, "m", prior.m);
  keep(taps, "logs", prior.logs);
  const at::Tensor z_p = prior.m + at::exp(prior.logs) * noise.to(prior.m) * kNoiseScale;
  keep(taps, "z_p", z_p);
  return z_p;
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
  return flow_->inverse(sample(prior, noise_z, taps), g);
}

at::Tensor Rvc::excitation(const at::Tensor& pitchf, const at::Tensor& noise_sine,
                           double start_turn) const {
  return dec_->excitation(pitchf, noise_sine.to(pitchf.device()), start_turn);
}

at::Tensor Rvc::decode(const at::Tensor& z, const at::Tensor& har, const at::Tensor& g,
                       Taps* taps) const {
  return decode_part(z, har, g, 0, z.size(2), taps);
}

at::Tensor Rvc::decode_part(const at::Tensor& z, const at::Tensor& har, const at::Tensor& g,
                            int64_t begin, int64_t end, Taps* taps) const {
  return (*dec_)(z, har.defined() ? har.transpose(1, 2) : har, g, begin, end, taps);
}

at::Tensor Rvc::infer(const RvcInputs& in, Taps* taps) const {
  const Span s = check_inputs(config_, in);
  const at::Tensor g = speaker(in.sid);
  at::Tensor noise_z = in.noise_z, noise_sine = in.noise_sine;
  draw(config_, s, in.seed, noise_z, noise_sine);
  Prior prior = encode(in.phone, in.pitch, taps);
  prior = {cut(prior.m, 2, {0, s.frames}, s.drawn_z), cut(prior.logs, 2, {0, s.frames}, s.drawn_z)};
  const at::Tensor z_p = cut(sample(prior, noise_z, taps), 2, s.drawn_z, s.latent);
  at::Tensor z = cut(flow_->inverse(z_p, g), 2, s.latent, s.decoder);
  keep(taps, "z", z);
  const at::Tensor har = excitation_of(*this, in, s, noise_sine, taps);
  z = stretch(z, s.decoder.size() + s.stretched - s.kept.size());
  const int64_t begin = s.kept.begin - s.decoder.begin;
  if (s.frames > kLongCall) release_freed_memory();  // the decoder's buffers differ in size
  const at::Tensor wav = decode_part(z, har, g, begin, begin + s.stretched, taps);
  keep(taps, "wav", wav);
  return wav;
}

}  // namespace vl::models::rvc
