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

namespace {

models::vallex::LmInput input_of(const text::VallexTokens& line, const VoicePrompt& prompt,
                                 int64_t accent) {
  const std::vector<int64_t> one_language(line.ids.size(), accent);
  return {
      .text_tokens = joined(prompt.words.ids, line.ids),
      .language_ids = joined(prompt.words.languages, accent < 0 ? line.languages : one_language),
      .prompt_codes = prompt.codes};
}

models::vallex::DecodeOptions decoding(const SpeakOptions& o) {
  models::vallex::DecodeOptions out;
  out.sampling = o.sampling;
  out.seed = o.seed;
  out.sequence = static_cast<uint64_t>((o.line - 1) * kMostTakes);
  out.best_of = o.takes;
  out.length_penalty = o.length_penalty;
  out.fixed_frames = o.fixed_frames;
  out.repetition_guard = o.repetition_guard;
  out.cancelled = o.cancelled;
  out.progress = o.progress;
  return out;
}

}  // namespace

std::vector<SpokenCodes> speak_codes(const models::vallex::Vallex& lm,
                                     const std::vector<text::VallexTokens>& lines,
                                     const VoicePrompt& prompt,
                                     const std::vector<SpeakOptions>& options) {
  std::vector<models::vallex::LmInput> inputs;
  std::vector<models::vallex::DecodeOptions> decode;
  for (size_t i = 0; i < lines.size(); ++i) {
    inputs.push_back(input_of(lines[i], prompt, options[i].accent));
    decode.push_back(decoding(options[i]));
  }
  const std::vector<models::vallex::Decoded> decoded = lm.decode_batch(inputs, decode);
  std::vector<SpokenCodes> out;
  for (size_t i = 0; i < lines.size(); ++i) {
    const SpeakOptions& o = options[i];
    const models::vallex::Decoded& d = decoded[i];
    const auto cancelled = [&] { fail(Code::kCancelled, "cancelled in line {}", o.line); };
    if (d.stopped_by == models::vallex::StoppedBy::kCancelled) cancelled();
    if (d.tokens.size(0) == 0)
      throw Error(Code::kSpeechRejected,
                  fmt::format("line {}: no acceptable speech in {} takes", o.line, o.takes), {},
                  {"try another --seed or more --takes"});
    const models::vallex::NarResult rest = lm.nar(inputs[i], d.tokens, {.cancelled = o.cancelled});
    if (rest.cancelled) cancelled();
    out.push_back({.codes = rest.codes.cpu(),
                   .take_used = d.take,
                   .log_prob = d.log_prob,
                   .stopped_by = models::vallex::name(d.stopped_by)});
  }
  return out;
}

SpokenCodes speak_codes(const models::vallex::Vallex& lm, const text::VallexTokens& line,
                        const VoicePrompt& prompt, const SpeakOptions& o) {
  return speak_codes(lm, std::vector{line}, prompt, std::vector{o})[0];
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
