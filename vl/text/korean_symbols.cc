#include "vl/text/korean_symbols.h"

#include <array>
#include <string_view>

namespace vl::text {

namespace {

constexpr std::array<const char*, 19> kOnsets = {"k",   "k⁼", "n",  "t",  "t⁼", "ɾ",  "m",
                                                 "p",   "p⁼", "s",  "s⁼", "",   "tʃ", "tʃ⁼",
                                                 "tʃʰ", "kʰ", "tʰ", "pʰ", "h"};
constexpr std::array<const char*, 21> kVowels = {"a",  "ɛ",  "ja", "jɛ", "ə",  "e",  "jə",
                                                 "je", "o",  "wa", "wɛ", "we", "jo", "u",
                                                 "wə", "we", "wi", "ju", "ɯ",  "ɯi", "i"};

bool palatal(int v) {
  switch (v) {
    case vowel::I:
    case vowel::YA:
    case vowel::YAE:
    case vowel::YEO:
    case vowel::YE:
    case vowel::YO:
    case vowel::YU:
    case vowel::WI:
      return true;
    default:
      return false;
  }
}

const char* voiced(int o) {
  switch (o) {
    case onset::G:
      return "g";
    case onset::D:
      return "d";
    case onset::B:
      return "b";
    case onset::J:
      return "dʒ";
    default:
      return nullptr;
  }
}

const char* coda_symbol(int c) {
  switch (c) {
    case coda::G:
      return "k";
    case coda::D:
      return "t";
    case coda::B:
      return "p";
    case coda::N:
      return "n";
    case coda::M:
      return "m";
    case coda::NG:
      return "ŋ";
    case coda::L:
      return "l";
    default:
      return "";
  }
}

bool obstruent(int c) { return c == coda::G || c == coda::D || c == coda::B; }

std::string onset_symbol(const Sound& sound, const Sound* before) {
  const int o = sound.s.onset;
  const bool word_start = before == nullptr || sound.space;
  if (o == onset::R && before != nullptr && before->s.coda == coda::L) return "l";
  if (o == onset::S && palatal(sound.s.vowel)) return "ʃ";
  if (o == onset::SS && palatal(sound.s.vowel)) return "ʃ⁼";
  if (!word_start && !obstruent(before->s.coda) && voiced(o) != nullptr) return voiced(o);
  return kOnsets[static_cast<size_t>(o)];
}

}  // namespace

std::string korean_symbols(const std::vector<Sound>& spoken) {
  std::string out;
  for (size_t i = 0; i < spoken.size(); ++i) {
    const Sound& sound = spoken[i];
    if (sound.space) out += ' ';
    out += onset_symbol(sound, i > 0 ? &spoken[i - 1] : nullptr);
    const bool simple_ye =
        sound.s.vowel == vowel::YE && sound.s.onset != onset::None && sound.s.onset != onset::R;
    std::string_view medial = kVowels[static_cast<size_t>(sound.s.vowel)];
    const bool sibilant = sound.s.onset == onset::S || sound.s.onset == onset::SS;
    if (simple_ye || (sibilant && medial[0] == 'j')) medial.remove_prefix(1);  // 샤 ʃa
    out += medial;
    out += coda_symbol(sound.s.coda);
  }
  return out;
}

}  // namespace vl::text
