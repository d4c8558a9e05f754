#include <cstdlib>
#include <sstream>

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/core/paths.h"
#include "vl/entries/entry.h"
#include "vl/text/fastpitch_text.h"
#include "vl/text/vallex_text.h"

namespace vl::entries {

namespace {

std::string text_of(const Call& call) {
  const at::Tensor bytes = call.input("text_utf8");
  return {static_cast<const char*>(bytes.data_ptr()), static_cast<size_t>(bytes.numel())};
}

/// A flag's value, or what stands for it where it is not given.
std::string flag(const Call& call, const std::string& name, const std::string& otherwise) {
  const auto it = call.flags.find(name);
  return it == call.flags.end() || it->second.empty() ? otherwise : it->second;
}

Tensors text_fastpitch(const Call& call) {
  text::FastPitchTextConfig config{.cleaners = {},
                                   .symbol_set = flag(call, "symbol-set", "english_basic")};
  std::istringstream cleaners(flag(call, "cleaner", "english_cleaners_v2"));
  for (std::string name; std::getline(cleaners, name, ',');) config.cleaners.push_back(name);
  config.p_arpabet = std::strtod(flag(call, "p-arpabet", "1").c_str(), nullptr);
  const std::string language = flag(call, "lang", "auto");
  if (language != "auto" && language != "en")
    throw Error(Code::kLanguageNotOffered,
                fmt::format("FastPitch's text front end reads en, not {}", language));
  const text::FastPitchFrontEnd front_end(asset_dir(), config);
  return {{"ids", at::tensor(front_end.ids(text_of(call), static_cast<uint32_t>(call.seed)))}};
}

Tensors text_vallex(const Call& call) {
  const std::string text = text_of(call);
  std::string language = flag(call, "lang", "auto");
  if (language == "auto") language = text::language_of(text);
  const text::FrontEnds front_ends(asset_dir());
  const text::VallexTokens tokens = text::vallex_tokens(text, language, front_ends);
  return {{"ids", at::tensor(tokens.ids)}, {"language_ids", at::tensor(tokens.languages)}};
}

}  // namespace

std::vector<Entry> text_entries() {
  const InputSpec text{.name = "text_utf8", .dims = {-1}, .kind = Kind::kUint8};
  return {{"text", "fastpitch", {text}, text_fastpitch, /*needs_model=*/false},
          {"text", "vallex", {text}, text_vallex, /*needs_model=*/false}};
}

}  // namespace vl::entries
