#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/models/registry.h"

namespace vl::models {

namespace {

constexpr size_t kListed = 5;

std::string listed(const std::vector<std::string>& all) {
  std::vector<std::string> head(all.begin(),
                                all.begin() + static_cast<long>(std::min(all.size(), kListed)));
  std::string text = fmt::format("{}", fmt::join(head, ", "));
  if (all.size() > kListed) text += fmt::format(" and {} more", all.size() - kListed);
  return text;
}

bool is_counter(const std::string& key) {
  static const std::string kSuffix = "num_batches_tracked";
  return key.size() >= kSuffix.size() &&
         key.compare(key.size() - kSuffix.size(), kSuffix.size(), kSuffix) == 0;
}

std::string shape_text(at::IntArrayRef sizes) { return fmt::format("[{}]", fmt::join(sizes, ",")); }

/// Parameters and buffers of the module by key.
std::map<std::string, at::Tensor> slots(torch::nn::Module& module) {
  std::map<std::string, at::Tensor> out;
  for (const auto& item : module.named_parameters()) out[item.key()] = item.value();
  for (const auto& item : module.named_buffers()) out[item.key()] = item.value();
  return out;
}

}  // namespace

void load_state(torch::nn::Module& module, const weights::StateDict& tensors,
                const std::string& file) {
  auto wanted = slots(module);
  std::vector<std::string> missing, unexpected, shapes;
  for (const auto& [key, slot] : wanted)
    if (!tensors.contains(key) && !is_counter(key)) missing.push_back(key);
  for (const auto& [key, value] : tensors) {
    const auto it = wanted.find(key);
    if (it == wanted.end())
      unexpected.push_back(key);
    else if (it->second.sizes() != value.sizes())
      shapes.push_back(fmt::format("{} is {}, wanted {}", key, shape_text(value.sizes()),
                                   shape_text(it->second.sizes())));
  }
  std::vector<std::string> parts;
  if (!missing.empty()) parts.push_back("missing " + listed(missing));
  if (!unexpected.empty()) parts.push_back("unexpected " + listed(unexpected));
  if (!shapes.empty()) parts.push_back("wrong shape: " + listed(shapes));
  if (!parts.empty())
    throw Error(Code::kBadWeights,
                fmt::format("weights do not fit the model: {}", fmt::join(parts, "; ")),
                Where{.file = file});
  for (const auto& [key, value] : tensors) {
    at::Tensor ready = value;
    at::Tensor& slot = wanted[key];
    if (ready.scalar_type() != slot.scalar_type()) ready = ready.to(slot.scalar_type());
    ready = ready.contiguous();
    if (ready.is_floating_point() && !ready.isfinite().all().item<bool>())
      throw Error(Code::kBadWeights, fmt::format("weights hold NaN or infinity in \"{}\"", key),
                  Where{.file = file});
    slot.set_data(ready);
  }
}

std::shared_ptr<torch::nn::Module> build(const ModelFile& file, const std::string& source_name) {
  const auto module = find_class(file.role, file.arch).make(file.config);
  load_state(*module, file.tensors, source_name);
  module->eval();
  return module;
}

[[noreturn]] static void no_such_class(const std::string& role, const std::string& arch,
                                       const std::vector<std::string>& roles) {
  fail(Code::kUnsupportedVariant, "this build has no model of role \"{}\"{}; roles: {}", role,
       arch.empty() ? "" : " and arch \"" + arch + "\"", fmt::join(roles, " "));
}

const ModelClass& find_class(const std::string& role, const std::string& arch) {
  std::vector<std::string> roles;
  for (const ModelClass& c : registry()) {
    if (role == c.role && (arch.empty() || arch == c.arch)) return c;
    roles.push_back(c.role);
  }
  no_such_class(role, arch, roles);
}

}  // namespace vl::models
