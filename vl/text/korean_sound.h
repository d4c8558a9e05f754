#pragma once

#include <vector>

#include "vl/text/hangul.h"

namespace vl::text {

/// What is known about the seam before a syllable.
enum class Seam {
  kInside,    ///< root or ending: a coda moves over as it is (옷이 -> 오시)
  kBoundary,  ///< a full word begins: the coda is neutralised first (겉옷 -> 거돋)
  kTense,     ///< the onset becomes tense (눈동자 -> 눈똥자)
  kAddN,      ///< a full word begins and ㄴ is added before i and y (꽃잎 -> 꼰닙)
  kPlain,     ///< neither of the two sides changes
};

/// One syllable as written, in its surroundings.
struct Sound {
  Syllable s;
  Seam seam = Seam::kInside;
  bool space = false;  ///< a blank stands before it
};

/// Applies the Standard Pronunciation rules (표준 발음법, Ministry of Culture notice 2017-13,
/// articles 5 and 8 to 30) in place: the syllables of one phrase, read without a pause, become
/// their spoken form. What depends on the word (its seams) is an argument.
/// Of two forms that the standard allows the one of everyday speech is taken for ㅢ (see
/// korean_words.h); ㅖ stays as written, long vowels are not marked.
void apply_sound_rules(std::vector<Sound>& phrase);

/// One of the seven codas that are spoken (article 9 to 11): ㄱ ㄴ ㄷ ㄹ ㅁ ㅂ ㅇ, or none.
int spoken_coda(const Syllable& s);
/// The tense onset of ㄱ ㄷ ㅂ ㅅ ㅈ; other onsets stay.
int tense_onset(int onset);

}  // namespace vl::text
