#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/dsp/f0_decode.h"
#include "vl/dsp/rmvpe_mel.h"
#include "vl/entries/entry.h"
#include "vl/models/hubert/hubert.h"
#include "vl/models/rmvpe/rmvpe.h"
#include "vl/models/rvc/rvc.h"

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
  };
}

}  // namespace vl::entries
