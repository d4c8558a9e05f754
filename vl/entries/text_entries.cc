#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/core/paths.h"
#include "vl/entries/entry.h"
#include "vl/text/vallex_text.h"

namespace vl::entries {

namespace {

Tensors text_vallex(const Call& call) {
  const at::Tensor bytes = call.input("text_utf8");
  const std::string text(static_cast<const char*>(bytes.data_ptr()),
                         static_cast<size_t>(bytes.numel()));
  const auto lang = call.flags.find("lang");
  std::string language = lang == call.flags.end() || lang->second.empty() ? "auto" : lang->second;
  if (language == "auto") language = text::language_of(text);
  const text::FrontEnds front_ends(asset_dir());
  const text::VallexTokens tokens = text::vallex_tokens(text, language, front_ends);
  return {{"ids", at::tensor(tokens.ids)}, {"language_ids", at::tensor(tokens.languages)}};
}

}  // namespace

std::vector<Entry> text_entries() {
  return {
      {"text", "vallex", {{"text_utf8", {-1}, Kind::kUint8}}, text_vallex, /*needs_model=*/false}};
}

}  // namespace vl::entries
