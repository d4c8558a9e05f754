#include <algorithm>

#include "vl/text/korean_verbs.h"
#include "vl/text/korean_words.h"

namespace vl::text {

namespace {

/// 말도, 물대로: a noun of one syllable with a particle, though there is a Sino-Korean word of the
/// same letters.
bool noun_with_particle(std::u32string_view text, size_t i) {
  if (!noun_in_l(text.substr(i, 1)) || text[i] == U'절') return false;
  const std::u32string_view rest = text.substr(i + 1);
  return (rest[0] == U'도' && text[i] != U'별' && i == 0) ||
         starts_with_any(rest, {U"대로", U"조차"});
}

/// 성과, 주가 at the end of a compound are a suffix and a particle: 일반성과, 기업주가.
bool suffix_with_particle(std::u32string_view text, size_t i) {
  static const std::u32string kParticles = U"가과도";
  return i > 0 && i + 2 == text.size() && text[i] != U'평' && text[i] != U'효' &&
         kParticles.find(text[i + 1]) != std::u32string::npos;
}

/// 서울역, 강남역: a station, and not a word like 영역 or 통역 after another.
bool is_station(std::u32string_view text, size_t i) {
  static const std::u32string kWords = U"영통번용병면방전권광현단반완음성검직악항군환등";
  static const std::u32string kParticles = U"에을이은과의도만까으부앞뒤입";
  const bool ends = i + 1 == text.size() || kParticles.find(text[i + 1]) != std::u32string::npos;
  return i > 1 && text[i] == U'역' && ends && kWords.find(text[i - 1]) == std::u32string::npos;
}

}  // namespace

size_t KoreanWords::longest_exception(std::u32string_view text, size_t from, bool fresh) const {
  const size_t least = fresh ? 1 : 3;
  for (size_t n = std::min(longest_, text.size() - from); n >= least; --n)
    if (!(n == 2 && suffix_with_particle(text, from)) &&
        exceptions_.count(std::u32string(text.substr(from, n))) != 0)
      return n;
  return 0;
}

void KoreanWords::sino_words(std::u32string_view text, size_t from, KoreanWord& out) const {
  bool fresh = true;
  for (size_t i = from; i < text.size();) {
    if (const size_t n = longest_exception(text, i, fresh); n > 0) {
      const KoreanWord& found = exceptions_.at(std::u32string(text.substr(i, n)));
      for (size_t k = 0; k < n; ++k) {
        out.text[i + k] = found.text[k];
        if (k > 0 || found.seams[k] != Seam::kInside) out.seams[i + k] = found.seams[k];
      }
      i += n;
      fresh = true;
      continue;
    }
    const size_t n = fresh ? sino_pair(text, i, out) : 0;
    static const std::u32string kPrefixes =
        U"미비부불무재총신구대소중고저초최준반탈항친전후역난다범피생맨양";
    fresh = n > 0 || (i == 0 && kPrefixes.find(text[i]) != std::u32string::npos);
    if (n == 0) native_syllable(text, i, out);
    i += std::max<size_t>(n, 1);
  }
}

/// 없다 after a noun is a word of its own (밤낮없이), 값 is tense in compounds (기본값), 역 is a
/// station.
void KoreanWords::native_syllable(std::u32string_view text, size_t i, KoreanWord& out) const {
  if (i == 0) return;
  const int before = split_syllable(text[i - 1]).coda;
  if (text[i] == U'없' && before != coda::None) out.seams[i] = Seam::kBoundary;
  if (is_station(text, i)) out.seams[i] = Seam::kAddN;
  if (text[i] == U'값' && text[i - 1] != U'반' && text[i - 1] != U'제') out.seams[i] = Seam::kTense;
}

/// Article 26 in and right after a Sino-Korean word of two syllables, and article 20's ㄴㄹ.
size_t KoreanWords::sino_pair(std::u32string_view text, size_t i, KoreanWord& out) const {
  if (!is_sino(text, i)) return 0;
  if (is_prefixed(text, i)) return 1;
  const Syllable a = split_syllable(text[i]), b = split_syllable(text[i + 1]);
  const bool dental = b.onset == onset::D || b.onset == onset::S || b.onset == onset::J;
  if (a.coda == coda::L && dental && text[i] != text[i + 1] && !noun_with_particle(text, i))
    out.seams[i + 1] = Seam::kTense;
  const bool next_word = is_sino(text, i + 2) && !suffix_with_particle(text, i + 2);
  if (i + 3 > text.size() || next_word) return 2;
  return sino_suffix(text, i + 2, b.coda, out) ? 3 : 2;
}

bool KoreanWords::is_sino(std::u32string_view text, size_t i) const {
  return i + 2 <= text.size() && sino_.count(std::u32string(text.substr(i, 2))) != 0;
}

/// 미완성 is 미 and 완성, not 미완 and 성.
bool KoreanWords::is_prefixed(std::u32string_view text, size_t i) const {
  static const std::u32string kPrefixes = U"미재총신대초고저준반탈";
  return kPrefixes.find(text[i]) != std::u32string::npos && is_sino(text, i + 1) &&
         !is_sino(text, i + 2);
}

/// @param before coda of the syllable before the suffix at `i`
bool KoreanWords::sino_suffix(std::u32string_view text, size_t i, int before,
                              KoreanWord& out) const {
  static const std::u32string kAlways = U"성법증권죄";  // 性 法 症 證 權 券 罪
  static const std::u32string kAfterL = U"적자사서점상선설진전제장세심소절";
  static const std::u32string kNasal = U"란량력령례론료류률루";
  const auto has = [&](const std::u32string& set) {
    return set.find(text[i]) != std::u32string::npos;
  };
  const bool last = i + 1 == text.size();
  if (has(kAlways) || (before == coda::L && has(kAfterL)) ||
      (before == coda::None && last && text[i] == U'과')) {
    out.seams[i] = Seam::kTense;
    return true;
  }
  if (before != coda::N || !has(kNasal)) return false;
  Syllable s = split_syllable(text[i]);
  s.onset = onset::N;
  out.text[i] = static_cast<char32_t>(join_syllable(s));
  out.seams[i] = Seam::kPlain;
  return true;
}

}  // namespace vl::text
