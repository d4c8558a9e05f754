#pragma once

#include <memory>

#include "vl/models/fastpitch/config.h"
#include "vl/text/fastpitch_text.h"

namespace vl::dub {

/// The text front end that a FastPitch model was trained with.
/// @param p_arpabet share of the words that are read as phones, 0 to 1
/// @throws Error(kBadWeights) for cleaners or a symbol set that there are none of
std::unique_ptr<const text::FastPitchFrontEnd> fastpitch_front_end(
    const models::fastpitch::FastPitchConfig& model, double p_arpabet, const std::string& assets,
    const text::UserLexicon& readings, std::shared_ptr<const text::Lexicon> dictionary = nullptr);

}  // namespace vl::dub
