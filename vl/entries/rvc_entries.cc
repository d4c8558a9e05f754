#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/dsp/f0_decode.h"
#include "vl/dsp/highpass.h"
#include "vl/dsp/int16.h"
#include "vl/dsp/rms_mix.h"
#include "vl/dsp/rmvpe_mel.h"
#include "vl/entries/entry.h"
#include "vl/models/hubert/hubert.h"
#include "vl/models/rmvpe/rmvpe.h"
#include "vl/models/rvc/feature_index.h"
#include "vl/models/rvc/rvc.h"
#include "vl/stages/convert_track.h"

namespace vl::entries {

namespace {

template <class M>
const M& model(const Call& call) {
  const M* m = dynamic_cast<const M*>(call.model);
  check(m != nullptr, Code::kWrongModelKind, "the entry needs another kind of model");
  return *m;
}

/// NaN and infinity would spread over the whole result.
const at::Tensor& finite(const Call& call, const char* name) {
  const at::Tensor& t = call.input(name);
  if (t.numel() == 0) fail(Code::kBadValue, "input:{} is empty", name);
  if (!t.isfinite().all().item<bool>())
    fail(Code::kBadValue, "input:{} holds NaN or infinity", name);
  return t;
}

Tensors content_features(const Call& call) {
  const auto& hubert = model<models::hubert::Hubert>(call);
  Tensors out;
  const int64_t count = std::min<int64_t>(hubert.config().layers, call.outputs_all ? 64 : 12);
  const std::vector<at::Tensor> layers =
      hubert.layers(finite(call, "wave"), count, call.outputs_all ? &out : nullptr);
  for (size_t n : {size_t{9}, size_t{12}})
    if (layers.size() >= n) out["layer" + std::to_string(n)] = layers[n - 1];
  if (layers.size() >= 9 && hubert.config().proj > 0) {
    out["layer9_proj"] = hubert.project(layers[8]);
    if (call.outputs_all) out["v1"] = out["layer9_proj"];
  }
  return out;
}

Tensors f0_mel(const Call& call) { return {{"mel", dsp::rmvpe_mel(finite(call, "wave"))}}; }

Tensors f0_salience(const Call& call) {
  Tensors out;
  const at::Tensor salience = model<models::rmvpe::Rmvpe>(call).salience(
      finite(call, "mel"), call.outputs_all ? &out : nullptr);
  out["salience"] = salience;
  return out;
}

Tensors f0_f0(const Call& call) {
  Tensors out;
  const at::Tensor mel = dsp::rmvpe_mel(finite(call, "wave"));
  const at::Tensor salience =
      model<models::rmvpe::Rmvpe>(call).salience(mel, call.outputs_all ? &out : nullptr);
  if (call.outputs_all) out["mel"] = mel, out["salience"] = salience;
  out["f0"] = dsp::f0_from_salience(salience[0], call.number("threshold", 0.03));
  return out;
}

std::optional<int64_t> whole(const Call& call, const char* name) {
  if (!call.has(name)) return std::nullopt;
  const double value = finite(call, name).item<double>();
  if (value != std::floor(value) || std::abs(value) > 1e9)
    fail(Code::kBadValue, "input:{} is {}, no count of frames", name, value);
  return static_cast<int64_t>(value);
}

Tensors rvc_infer(const Call& call) {
  const auto given = [&](const char* name) {
    return call.has(name) ? finite(call, name) : at::Tensor();
  };
  models::rvc::RvcInputs in;
  in.phone = given("phone");
  in.pitch = given("pitch");
  in.pitchf = given("pitchf");
  in.sid = call.input("sid").item<int64_t>();
  in.noise_z = given("noise_z");
  in.noise_sine = given("noise_sine");
  in.seed = call.seed;
  in.skip_head = whole(call, "skip_head");
  in.return_length = whole(call, "return_length");
  in.return_length2 = whole(call, "return_length2");
  Tensors out;
  const at::Tensor wav = model<models::rvc::Rvc>(call).infer(in, call.outputs_all ? &out : nullptr);
  out["wav"] = wav;
  return out;
}

template <class M>
std::shared_ptr<const M> part(const Call& call, const char* role) {
  const auto it = call.parts.find(role);
  return it == call.parts.end() ? nullptr : std::dynamic_pointer_cast<const M>(it->second);
}

Tensors rvc_retrieve(const Call& call) {
  const auto index = part<models::rvc::FeatureIndex>(call, "rvc-index");
  check(index != nullptr, Code::kMissingArgument, "rvc retrieve needs --index");
  const at::Tensor& features = finite(call, "features");
  const double rate = call.number("rate", 1.0);
  if (!(rate >= 0.0 && rate <= 1.0)) fail(Code::kBadValue, "input:rate is {}, outside 0..1", rate);
  const models::rvc::Neighbours near = index->search(features);
  return {{"ix", near.ids},
          {"score", near.scores},
          {"blended", index->mean(features, near) * rate + features * (1.0 - rate)}};
}

/// Samples at 16 kHz from input:constants, seconds.
stages::RvcConstants constants(const Call& call) {
  stages::RvcConstants c;
  if (!call.has("constants")) return c;
  const at::Tensor seconds = finite(call, "constants");
  int64_t* slots[] = {&c.pad, &c.query, &c.center, &c.max};
  for (int64_t i = 0; i < 4; ++i) {
    const double value = seconds[i].item<double>();
    if (!(value > 0 && value <= 3600))
      fail(Code::kBadValue, "input:constants holds {} s, outside 0..3600", value);
    *slots[i] = std::llround(value * stages::kRvcRate);
  }
  return c;
}

/// The loudness mix over the whole track, and the samples as the public program writes them.
void finish_convert(const at::Tensor& filtered, int64_t rate, double mix, Tensors& out) {
  const at::Tensor& voice = out.at("float");
  at::Tensor mixed = voice;
  if (mix != 1.0 && voice.numel() > 0) {
    dsp::RmsCurve in(stages::kRvcRate), own(rate);
    in.push(filtered.const_data_ptr<double>(), filtered.numel());
    own.push(voice.const_data_ptr<float>(), voice.numel());
    mixed =
        voice * dsp::rms_gain({in.finish(), own.finish(), mix}, 0, voice.numel(), voice.numel());
  }
  const float peak = mixed.numel() > 0 ? mixed.abs().max().item<float>() : 0.F;
  out["after_rms"] = mixed;
  at::Tensor whole = at::empty({mixed.numel()}, at::kShort);
  dsp::to_int16(mixed.contiguous().const_data_ptr<float>(), mixed.numel(), dsp::int16_scale(peak),
                whole.data_ptr<int16_t>());
  out["int16"] = whole.to(at::kLong);
}

/// Noise for every chunk, or none at all.
std::function<stages::NoisePair(int64_t, int64_t)> given_noise(const Call& call, bool f0) {
  if (!call.has("noise_z.0") && !call.has("noise_sine.0")) return {};
  return [&call, f0](int64_t chunk, int64_t) {
    const auto one = [&](const char* name) {
      const std::string key = fmt::format("{}.{}", name, chunk);
      if (!call.has(key)) fail(Code::kMissingArgument, "input:{} is missing", key);
      return finite(call, key.c_str());
    };
    return stages::NoisePair{one("noise_z"), f0 ? one("noise_sine") : at::Tensor()};
  };
}

Tensors rvc_convert(const Call& call) {
  const auto voice =
      std::shared_ptr<const models::rvc::Rvc>(&model<models::rvc::Rvc>(call), [](auto*) {});
  const auto content = part<models::hubert::Hubert>(call, "content");
  check(content != nullptr, Code::kMissingArgument, "rvc convert needs --content");
  const auto f0 = part<models::rmvpe::Rmvpe>(call, "f0");
  call.rvc.validate();
  check(call.rvc.semitones().has_value() && call.rvc.resample_sr == 0, Code::kBadValue,
        "rvc convert takes neither --pitch auto nor --resample-sr");
  stages::RvcSettings settings = stages::to_settings(call.rvc, f0 != nullptr, call.seed);
  settings.speaker = static_cast<int64_t>(call.number("sid", double(call.rvc.speaker)));
  settings.constants = constants(call);
  const stages::ConvertVoice stage(
      {content, f0, voice, part<models::rvc::FeatureIndex>(call, "rvc-index")});
  const at::Tensor filtered = dsp::highpass(stages::limit_peak(finite(call, "wave")[0]));
  const stages::TrackSource source{filtered.numel(), [&](int64_t begin, int64_t n) {
                                     return filtered.slice(0, begin, begin + n);
                                   }};
  std::vector<at::Tensor> pieces;
  const stages::TrackReport report = stages::convert_track(
      stage, source, settings, {.noise = given_noise(call, voice->config().f0)},
      [&](const at::Tensor& piece) { pieces.push_back(piece); });
  Tensors out = {{"float", at::cat(pieces)}};
  if (voice->config().f0) out["coarse"] = report.coarse, out["f0"] = report.f0;
  finish_convert(filtered, voice->config().sample_rate, call.rvc.rms_mix_rate, out);
  if (!call.outputs_all) {
    out.erase("after_rms");
    return out;
  }
  out["filtered"] = filtered;
  out["chunk_in"] = at::tensor(report.chunk_in, at::kLong);
  out["chunk_out"] = at::tensor(report.chunk_out, at::kLong);
  return out;
}

InputSpec optional(const char* name, std::vector<int64_t> dims, Kind kind = Kind::kFloat) {
  return {.name = name, .dims = std::move(dims), .kind = kind, .optional = true};
}

}  // namespace

std::vector<Entry> rvc_entries() {
  const InputSpec wave = {.name = "wave", .dims = {1, -1}};
  return {
      {"content", "features", {wave}, content_features},
      {"f0", "mel", {wave}, f0_mel, /*needs_model=*/false},
      {"f0", "salience", {{.name = "mel", .dims = {1, 128, -1}}}, f0_salience},
      {"f0", "f0", {wave, optional("threshold", {1})}, f0_f0},
      {"rvc",
       "infer",
       {{.name = "phone", .dims = {1, -1, -1}},
        optional("pitch", {1, -1}, Kind::kInt),
        optional("pitchf", {1, -1}),
        {.name = "sid", .dims = {1}, .kind = Kind::kInt},
        optional("noise_z", {1, -1, -1}),
        optional("noise_sine", {1, -1, 1}),
        optional("skip_head", {1}),
        optional("return_length", {1}),
        optional("return_length2", {1})},
       rvc_infer},
      {"rvc",
       "retrieve",
       {{.name = "features", .dims = {-1, -1}}, optional("rate", {1})},
       rvc_retrieve,
       /*needs_model=*/false},
      {"rvc",
       "convert",
       {wave, optional("sid", {1}, Kind::kInt), optional("constants", {4}),
        optional("noise_z.*", {1, -1, -1}), optional("noise_sine.*", {1, -1, 1})},
       rvc_convert},
  };
}

}  // namespace vl::entries
