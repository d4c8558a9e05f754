#include "vl/dub/fastpitch_front_end.h"

#include "vl/core/error.h"

namespace vl::dub {

std::unique_ptr<const text::FastPitchFrontEnd> fastpitch_front_end(
    const models::fastpitch::FastPitchConfig& model, double p_arpabet, const std::string& assets,
    const text::UserLexicon& readings, std::shared_ptr<const text::Lexicon> dictionary) try {
  return std::make_unique<const text::FastPitchFrontEnd>(
      assets,
      text::FastPitchTextConfig{
          .cleaners = model.text_cleaners, .symbol_set = model.symbol_set, .p_arpabet = p_arpabet},
      readings, std::move(dictionary));
} catch (const Error& e) {
  if (e.code() != Code::kBadValue) throw;
  throw Error(Code::kBadWeights, fmt::format("the FastPitch model's configuration: {}", e.what()));
}

}  // namespace vl::dub
