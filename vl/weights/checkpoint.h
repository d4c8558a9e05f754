#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "vl/weights/mapped_file.h"
#include "vl/weights/value.h"

namespace vl::weights {

/// A checkpoint as its container holds it, before a model class has interpreted it.
struct Checkpoint {
  std::string file;       ///< path, for messages
  std::string container;  ///< zip legacy torchscript safetensors faiss fill npz
  Value root;
  std::vector<std::string> globals;  ///< every global the pickle names, sorted
  nlohmann::json metadata;           ///< safetensors' __metadata__, else null
  std::optional<nlohmann::json>
      config;  ///< the separate config file given beside it (--config), as JSON
  /// Of a training checkpoint that holds them, the running averages of the weights are wanted
  /// (FastPitch: ema_state_dict, HiFi-GAN: gen_ema).
  bool averaged = false;

  /// The tensors of the first of these entries of the root that is a dict with tensors; "" is the
  /// root itself.
  /// @throws Error(kWrongModelKind) when none has any
  StateDict tensors(const std::vector<std::string>& entries) const;
};

/// Reads any container that public checkpoints come in: PyTorch zip, the older legacy stream
/// (Python 2 ones too), TorchScript (parameters and buffers only), safetensors, faiss indices, and
/// transformers folders (config.json + weights). No code of the file is run; depth, sizes and
/// counts are limited, so a damaged file costs neither crash nor memory.
/// @throws Error kNotFound, kNotACheckpoint (text, HTML, LFS pointer), kTruncatedModel,
/// kUnsafeModel (refused global),
///         each naming the place in the file
Checkpoint read_checkpoint(const std::string& path);

/// The config.json beside a weights file, where it is an object with this key: some releases have
/// their configuration there and nowhere else. Nothing for a file that is not read from a folder.
std::optional<nlohmann::json> config_beside(const std::string& file, const std::string& key);

/// The same from bytes in memory; `file` is the name for messages.
Checkpoint read_checkpoint_bytes(const ByteView& bytes, const std::string& file);

/// Deterministic weights for the parameter list PARAMS.json (a JSON array of {key, shape, dtype,
/// scale, offset[, tied_to, special]}), by the rule of vl/weights/fill.h. With `half` every float
/// tensor is rounded to float16 (nearest even) and widened again. container = "fill".
Checkpoint read_fill(const std::string& params_json, uint64_t seed, bool half);

}  // namespace vl::weights
