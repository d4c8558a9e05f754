#include <ATen/ATen.h>

#include "vl/bench/cases.h"
#include "vl/bench/inputs.h"
#include "vl/core/sha256.h"
#include "vl/dsp/f0_decode.h"
#include "vl/dsp/rmvpe_mel.h"
#include "vl/dub/fullsize_pack.h"
#include "vl/stages/convert_track.h"
#include "vl/weights/fill.h"

namespace vl::bench {

namespace {

using models::hubert::Hubert;
using models::rmvpe::Rmvpe;
using models::rvc::Rvc;
using models::rvc::RvcInputs;

constexpr double kPadding = 1.0;  // seconds of padding on each side of a converted piece
constexpr int64_t kLayer = 12;    // content features of v2
constexpr int64_t kShift = 7;     // frames between the content features of two samples

/// Published figures of RVC are for v2 at 40 kHz, so that is what is measured by default; the
/// pack's own is 48 kHz.
weights::PackSource v2_40k() {
  models::rvc::RvcConfig c;
  c.sample_rate = 40000;
  c.upsample_rates = {10, 10, 2, 2};
  c.upsample_kernels = {16, 16, 4, 4};
  weights::PackSource out;
  out.fill = dub::fullsize_fill(config_to_json(c));
  return out;
}

/// The voice of --model rvc=FILE, else of the pack that was given.
std::shared_ptr<const Rvc> voice(dub::ModelSet& models) {
  if (models.pack().name == dub::kFullsize)
    return models.get_source<Rvc>("rvc", v2_40k(), "fullsize:rvc-v2-40k");
  const weights::PackVoice& v = models.voice("");
  return v.rvc ? models.get_source<Rvc>("rvc", *v.rvc, v.name + ":rvc") : models.get<Rvc>("rvc");
}

std::vector<SpeechInput> inputs(const CaseRequest& r, double padding) {
  std::vector<SpeechInput> out;
  for (int64_t i = 0; i < r.samples; ++i)
    out.push_back(speech_input(static_cast<uint64_t>(i), r.clip_s + 2 * padding));
  return out;
}

PreparedCase prepared(const CaseRequest& r, const std::vector<SpeechInput>& in,
                      std::function<void(int64_t)> query, nlohmann::json config) {
  Sha256 sha;
  for (const SpeechInput& i : in) hash(sha, i.wave);
  return {.samples = r.samples,
          .query = std::move(query),
          .inputs_sha256 = sha.hex(),
          .config = std::move(config)};
}

PreparedCase content(const CaseRequest& r) {
  const auto hubert = r.models.get<Hubert>("content");
  const std::vector<SpeechInput> in = inputs(r, kPadding);
  const auto query = [hubert, in](int64_t i) {
    hubert->features(in[static_cast<size_t>(i)].wave.unsqueeze(0), kLayer);
  };
  return prepared(r, in, query, {{"content", config_to_json(hubert->config())}});
}

PreparedCase f0(const CaseRequest& r) {
  const auto rmvpe = r.models.get<Rmvpe>("f0");
  const std::vector<SpeechInput> in = inputs(r, kPadding);
  const auto query = [rmvpe, in](int64_t i) {
    const at::Tensor mel = dsp::rmvpe_mel(in[static_cast<size_t>(i)].wave.unsqueeze(0));
    dsp::f0_from_salience(rmvpe->salience(mel)[0]);
  };
  return prepared(r, in, query, {{"f0", config_to_json(rmvpe->config())}});
}

PreparedCase synth(const CaseRequest& r) {
  const auto rvc = voice(r.models);
  const std::vector<SpeechInput> in = inputs(r, kPadding);
  const int64_t frames = in[0].f0_hz.size(0);
  // Windows of one table: the inputs of eight samples would show in the peak memory.
  const at::Tensor table = weights::fill_tensor(
      "input:phone", {1, frames + kShift * r.samples, rvc->config().feature_dim}, 1, 0.5);
  std::vector<RvcInputs> calls;
  for (int64_t i = 0; i < r.samples; ++i) {
    RvcInputs call{.phone = table.slice(1, kShift * i, kShift * i + frames),
                   .seed = static_cast<uint64_t>(i)};
    if (rvc->config().f0) {
      const at::Tensor& hz = in[static_cast<size_t>(i)].f0_hz;
      call.pitch = dsp::coarse_pitch(hz).unsqueeze(0);
      call.pitchf = hz.to(at::kFloat).unsqueeze(0);
    }
    calls.push_back(call);
  }
  Sha256 sha;
  hash(sha, table);
  for (const SpeechInput& i : in) hash(sha, i.f0_hz);
  return {.samples = r.samples,
          .query = [rvc, calls](int64_t i) { rvc->infer(calls[static_cast<size_t>(i)]); },
          .inputs_sha256 = sha.hex(),
          .config = {{"rvc", config_to_json(rvc->config())}, {"frames", frames}}};
}

PreparedCase convert(const CaseRequest& r) {
  const auto rvc = voice(r.models);
  const auto hubert = r.models.get<Hubert>("content");
  const auto rmvpe = r.models.get<Rmvpe>("f0");
  const stages::ConvertVoice stage(
      {.content = hubert, .f0 = rmvpe, .voice = rvc, .index = nullptr});
  const std::vector<SpeechInput> in = inputs(r, 0);
  const auto query = [stage, in](int64_t i) {
    stages::RvcSettings settings;
    settings.f0_method = stages::F0Method::kRmvpe;
    settings.seed = static_cast<uint64_t>(i);
    stages::convert_speech(stage, in[static_cast<size_t>(i)].wave, settings);
  };
  return prepared(r, in, query,
                  {{"rvc", config_to_json(rvc->config())},
                   {"content", config_to_json(hubert->config())},
                   {"f0", config_to_json(rmvpe->config())}});
}

}  // namespace

std::vector<StageCase> rvc_cases() {
  return {{"rvc.content", "rvc_feat_ms", content},
          {"rvc.f0", "rvc_f0_ms", f0},
          {"rvc.synth", "rvc_synth_ms", synth},
          {"rvc.convert", "rvc_ms", convert}};
}

}  // namespace vl::bench
