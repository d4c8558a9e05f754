#include <fstream>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "vl/core/error.h"
#include "vl/weights/checkpoint.h"
#include "vl/weights/fill.h"

namespace vl::weights {

using nlohmann::json;

namespace {

at::Tensor one(const json& p, uint64_t seed, bool half) {
  const auto shape = p.at("shape").get<std::vector<int64_t>>();
  if (p.value("dtype", "float32") == "int64")
    return at::full(shape, static_cast<int64_t>(p.value("offset", 0.0)), at::kLong);
  at::Tensor t;
  if (p.value("special", "") == "hann_periodic") {
    const int64_t n = c10::multiply_integers(shape);
    const at::Tensor i = at::arange(n, at::kDouble);
    t = (0.5 - 0.5 * at::cos(2 * M_PI * i / static_cast<double>(n))).to(at::kFloat).reshape(shape);
  } else {
    t = fill_tensor(p.at("key").get<std::string>(), shape, seed, p.value("scale", 1.0),
                    p.value("offset", 0.0));
  }
  return half ? t.to(at::kHalf).to(at::kFloat) : t;
}

}  // namespace

Checkpoint read_fill(const std::string& params_json, uint64_t seed, bool half) {
  std::ifstream in(params_json);
  if (!in)
    throw Error(Code::kNotFound, "cannot read " + params_json + ": no such file",
                Where{.file = params_json});
  const json list = json::parse(in, nullptr, false);
  if (!list.is_array())
    throw Error(Code::kNotACheckpoint, params_json + " is no parameter list",
                Where{.file = params_json});
  Checkpoint out{.file = params_json, .container = "fill"};
  std::map<std::string, const json*> by_key;
  auto dict = std::make_shared<Dict>();
  try {
    for (const json& p : list) by_key[p.at("key").get<std::string>()] = &p;
    std::map<std::string, at::Tensor> made;
    const auto value_of = [&](const std::string& key) {
      auto [it, fresh] = made.try_emplace(key);
      if (fresh) it->second = one(*by_key.at(key), seed, half);
      return it->second;
    };
    for (const json& p : list) {
      const std::string key = p.at("key").get<std::string>(), source = p.value("tied_to", key);
      const at::Tensor t = by_key.count(source)
                               ? value_of(source)
                               : fill_tensor(source, p.at("shape").get<std::vector<int64_t>>(),
                                             seed, p.value("scale", 1.0), p.value("offset", 0.0));
      dict->emplace_back(Value{key}, Value{t});
    }
  } catch (const json::exception& e) {
    throw Error(Code::kNotACheckpoint, params_json + " is no parameter list: " + e.what(),
                Where{.file = params_json});
  }
  out.root.data = dict;
  return out;
}

}  // namespace vl::weights
