#include "vl/stages/speak_codec.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/dsp/sinc_resample.h"

namespace vl::stages {

namespace {

constexpr int64_t kBandwidthId = 2;  // 6 kbps: eight books

at::Tensor joined(const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
  std::vector<int64_t> all = a;
  all.insert(all.end(), b.begin(), b.end());
  return at::tensor(all, at::kLong);
}

}  // namespace

at::Tensor prompt_codes(const models::encodec::Encodec& codec, const Speech& wave) {
  if (wave.samples.empty()) fail(Code::kBadPrompt, "prompt has no sound");
  at::Tensor x =
      dsp::sinc_resample(at::tensor(wave.samples), wave.rate, kCodecRate).reshape({1, 1, -1});
  const double peak = x.abs().max().item<double>();
  if (peak > 1.0) x = x / peak;
  return codec.encode(x, kCodecBooks).codes[0].t().contiguous();
}

SpokenLine SpeakCodec::run(const text::VallexTokens& line, const VoicePrompt& prompt,
                           const SpeakOptions& o) const {
  models::vallex::GenerateRequest request;
  request.input.text_tokens = joined(prompt.words.ids, line.ids);
  request.input.language_ids = joined(prompt.words.languages, line.languages);
  request.input.prompt_codes = prompt.codes;
  request.options.sampling = o.sampling;
  request.options.seed = o.seed;
  request.options.best_of = o.takes;
  request.options.length_penalty = o.length_penalty;
  request.options.fixed_frames = o.fixed_frames;
  request.options.cancelled = o.cancelled;
  request.options.progress = o.progress;
  const models::vallex::Generated generated = lm_->generate(request);
  SpokenLine out{.frames = generated.codes.size(0),
                 .takes = o.takes,
                 .log_prob = generated.log_prob,
                 .stopped_by = models::vallex::name(generated.stopped_by)};
  if (generated.stopped_by == models::vallex::StoppedBy::kCancelled) return out;
  if (out.frames == 0)
    throw Error(Code::kSpeechRejected,
                fmt::format("line 1: no acceptable speech in {} takes", o.takes), {},
                {"try another --seed or more --takes"});
  const at::Tensor codes = generated.codes.t().unsqueeze(0).contiguous();
  const at::Tensor wave = (vocos_ ? vocos_->decode(codes, kBandwidthId) : codec_->decode(codes))
                              .reshape({-1})
                              .contiguous();
  const float* data = wave.data_ptr<float>();
  out.speech = {std::vector<float>(data, data + wave.numel()), kCodecRate};
  return out;
}

}  // namespace vl::stages
