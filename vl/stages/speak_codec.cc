#include "vl/stages/speak_codec.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/dsp/sinc_resample.h"
#include "vl/stages/wave_stream.h"

namespace vl::stages {

namespace {

constexpr int64_t kMostTakes = 64;  // rows of a line in the random stream

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

SpokenCodes speak_codes(const models::vallex::Vallex& lm, const text::VallexTokens& line,
                        const VoicePrompt& prompt, const SpeakOptions& o) {
  models::vallex::GenerateRequest request;
  const std::vector<int64_t> one_language(line.ids.size(), o.accent);
  request.input.text_tokens = joined(prompt.words.ids, line.ids);
  request.input.language_ids =
      joined(prompt.words.languages, o.accent < 0 ? line.languages : one_language);
  request.input.prompt_codes = prompt.codes;
  request.options.sampling = o.sampling;
  request.options.seed = o.seed;
  request.options.sequence = static_cast<uint64_t>((o.line - 1) * kMostTakes);
  request.options.best_of = o.takes;
  request.options.length_penalty = o.length_penalty;
  request.options.fixed_frames = o.fixed_frames;
  request.options.cancelled = o.cancelled;
  request.options.progress = o.progress;
  const models::vallex::Generated generated = lm.generate(request);
  if (generated.stopped_by == models::vallex::StoppedBy::kCancelled)
    fail(Code::kCancelled, "cancelled in line {}", o.line);
  if (generated.codes.size(0) == 0)
    throw Error(Code::kSpeechRejected,
                fmt::format("line {}: no acceptable speech in {} takes", o.line, o.takes), {},
                {"try another --seed or more --takes"});
  return {.codes = generated.codes,
          .take_used = generated.take,
          .log_prob = generated.log_prob,
          .stopped_by = models::vallex::name(generated.stopped_by)};
}

SpokenLine SpeakCodec::run(const text::VallexTokens& line, const VoicePrompt& prompt,
                           const SpeakOptions& o) const {
  const SpokenCodes spoken = speak_codes(*lm_, line, prompt, o);
  SpokenLine out{.frames = spoken.codes.size(0),
                 .takes = o.takes,
                 .log_prob = spoken.log_prob,
                 .stopped_by = spoken.stopped_by};
  WaveStream stream(vocos_, codec_);
  const at::Tensor wave = at::cat({stream.push(spoken.codes), stream.finish()}).contiguous();
  const float* data = wave.const_data_ptr<float>();
  out.speech = {std::vector<float>(data, data + wave.numel()), kCodecRate};
  return out;
}

}  // namespace vl::stages
