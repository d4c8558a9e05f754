#include <algorithm>

#include <ATen/ATen.h>

#include "vl/bench/cases.h"
#include "vl/bench/inputs.h"
#include "vl/core/sha256.h"
#include "vl/dub/fullsize_pack.h"
#include "vl/models/fastpitch/fastpitch.h"
#include "vl/models/hifigan/generator.h"
#include "vl/weights/fill.h"

namespace vl::bench {

namespace {

using models::fastpitch::FastPitch;
using models::fastpitch::FastPitchControls;
using models::hifigan::Generator;
using models::hifigan::HifiganConfig;

constexpr double kSymbolsPerSecond = 20;
constexpr int64_t kShift = 7;  // frames between the mels of two samples

int64_t count_of(double seconds, double rate) {
  return std::max<int64_t>(1, static_cast<int64_t>(seconds * rate));
}

/// Frames a symbol that add up to `frames`, as even as whole numbers can be: [1, symbols].
at::Tensor even_durations(int64_t symbols, int64_t frames) {
  const at::Tensor ends =
      at::floor_divide(at::arange(symbols + 1, at::kLong) * frames, symbols).to(at::kFloat);
  return (ends.slice(0, 1) - ends.slice(0, 0, symbols)).unsqueeze(0);
}

/// Symbols of several utterances of one length: nothing is masked.
struct SpeechCalls {
  std::shared_ptr<const FastPitch> model;
  std::vector<at::Tensor> ids;  ///< of each sample, [batch, symbols]
  at::Tensor durations;         ///< [batch, symbols]
  PreparedCase prepared;        ///< all but the query
};

SpeechCalls speech_calls(const CaseRequest& r) {
  SpeechCalls out;
  out.model = r.models.get<FastPitch>("fastpitch");
  const auto& c = out.model->config();
  const int64_t symbols = count_of(r.clip_s, kSymbolsPerSecond),
                frames = count_of(r.clip_s, static_cast<double>(c.sampling_rate) /
                                                static_cast<double>(c.hop_length));
  Sha256 sha;
  for (int64_t i = 0; i < r.samples; ++i) {
    // Id 0 is padding in every public symbol table.
    out.ids.push_back(
        seeded_numbers(static_cast<uint64_t>(i), {r.batch, symbols}, c.n_symbols - 1) + 1);
    hash(sha, out.ids.back());
  }
  out.durations = even_durations(symbols, frames).expand({r.batch, symbols}).contiguous();
  hash(sha, out.durations);
  out.prepared = {
      .samples = r.samples,
      .inputs_sha256 = sha.hex(),
      .config = {{"fastpitch", config_to_json(c)}, {"symbols", symbols}, {"frames", frames}}};
  return out;
}

/// Encoder and predictors.
PreparedCase plan(const CaseRequest& r) {
  SpeechCalls calls = speech_calls(r);
  PreparedCase out = calls.prepared;
  out.query = [model = calls.model, ids = calls.ids](int64_t i) {
    model->plan(ids[static_cast<size_t>(i)]);
  };
  return out;
}

/// Symbols to mel, with durations that add up to the clip.
PreparedCase infer(const CaseRequest& r) {
  SpeechCalls calls = speech_calls(r);
  PreparedCase out = calls.prepared;
  const FastPitchControls controls{.dur_tgt = calls.durations};
  out.query = [model = calls.model, ids = calls.ids, controls](int64_t i) {
    model->infer(ids[static_cast<size_t>(i)], controls);
  };
  return out;
}

/// Mel to samples, in one pass.
PreparedCase vocode_by(const std::shared_ptr<const Generator>& model, const CaseRequest& r) {
  const HifiganConfig& c = model->config();
  const int64_t frames = count_of(
      r.clip_s, static_cast<double>(c.sampling_rate) / static_cast<double>(c.samples_per_frame()));
  // Windows of one table, levels of a log-mel: the inputs of all samples would show in the peak
  // memory.
  const at::Tensor table = weights::fill_tensor(
      "input:mel", {r.batch, c.num_mels, frames + kShift * r.samples}, 1, 2.0, -5.0);
  Sha256 sha;
  hash(sha, table);
  return {
      .samples = r.samples,
      .query = [model, table, frames](
                   int64_t i) { model->forward(table.slice(2, kShift * i, kShift * i + frames)); },
      .inputs_sha256 = sha.hex(),
      .config = {{"hifigan", config_to_json(c)}, {"frames", frames}}};
}

PreparedCase vocode(const CaseRequest& r) {
  return vocode_by(r.models.get<Generator>("hifigan"), r);
}

/// A public size that the pack does not have, with deterministic weights.
PreparedCase vocode_other(const CaseRequest& r, const HifiganConfig& c, const std::string& name) {
  weights::PackSource source;
  source.fill = dub::fullsize_fill(config_to_json(c));
  return vocode_by(r.models.get_source<Generator>("hifigan", source, "fullsize:" + name), r);
}

PreparedCase vocode_v2(const CaseRequest& r) {
  HifiganConfig c;
  c.upsample_initial_channel = 128;
  return vocode_other(r, c, "hifigan-v2");
}

PreparedCase vocode_v3(const CaseRequest& r) {
  HifiganConfig c;
  c.resblock = "2";
  c.upsample_rates = {8, 8, 4};
  c.upsample_kernel_sizes = {16, 16, 8};
  c.upsample_initial_channel = 256;
  c.resblock_kernel_sizes = {3, 5, 7};
  c.resblock_dilation_sizes = {{1, 2}, {2, 6}, {3, 12}};
  return vocode_other(r, c, "hifigan-v3");
}

}  // namespace

std::vector<StageCase> speech_cases() {
  return {{"fastpitch.plan", "", plan, /*batched=*/true},
          {"fastpitch.infer", "prosody_ms", infer, /*batched=*/true},
          {"hifigan.vocode", "vocoder_ms", vocode, /*batched=*/true},
          {"hifigan.v2", "", vocode_v2, /*batched=*/true},
          {"hifigan.v3", "", vocode_v3, /*batched=*/true}};
}

}  // namespace vl::bench
