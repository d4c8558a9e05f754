#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace vl::dub {

/// A published VALL-E X preset (.npz): audio_tokens [1,T,8], text_tokens [1,S], lang_code (0 zh, 1
/// ja, 2 en).
struct VoicePromptFile {
  at::Tensor codes;  ///< [T, 8] int64
  std::vector<int64_t> text_tokens;
  int64_t language_id = 0;  ///< as the model counts: en 0, zh 1, ja 2
  std::string lang;
};

/// @throws Error(kBadPrompt) when an array is missing or of another form
VoicePromptFile read_prompt_npz(const std::string& path);

}  // namespace vl::dub
