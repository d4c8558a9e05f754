#pragma once

#include <map>
#include <string>

#include "vl/weights/mapped_file.h"
#include "vl/weights/state_dict.h"

namespace vl::weights {

struct SafetensorsFile {
  StateDict tensors;  ///< views of the mapped file, in order of their offsets; copy before writing
                      ///< to them
  std::map<std::string, std::string> metadata;
};

/// Maps a .safetensors file. Dtypes BOOL U8 I8 I16 I32 I64 F16 BF16 F32 F64. The mapping lives as
/// long as any tensor does.
/// @throws Error kNotFound, kNotACheckpoint (header), kTruncatedModel, kBadWeights (offsets,
/// overlap, shapes)
SafetensorsFile read_safetensors(const std::string& path);
/// The same from bytes in memory; `file` is the name for messages.
SafetensorsFile read_safetensors_bytes(const ByteView& bytes, const std::string& file);

/// Writes beside the target as .NAME.part, then renames. Tensors are made contiguous; order is
/// kept.
/// @throws Error kNotWritable, kDiskFull
void write_safetensors(const std::string& path, const StateDict& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace vl::weights
