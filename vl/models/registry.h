#pragma once

#include <memory>
#include <string>
#include <vector>

#include <torch/nn/module.h>
#include <nlohmann/json.hpp>

#include "vl/nn/module.h"
#include "vl/weights/checkpoint.h"

namespace vl::models {

/// A model file after import: what a weights file of spec/packs.md section 3 holds.
struct ModelFile {
  std::string role, arch;
  nlohmann::json config;       ///< every field of the arch's config struct
  weights::StateDict tensors;  ///< public keys, weight norm folded, exactly the keys of the module
};

/// One line of the registry. Functions never keep a reference to their arguments' containers.
struct ModelClass {
  const char* role;
  const char* arch;
  /// True when the tensors of this checkpoint look like this class (used for "x.pth is a face
  /// detector, not wav2lip").
  bool (*recognise)(const weights::Checkpoint& checkpoint);
  /// Interprets a public container (or a fill): finds the state dict, derives the configuration
  /// from shapes and from the container's or the given config, folds weight norm, drops what
  /// inference never uses, renames aliases of keys.
  /// @throws Error(kWrongModelKind, kBadWeights, kUnsupportedVariant)
  ModelFile (*import)(const weights::Checkpoint& checkpoint);
  /// Builds the module for a configuration (JSON as in ModelFile) with uninitialised weights.
  std::shared_ptr<torch::nn::Module> (*make)(const nlohmann::json& config);
  /// The default configuration: the public size.
  nlohmann::json (*default_config)();
};

/// All classes; the list is in registry.cc.
const std::vector<ModelClass>& registry();

/// The class of role (and arch, when not empty). @throws Error(kUnsupportedVariant) for one that is
/// not built
const ModelClass& find_class(const std::string& role, const std::string& arch = {});

/// Gives every parameter and buffer of `module` the tensor of its key, without a copy where dtype
/// and layout allow.
/// @throws Error(kBadWeights) listing the first five missing, unexpected or wrongly shaped keys, or
/// a key with NaN or infinity. `num_batches_tracked` may be absent.
void load_state(torch::nn::Module& module, const weights::StateDict& tensors,
                const std::string& file);

/// make + load_state + eval mode.
std::shared_ptr<torch::nn::Module> build(const ModelFile& file, const std::string& source_name);

/// Lets a model compute in plain ATen, in the operator sequence of the public code (nn::Path): the
/// engine "ref". Before it is shared.
void use_reference_path(torch::nn::Module& module);

/// Converts the weights of a model that has other forms of them (nn::Precision); others stay as
/// they are. Before it is shared.
void set_precision(torch::nn::Module& module, nn::Precision precision);

template <class M>
std::shared_ptr<const M> build_as(const ModelFile& file, const std::string& source_name) {
  return std::dynamic_pointer_cast<const M>(build(file, source_name));
}

/// A weights file of ours (safetensors with the `voxlip` entry) or, when it is none, any public
/// container that the class of `role` can import. `config` is the separate config file's text as
/// JSON, or null.
ModelFile read_model(const std::string& role, const weights::Checkpoint& checkpoint);

/// Writes the weights file of spec/packs.md section 3. `source` is the JSON of its "source" key.
void write_model(const std::string& path, const ModelFile& file, const std::string& name,
                 const nlohmann::json& source, const std::string& licence);

}  // namespace vl::models
