#include "vl/weights/state_dict.h"

#include "vl/core/error.h"

namespace vl::weights {

void StateDict::set(const std::string& key, at::Tensor value) {
  const auto [it, fresh] = index_.emplace(key, items_.size());
  if (fresh)
    items_.emplace_back(key, std::move(value));
  else
    items_[it->second].second = std::move(value);
}

const at::Tensor& StateDict::at(const std::string& key) const {
  const auto it = index_.find(key);
  if (it == index_.end()) fail(Code::kBadWeights, "weights have no tensor \"{}\"", key);
  return items_[it->second].second;
}

at::Tensor StateDict::get(const std::string& key) const {
  return contains(key) ? at(key) : at::Tensor();
}

void StateDict::erase(const std::string& key) {
  const auto it = index_.find(key);
  if (it == index_.end()) return;
  items_.erase(items_.begin() + static_cast<std::ptrdiff_t>(it->second));
  index_.clear();
  for (size_t i = 0; i < items_.size(); ++i) index_[items_[i].first] = i;
}

int64_t StateDict::count(const std::string& prefix, const std::string& suffix) const {
  int64_t n = 0;
  while (contains(fmt::format("{}.{}.{}", prefix, n, suffix))) ++n;
  return n;
}

StateDict StateDict::strip(const std::string& prefix) const {
  StateDict out;
  for (const auto& [key, value] : items_)
    if (key.rfind(prefix, 0) == 0) out.set(key.substr(prefix.size()), value);
  return out;
}

int64_t StateDict::numel() const {
  int64_t n = 0;
  for (const auto& item : items_) n += item.second.numel();
  return n;
}

namespace {

at::Tensor fold(const std::string& key, const at::Tensor& g, const at::Tensor& v) {
  bool fits = g.defined() && v.defined() && g.dim() == v.dim();
  std::vector<int64_t> over;
  for (int64_t d = 0; fits && d < v.dim(); ++d) {
    if (g.size(d) == 1 && v.size(d) != 1) over.push_back(d);
    fits = g.size(d) == 1 || g.size(d) == v.size(d);
  }
  if (!fits)
    fail(Code::kBadWeights, "weight norm of \"{}\": weight_g and weight_v do not fit each other",
         key);
  const at::Tensor v32 = v.to(at::kFloat), g32 = g.to(at::kFloat);
  if (over.empty()) return g32 * v32.sign();
  // (g / ||v||) * v, the order torch's own fold uses.
  return v32 * (g32 / v32.square().sum(over, /*keepdim=*/true).sqrt());
}

}  // namespace

StateDict fold_weight_norm(const StateDict& in) {
  static const std::string kNewG = ".parametrizations.weight.original0",
                           kNewV = ".parametrizations.weight.original1";
  const auto ends = [](const std::string& s, const std::string& e) {
    return s.size() > e.size() && s.compare(s.size() - e.size(), e.size(), e) == 0;
  };
  StateDict out;
  for (const auto& [key, value] : in) {
    const bool old_g = ends(key, ".weight_g"), old_v = ends(key, ".weight_v");
    const bool new_g = ends(key, kNewG), new_v = ends(key, kNewV);
    if (!(old_g || old_v || new_g || new_v)) {
      out.set(key, value);
      continue;
    }
    const size_t cut = old_g || old_v ? std::string(".weight_g").size() : kNewG.size();
    const std::string base = key.substr(0, key.size() - cut);
    if (out.contains(base + ".weight")) continue;
    const bool old = old_g || old_v;
    out.set(base + ".weight", fold(base, in.get(base + (old ? ".weight_g" : kNewG)),
                                   in.get(base + (old ? ".weight_v" : kNewV))));
  }
  return out;
}

StateDict strip_module(const StateDict& in) {
  static const std::string kPrefix = "module.";
  StateDict out;
  for (const auto& [key, value] : in) {
    std::string name = key;
    for (size_t at = name.find(kPrefix); at != std::string::npos; at = name.find(kPrefix))
      name.erase(at, kPrefix.size());
    out.set(name, value);
  }
  return out;
}

StateDict to_float32(const StateDict& in) {
  StateDict out;
  for (const auto& [key, value] : in)
    out.set(key, value.is_floating_point() ? value.to(at::kFloat).contiguous() : value);
  return out;
}

}  // namespace vl::weights
