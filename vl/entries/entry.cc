#include "vl/entries/entry.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>

#include "vl/core/error.h"
#include "vl/core/fields.h"
#include "vl/kernels/cpu_mode.h"

namespace vl::entries {

double Call::number(const std::string& name, double otherwise) const {
  const auto it = inputs.find(name);
  return it == inputs.end() ? otherwise : it->second.reshape({-1})[0].item<double>();
}

const std::vector<Entry>& entries() {
  static const std::vector<Entry> all = [] {
    std::vector<Entry> out;
    for (auto* family : {rvc_entries, vallex_entries, fastpitch_entries, wav2lip_entries,
                         image_entries, text_entries})
      for (Entry& e : family()) out.push_back(std::move(e));
    return out;
  }();
  return all;
}

const Entry& find_entry(const std::string& role, const std::string& name) {
  std::vector<std::string> roles, names;
  for (const Entry& e : entries()) {
    if (std::find(roles.begin(), roles.end(), e.role) == roles.end()) roles.push_back(e.role);
    if (e.role != role) continue;
    if (e.name == name) return e;
    names.push_back(e.name);
  }
  if (names.empty())
    fail(Code::kUnknownName, "no role \"{}\" has entries; roles: {}", role, fmt::join(roles, " "));
  fail(Code::kUnknownName, "role {} has no entry \"{}\"; entries: {}", role, name,
       fmt::join(names, " "));
}

namespace {

/// Adds or drops leading dimensions of size 1 until the rank fits; undefined when that is not
/// possible.
at::Tensor fit_rank(at::Tensor t, size_t rank) {
  while (t.dim() > static_cast<int64_t>(rank) && t.size(0) == 1) t = t.squeeze(0);
  while (t.dim() < static_cast<int64_t>(rank)) t = t.unsqueeze(0);
  return t.dim() == static_cast<int64_t>(rank) ? t : at::Tensor();
}

std::string shape_text(at::IntArrayRef sizes) {
  std::vector<std::string> parts;
  for (int64_t s : sizes) parts.push_back(s < 0 ? "*" : std::to_string(s));
  return fmt::format("[{}]", fmt::join(parts, ","));
}

at::Tensor bring(const Entry& entry, const InputSpec& spec, const at::Tensor& given) {
  const auto wrong = [&](const std::string& why) {
    fail(Code::kBadValue, "input:{} of {} {}: {}", spec.name, entry.role, entry.name, why);
  };
  const bool whole = at::isIntegralType(given.scalar_type(), /*includeBool=*/true);
  if (spec.kind == Kind::kInt && !whole) wrong("integers are wanted");
  if (spec.kind == Kind::kUint8 && given.scalar_type() != at::kByte) wrong("uint8 is wanted");
  const at::Tensor t = fit_rank(given, spec.dims.size());
  if (!t.defined())
    wrong(fmt::format("shape {}, wanted {}", shape_text(given.sizes()), shape_text(spec.dims)));
  for (size_t d = 0; d < spec.dims.size(); ++d)
    if (spec.dims[d] >= 0 && t.size(static_cast<int64_t>(d)) != spec.dims[d])
      wrong(fmt::format("shape {}, wanted {}", shape_text(given.sizes()), shape_text(spec.dims)));
  if (spec.kind == Kind::kFloat) return t.to(at::kFloat).contiguous();
  if (spec.kind == Kind::kInt) return t.to(at::kLong).contiguous();
  return t.contiguous();
}

/// The declared input that a given name means; numbered families (noise_z.0, noise_z.1) are
/// declared once as "noise_z.*".
const InputSpec& spec_of(const Entry& entry, const std::string& name) {
  const size_t dot = name.rfind('.');
  const std::string family = dot == std::string::npos ? "" : name.substr(0, dot) + ".*";
  std::vector<std::string> known;
  for (const InputSpec& spec : entry.inputs) {
    if (spec.name == name || spec.name == family) return spec;
    known.push_back(spec.name);
  }
  const std::string near = nearest_name(name, known);
  fail(Code::kUnknownName, "{} {} has no input:{}{}; inputs: {}", entry.role, entry.name, name,
       near.empty() ? "" : "; did you mean input:" + near + "?", fmt::join(known, " "));
}

}  // namespace

Tensors normalise_inputs(const Entry& entry, const Tensors& given) {
  Tensors out;
  for (const auto& [name, tensor] : given) out[name] = bring(entry, spec_of(entry, name), tensor);
  for (const InputSpec& spec : entry.inputs)
    if (!spec.optional && !out.count(spec.name))
      fail(Code::kMissingArgument, "{} {} needs input:{}", entry.role, entry.name, spec.name);
  return out;
}

Tensors run_entry(const Entry& entry, Call call) {
  c10::InferenceMode inference;
  kernels::prepare_compute_thread();
  call.inputs = normalise_inputs(entry, call.inputs);
  Tensors out = entry.run(call);
  for (auto& [name, t] : out)
    t = t.to(at::isIntegralType(t.scalar_type(), true) ? at::kLong : at::kFloat).cpu().contiguous();
  return out;
}

}  // namespace vl::entries
