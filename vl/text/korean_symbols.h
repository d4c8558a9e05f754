#pragma once

#include <string>
#include <vector>

#include "vl/text/korean_sound.h"

namespace vl::text {

/// Symbols of VALL-E X for spoken syllables (the output of apply_sound_rules), a blank before each
/// Sound with `space`.
///
/// The set (shared by en, zh, ja) decides what stands for a sound:
///   ㄱ ㄷ ㅂ ㅈ    k t p tʃ at the start of a word, g d b dʒ between sonorants inside it
///   ㄲ ㄸ ㅃ ㅉ ㅆ  k⁼ t⁼ p⁼ tʃ⁼ s⁼: ⁼ marks the unaspirated stops of Chinese
///   ㅋ ㅌ ㅍ ㅊ    kʰ tʰ pʰ tʃʰ;  ㅅ s, before i and y ʃ;  ㅎ h; after ʃ the glide is left out
///   ㄹ            ɾ as an onset, l as a coda and after one (달라 talla)
///   ㅏ a  ㅓ ə (the symbol of the vowel of "cut" in the English part)  ㅗ o  ㅜ u  ㅡ ɯ  ㅣ i  ㅐ
///   ɛ ㅔ e  ㅚ ㅞ we  ㅙ wɛ  ㅟ wi  ㅢ ɯi  ㅑ ja ...; ㅖ after a consonant is e (article 5) codas
///   p t k without release are plain p t k;  m n ŋ l
std::string korean_symbols(const std::vector<Sound>& spoken);

}  // namespace vl::text
