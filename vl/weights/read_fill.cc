#include <cmath>
#include <map>
#include <numbers>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/weights/checkpoint.h"
#include "vl/weights/fill.h"

namespace vl::weights {

using nlohmann::json;

namespace {

// 16 GiB of float32: far above any model, far below what a wrong list could ask for.
constexpr int64_t kMaxElements = int64_t{1} << 32;

/// Number of elements, or more than kMaxElements for anything larger or negative.
int64_t bounded_count(const std::vector<int64_t>& shape) {
  int64_t bound = 1, count = 1;
  for (const int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(bound, std::max<int64_t>(size, 1), &bound))
      return kMaxElements + 1;
    count *= size;
  }
  return bound > kMaxElements ? kMaxElements + 1 : count;
}

FillParam parse_param(const json& entry) {
  FillParam out;
  out.key = entry.at("key").get<std::string>();
  out.shape = entry.at("shape").get<std::vector<int64_t>>();
  out.dtype = entry.value("dtype", out.dtype);
  out.scale = entry.value("scale", out.scale);
  out.offset = entry.value("offset", out.offset);
  out.tied_to = entry.value("tied_to", "");
  out.special = entry.value("special", "");
  return out;
}

at::Tensor hann_periodic(const std::vector<int64_t>& shape) {
  at::Tensor out = at::empty(shape, at::kFloat);
  const int64_t n = out.numel();
  auto* data = out.data_ptr<float>();
  for (int64_t i = 0; i < n; ++i) {
    const double angle = 2.0 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(n);
    data[i] = static_cast<float>(0.5 - 0.5 * std::cos(angle));
  }
  return out;
}

at::Tensor make(const FillParam& p, uint64_t seed, bool half) {
  if (p.dtype == "int64") return at::full(p.shape, static_cast<int64_t>(p.offset), at::kLong);
  const std::string& key = p.tied_to.empty() ? p.key : p.tied_to;
  const at::Tensor out = p.special.empty() ? fill_tensor(key, p.shape, seed, p.scale, p.offset)
                                           : hann_periodic(p.shape);
  return half ? out.to(at::kHalf).to(at::kFloat) : out;
}

/// Whether the formula gives both rows the same tensor, so that they can share it.
bool same_fill(const FillParam& a, const FillParam& partner) {
  return a.shape == partner.shape && a.scale == partner.scale && a.offset == partner.offset &&
         a.dtype == partner.dtype && a.special == partner.special && partner.tied_to.empty();
}

}  // namespace

std::vector<FillParam> read_fill_params(const std::string& path) {
  const json list = json::parse(read_file(path), nullptr, false);
  if (!list.is_array())
    throw Error(Code::kNotACheckpoint, path + " is no parameter list", Where{.file = path});
  std::vector<FillParam> out;
  int64_t total = 0;
  const auto bad = [&](const std::string& why) {
    throw Error(Code::kBadWeights, fmt::format("{}: entry {} {}", path, out.size(), why),
                Where{.file = path, .detail = fmt::format("entry {}", out.size())});
  };
  for (const json& entry : list) {
    FillParam p;
    try {
      p = parse_param(entry);
    } catch (const json::exception& e) {
      bad(fmt::format("is no parameter: {}", e.what()));
    }
    total += bounded_count(p.shape);
    if (total > kMaxElements) bad("has an impossible shape");
    if (p.dtype != "float32" && p.dtype != "int64") bad("has the unknown dtype " + p.dtype);
    if (!p.special.empty() && p.special != "hann_periodic")
      bad("has the unknown special " + p.special);
    if (!(std::abs(p.offset) < 9e15) || !std::isfinite(p.scale)) bad("has an impossible number");
    out.push_back(std::move(p));
  }
  return out;
}

StateDict fill_state_dict(const std::vector<FillParam>& params, uint64_t seed, bool half) {
  std::map<std::string, const FillParam*> by_key;
  for (const FillParam& p : params) by_key[p.key] = &p;
  std::map<std::string, at::Tensor> made;
  const auto tensor_of = [&](const FillParam& p) {
    const auto [it, fresh] = made.try_emplace(p.key);
    if (fresh) it->second = make(p, seed, half);
    return it->second;
  };
  StateDict out;
  for (const FillParam& p : params) {
    const auto partner = by_key.find(p.tied_to);
    const bool shared =
        !p.tied_to.empty() && partner != by_key.end() && same_fill(p, *partner->second);
    out.set(p.key, tensor_of(shared ? *partner->second : p));
  }
  return out;
}

Checkpoint read_fill(const std::string& params_json, uint64_t seed, bool half) {
  Checkpoint out;
  out.file = params_json;
  out.container = "fill";
  auto dict = std::make_shared<Dict>();
  for (const auto& [key, tensor] : fill_state_dict(read_fill_params(params_json), seed, half))
    dict->emplace_back(Value{key}, Value{tensor});
  out.root.data = dict;
  return out;
}

}  // namespace vl::weights
