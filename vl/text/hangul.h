#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vl::text {

/// One syllable block by the indices of Unicode's arithmetic (The Unicode Standard, section 3.12).
struct Syllable {
  int onset = 0, vowel = 0, coda = 0;
  bool operator==(const Syllable&) const = default;
};

/// Names of the jamo; the numbers are Unicode's. Onset and coda tables differ.
namespace onset {
enum : int { G, GG, N, D, DD, R, M, B, BB, S, SS, None, J, JJ, C, K, T, P, H };
}
namespace vowel {
// clang-format off
enum : int { A, AE, YA, YAE, EO, E, YEO, YE, O, WA, WAE, OE, YO, U, WO, WE, WI, YU, EU, UI, I };
// clang-format on
}  // namespace vowel
namespace coda {
// clang-format off
enum : int { None, G, GG, GS, N, NJ, NH, D, L, LG, LM, LB, LS, LT, LP, LH, M, B, BS, S, SS, NG, J, C,
             K, T, P, H };
// clang-format on
}  // namespace coda

bool is_syllable(uint32_t code);
/// @param code a code point for which is_syllable holds
Syllable split_syllable(uint32_t code);
uint32_t join_syllable(const Syllable& s);

/// A letter that stands alone: compatibility jamo U+3131..3163.
bool is_lone_jamo(uint32_t code);
/// Hangul in its composed form: conjoining and half-width jamo, decomposed syllables (NFD) and
/// syllable + coda become syllable blocks; what cannot be composed becomes compatibility jamo
/// (archaic letters are dropped). All other code points stay.
std::vector<uint32_t> compose_hangul(const std::vector<uint32_t>& codes);

/// The onset letter that a simple coda becomes before a vowel (coda ㄱ -> onset ㄱ); -1 for
/// clusters and none.
int onset_of_coda(int coda);
/// How a lone letter is read: its name ("기역") or, for a vowel, its sound ("아").
std::string jamo_name(uint32_t code);

/// Code points of a UTF-8 literal.
std::u32string to_u32(std::string_view text);
std::string to_utf8(std::u32string_view text);

}  // namespace vl::text
