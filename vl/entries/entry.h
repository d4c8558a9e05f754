#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>
#include <torch/nn/module.h>

#include "vl/stages/rvc_options.h"

namespace vl::entries {

/// Named tensors, without the prefixes "input:" and "out:".
using Tensors = std::map<std::string, at::Tensor>;

enum class Kind { kFloat, kInt, kUint8, kAny };

/// What an entry accepts under one name. dims: -1 is any size. A leading dimension of size 1 may be
/// added or left out by the caller; the entry always receives exactly dims.size() dimensions,
/// floats as float32, integers as int64.
struct InputSpec {
  std::string name;
  std::vector<int64_t> dims;
  Kind kind = Kind::kFloat;
  bool optional = false;
};

/// A call of one entry point: shared/spec/models_run.md.
struct Call {
  const torch::nn::Module* model = nullptr;  ///< null for entries without weights (image, text)
  std::string model_config;                  ///< JSON text of the model's configuration
  Tensors inputs;
  bool outputs_all = false;  ///< add one tensor per main block, named as in the goldens
  uint64_t seed = 0;
  std::map<std::string, std::string> flags;  ///< --lang, --cleaner, ...
  stages::RvcOptions rvc;                    ///< the flags of `rvc convert`
  /// Further models by role: content, f0, rvc-index.
  std::map<std::string, std::shared_ptr<torch::nn::Module>> parts;

  bool has(const std::string& name) const { return inputs.count(name) != 0; }
  const at::Tensor& input(const std::string& name) const { return inputs.at(name); }
  /// First element as a number, or `otherwise` when the input is absent.
  double number(const std::string& name, double otherwise) const;
};

/// One row of the table: role, entry name, inputs, function.
struct Entry {
  std::string role, name;
  std::vector<InputSpec> inputs;
  std::function<Tensors(const Call&)> run;
  bool needs_model = true;
};

/// Every entry, from the tables of the *_entries.cc files (the list is in entry.cc).
const std::vector<Entry>& entries();

/// The entry of a role. @throws Error(kUnknownName) naming the entries that exist
const Entry& find_entry(const std::string& role, const std::string& name);

/// Checks names, ranks, widths and dtypes of the inputs against the entry and brings them to the
/// declared form.
/// @throws Error(kBadValue) naming the unknown, missing or misshaped input
Tensors normalise_inputs(const Entry& entry, const Tensors& given);

/// normalise_inputs, then run, in inference mode with denormals flushed. Every output is float32 or
/// int64, contiguous.
Tensors run_entry(const Entry& entry, Call call);

// The tables, one file a family.
std::vector<Entry> rvc_entries();        // content, f0, rvc
std::vector<Entry> vallex_entries();     // vallex, codec, vocos
std::vector<Entry> fastpitch_entries();  // fastpitch, hifigan
std::vector<Entry> wav2lip_entries();    // wav2lip, face
std::vector<Entry> image_entries();      // image
std::vector<Entry> text_entries();       // text

}  // namespace vl::entries
