#include "vl/text/korean_sound.h"

#include <algorithm>
#include <array>
#include <utility>

namespace vl::text {

namespace {

/// Spoken form of each coda before a consonant or at the end, in the order of Unicode.
constexpr std::array<int, 28> kSpoken = {
    coda::None, coda::G,  coda::G, coda::G, coda::N, coda::N, coda::N, coda::D, coda::L, coda::G,
    coda::M,    coda::L,  coda::L, coda::L, coda::B, coda::L, coda::M, coda::B, coda::B, coda::D,
    coda::D,    coda::NG, coda::D, coda::D, coda::G, coda::D, coda::B, coda::D};

/// A cluster in its two letters as {coda that stays, onset that moves}.
std::pair<int, int> parts(int c) {
  switch (c) {
    case coda::GS:
      return {coda::G, onset::SS};
    case coda::NJ:
      return {coda::N, onset::J};
    case coda::LG:
      return {coda::L, onset::G};
    case coda::LM:
      return {coda::L, onset::M};
    case coda::LB:
      return {coda::L, onset::B};
    case coda::LS:
      return {coda::L, onset::SS};
    case coda::LT:
      return {coda::L, onset::T};
    case coda::LP:
      return {coda::L, onset::P};
    case coda::BS:
      return {coda::B, onset::SS};
    case coda::NH:
      return {coda::None, onset::N};
    case coda::LH:
      return {coda::None, onset::R};
    case coda::H:
      return {coda::None, onset::None};
    case coda::NG:
      return {coda::NG, onset::None};
    default:
      return {coda::None, onset_of_coda(c)};
  }
}

bool begins_with_i_or_y(const Syllable& s) {
  static constexpr std::array kSet = {vowel::I,  vowel::YA,  vowel::YEO, vowel::YO,
                                      vowel::YU, vowel::YAE, vowel::YE};
  return std::find(kSet.begin(), kSet.end(), s.vowel) != kSet.end();
}

/// 이, 히 and their joined forms with 어: what makes ㄷ and ㅌ palatal (article 17).
bool palatal_suffix(const Syllable& s) {
  return s.vowel == vowel::I ||
         (s.vowel == vowel::YEO && (s.coda == coda::None || s.coda == coda::SS));
}

int aspirated(int onset) {
  switch (onset) {
    case onset::G:
      return onset::K;
    case onset::D:
      return onset::T;
    case onset::B:
      return onset::P;
    case onset::J:
      return onset::C;
    default:
      return onset;
  }
}

/// Nouns in ㄺ and ㄼ: before ㄱ their coda is ㄱ (닭과 [닥꽈]) and 여덟 makes nothing tense.
bool is_cluster_noun(const Syllable& s) {
  static const std::u32string kNouns = U"닭흙칡삵슭덟";
  return kNouns.find(static_cast<char32_t>(join_syllable(s))) != std::u32string::npos;
}

/// Articles 13 to 17: the next syllable has no onset.
void before_vowel(Syllable& a, Syllable& b, bool inside) {
  if (!inside) {
    a.coda = spoken_coda(a);
    if (a.coda == coda::NG || a.coda == coda::None) return;
    b.onset = onset_of_coda(a.coda);
    a.coda = coda::None;
    return;
  }
  auto [stays, moves] = parts(a.coda);
  if (moves == onset::D && palatal_suffix(b)) moves = onset::J;
  if (moves == onset::T && palatal_suffix(b)) moves = onset::C;
  a.coda = stays;
  if (moves >= 0) b.onset = moves;
}

/// Article 12, 1: an obstruent coda and ㅎ melt. @return false: the coda is a sonorant
bool before_h(Syllable& a, Syllable& b, bool inside) {
  if (inside && (a.coda == coda::LG || a.coda == coda::LB || a.coda == coda::NJ)) {
    const auto [stays, moves] = parts(a.coda);
    a.coda = stays;
    b.onset = aspirated(moves);
    return true;
  }
  const bool affricate = inside && a.coda == coda::J;
  const bool dental = inside && (a.coda == coda::D || a.coda == coda::T || a.coda == coda::LT);
  if (a.coda == coda::H || a.coda == coda::NH || a.coda == coda::LH) {
    a.coda = a.coda == coda::NH ? coda::N : a.coda == coda::LH ? coda::L : coda::None;
    return true;
  }
  const int spoken = a.coda == coda::LT ? coda::D : spoken_coda(a);
  const int moved = aspirated(std::max(onset_of_coda(spoken), 0));
  const bool obstruent = spoken == coda::G || spoken == coda::D || spoken == coda::B;
  if (!obstruent) return false;
  b.onset = affricate || (dental && palatal_suffix(b)) ? int{onset::C} : moved;
  a.coda = a.coda == coda::LT ? coda::L : coda::None;
  return true;
}

/// Article 12: codas with ㅎ before a consonant. @return true when b's onset is settled
bool coda_with_h(Syllable& a, Syllable& b) {
  if (a.coda != coda::H && a.coda != coda::NH && a.coda != coda::LH) return false;
  const int rest = a.coda == coda::NH ? coda::N : a.coda == coda::LH ? coda::L : coda::None;
  if (b.onset == onset::G || b.onset == onset::D || b.onset == onset::J) {
    b.onset = aspirated(b.onset);
  } else if (b.onset == onset::S) {
    b.onset = onset::SS;
  } else {
    a.coda = rest == coda::None ? int{coda::D} : rest;  // 놓는, 않는, 뚫는: the later rules
    return false;
  }
  a.coda = rest;
  return true;
}

/// Articles 23 to 25: what the written coda does to a plain onset.
bool makes_tense(const Syllable& a) {
  if (is_cluster_noun(a)) return a.coda != coda::LB;
  const int spoken = spoken_coda(a);
  return spoken == coda::G || spoken == coda::D || spoken == coda::B || a.coda == coda::LB ||
         a.coda == coda::LT || a.coda == coda::LS || a.coda == coda::NJ;
}

/// Articles 18 to 20: nasals and liquids meet.
void assimilate(Syllable& a, Syllable& b) {
  if (b.onset == onset::R && a.coda != coda::L && a.coda != coda::N && a.coda != coda::None)
    b.onset = onset::N;
  if (b.onset == onset::N || b.onset == onset::M) {
    if (a.coda == coda::G) a.coda = coda::NG;
    if (a.coda == coda::D) a.coda = coda::N;
    if (a.coda == coda::B) a.coda = coda::M;
  }
  if (a.coda == coda::N && b.onset == onset::R) a.coda = coda::L;
  if (a.coda == coda::L && b.onset == onset::N) b.onset = onset::R;
}

void meet(Sound& first, Sound& second) {
  Syllable &a = first.s, &b = second.s;
  if (second.seam == Seam::kPlain) {
    a.coda = spoken_coda(a);
    return;
  }
  const bool adds_n = second.seam == Seam::kAddN && b.onset == onset::None && begins_with_i_or_y(b);
  if (adds_n && a.coda != coda::None) b.onset = onset::N;
  const bool inside =
      !second.space && (second.seam == Seam::kInside || second.seam == Seam::kTense);
  if (b.onset == onset::None) return before_vowel(a, b, inside);
  if (b.onset == onset::H && before_h(a, b, inside)) return;
  if (inside && coda_with_h(a, b)) return;
  const bool stem_lg = a.coda == coda::LG && b.onset == onset::G && inside && !is_cluster_noun(a);
  if (second.seam == Seam::kTense || makes_tense(a)) b.onset = tense_onset(b.onset);
  a.coda = stem_lg ? int{coda::L} : spoken_coda(a);
  assimilate(a, b);
}

/// Article 5: 져 쪄 쳐 and ㅢ after a written consonant.
void simplify_vowel(Syllable& s) {
  if (s.vowel == vowel::UI && s.onset != onset::None) s.vowel = vowel::I;
}

void after_liaison(Syllable& s) {
  if (s.onset != onset::J && s.onset != onset::JJ && s.onset != onset::C) return;
  if (s.vowel == vowel::YEO) s.vowel = vowel::EO;
  if (s.vowel == vowel::YA) s.vowel = vowel::A;
  if (s.vowel == vowel::YO) s.vowel = vowel::O;
  if (s.vowel == vowel::YU) s.vowel = vowel::U;
  if (s.vowel == vowel::YE) s.vowel = vowel::E;
}

}  // namespace

int spoken_coda(const Syllable& s) {
  const bool trodden = s.coda == coda::LB && s.onset == onset::B && s.vowel == vowel::A;  // 밟
  return trodden ? int{coda::B} : kSpoken[static_cast<size_t>(s.coda)];
}

int tense_onset(int onset) {
  switch (onset) {
    case onset::G:
      return onset::GG;
    case onset::D:
      return onset::DD;
    case onset::B:
      return onset::BB;
    case onset::S:
      return onset::SS;
    case onset::J:
      return onset::JJ;
    default:
      return onset;
  }
}

void apply_sound_rules(std::vector<Sound>& phrase) {
  for (Sound& sound : phrase) simplify_vowel(sound.s);
  for (size_t i = 0; i + 1 < phrase.size(); ++i) meet(phrase[i], phrase[i + 1]);
  if (!phrase.empty()) phrase.back().s.coda = spoken_coda(phrase.back().s);
  for (Sound& sound : phrase) after_liaison(sound.s);
}

}  // namespace vl::text
