#include "vl/dub/voice_prompt.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/text/vallex_text.h"
#include "vl/weights/npz.h"

namespace vl::dub {

VoicePromptFile read_prompt_npz(const std::string& path) {
  const auto bad = [&](const std::string& what) {
    throw Error(Code::kBadPrompt, fmt::format("{} is no VALL-E X preset: {}", path, what),
                Where{.file = path});
  };
  std::map<std::string, at::Tensor> arrays;
  try {
    arrays = weights::read_npz(path);
  } catch (const Error& e) {
    if (e.code() == Code::kNotFound) throw;
    bad(e.message());
  }
  for (const char* key : {"audio_tokens", "text_tokens", "lang_code"})
    if (!arrays.count(key)) bad(key);
  VoicePromptFile out;
  out.codes = arrays.at("audio_tokens").to(at::kLong).squeeze(0).contiguous();
  if (out.codes.dim() != 2 || out.codes.size(1) != 8) bad("audio_tokens");
  const at::Tensor text = arrays.at("text_tokens").to(at::kLong).reshape({-1}).contiguous();
  out.text_tokens.assign(text.data_ptr<int64_t>(), text.data_ptr<int64_t>() + text.numel());
  static const char* const kLanguages[] = {"zh", "ja", "en"};
  const int64_t code = arrays.at("lang_code").numel() == 1
                           ? arrays.at("lang_code").reshape({-1})[0].item<int64_t>()
                           : -1;
  if (code < 0 || code > 2) bad("lang_code");
  out.lang = kLanguages[code];
  out.language_id = text::vallex_language_id(out.lang);
  return out;
}

}  // namespace vl::dub
