#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/dsp/align.h"
#include "vl/dsp/denoise.h"
#include "vl/dsp/mel.h"
#include "vl/entries/entry.h"
#include "vl/models/fastpitch/fastpitch.h"
#include "vl/models/hifigan/generator.h"

namespace vl::entries {

namespace {

using models::fastpitch::CustomPitch;
using models::fastpitch::FastPitch;
using models::fastpitch::FastPitchControls;
using models::fastpitch::FastPitchOutput;
using models::hifigan::Generator;

constexpr int64_t kBiasFrames = 88;  // of the all-zero mel that shows the vocoder's bias

template <class M>
const M& model_of(const Call& call, const char* role) {
  const auto* model = dynamic_cast<const M*>(call.model);
  if (model == nullptr) fail(Code::kWrongModelKind, "the weights are no {} model", role);
  return *model;
}

at::Tensor optional_input(const Call& call, const char* name) {
  return call.has(name) ? call.input(name) : at::Tensor();
}

bool flag(const Call& call, const char* name) { return call.number(name, 0.0) != 0.0; }

CustomPitch custom_pitch(const Call& call) {
  const double choice = call.number("pitch_custom", 0.0);
  if (choice == 0.0) return CustomPitch::kNone;
  if (choice == 1.0) return CustomPitch::kRamp;
  if (choice != 2.0) fail(Code::kBadValue, "input:pitch_custom is {}, wanted 0, 1 or 2", choice);
  return CustomPitch::kQuirk;
}

FastPitchControls controls_of(const Call& call) {
  FastPitchControls c;
  c.speaker = optional_input(call, "speaker");
  c.pace = call.number("pace", c.pace);
  c.dur_tgt = optional_input(call, "dur_tgt");
  c.pitch_tgt = optional_input(call, "pitch_tgt");
  c.energy_tgt = optional_input(call, "energy_tgt");
  c.pitch = {.flatten = flag(call, "pitch_flatten"),
             .invert = flag(call, "pitch_invert"),
             .amplify = call.number("pitch_amplify", 1.0),
             .shift_hz = call.number("pitch_shift_hz", 0.0),
             .custom = custom_pitch(call)};
  c.max_duration = call.number("max_duration", c.max_duration);
  c.half_even = flag(call, "half_even");
  c.reference_padding = flag(call, "reference_padding");
  return c;
}

Tensors infer(const Call& call) {
  const auto& model = model_of<FastPitch>(call, "fastpitch");
  Tensors out;
  const FastPitchOutput o =
      model.infer(call.input("ids"), controls_of(call), call.outputs_all ? &out : nullptr);
  out["mel"] = o.mel;
  out["mel_lens"] = o.mel_lens;
  out["dur"] = o.dur;
  out["pitch"] = o.pitch;
  if (o.energy.defined()) out["energy"] = o.energy;
  return out;
}

Tensors align(const Call& call) {
  const dsp::Alignment a = dsp::monotonic_align(call.input("log_attn"));
  return {{"path", a.path}, {"dur", a.dur}};
}

Tensors fastpitch_mel(const Call& call) {
  const at::Tensor mel = dsp::log_mel(call.input("wave"), dsp::MelKind::kFastPitch);
  return {{"mel", mel}, {"energy", dsp::mel_energy(mel)}};
}

Tensors vocode(const Call& call) {
  Tensors out;
  const at::Tensor audio = model_of<Generator>(call, "hifigan")
                               .forward(call.input("mel"), call.outputs_all ? &out : nullptr);
  out["audio"] = audio;
  return out;
}

Tensors hifigan_mel(const Call& call) {
  dsp::MelConfig config;
  config.fmax = call.number("fmax", config.fmax);
  return {{"mel", dsp::log_mel(call.input("wave"), dsp::MelKind::kHifigan, config)}};
}

Tensors denoise(const Call& call) {
  const auto& generator = model_of<Generator>(call, "hifigan");
  const at::Tensor bias_audio =
      generator.forward(at::zeros({1, generator.config().num_mels, kBiasFrames})).squeeze(1);
  const at::Tensor bias = dsp::bias_spectrum(bias_audio);
  const at::Tensor wave = call.input("wave").to(bias.device());
  Tensors out = {{"audio", dsp::denoise(wave, bias, call.number("strength", 0.0))},
                 {"bias_spec", bias}};
  if (call.outputs_all) out["bias_audio"] = bias_audio;
  return out;
}

}  // namespace

std::vector<Entry> fastpitch_entries() {
  const auto setting = [](const char* name, Kind kind = Kind::kFloat) {
    return InputSpec{.name = name, .dims = {1}, .kind = kind, .optional = true};
  };
  const InputSpec wave{.name = "wave", .dims = {1, -1}};
  return {
      {.role = "fastpitch",
       .name = "infer",
       .inputs = {{.name = "ids", .dims = {-1, -1}, .kind = Kind::kInt},
                  {.name = "speaker", .dims = {-1}, .kind = Kind::kInt, .optional = true},
                  setting("pace"),
                  {.name = "dur_tgt", .dims = {-1, -1}, .optional = true},
                  {.name = "pitch_tgt", .dims = {-1, 1, -1}, .optional = true},
                  {.name = "energy_tgt", .dims = {-1, 1, -1}, .optional = true},
                  setting("pitch_flatten", Kind::kInt),
                  setting("pitch_invert", Kind::kInt),
                  setting("pitch_amplify"),
                  setting("pitch_shift_hz"),
                  setting("pitch_custom", Kind::kInt),
                  setting("max_duration"),
                  setting("half_even", Kind::kInt),
                  setting("reference_padding", Kind::kInt)},
       .run = infer},
      {.role = "fastpitch",
       .name = "align",
       .inputs = {{.name = "log_attn", .dims = {-1, -1}}},
       .run = align,
       .needs_model = false},
      {.role = "fastpitch",
       .name = "mel",
       .inputs = {wave},
       .run = fastpitch_mel,
       .needs_model = false},
      {.role = "hifigan",
       .name = "vocode",
       .inputs = {{.name = "mel", .dims = {-1, -1, -1}}},
       .run = vocode},
      {.role = "hifigan",
       .name = "mel",
       .inputs = {wave, setting("fmax")},
       .run = hifigan_mel,
       .needs_model = false},
      {.role = "hifigan",
       .name = "denoise",
       .inputs = {wave, {.name = "strength", .dims = {1}}},
       .run = denoise},
  };
}

}  // namespace vl::entries
