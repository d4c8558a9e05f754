#include <algorithm>
#include <map>

#include "vl/text/hangul.h"
#include "vl/text/latin_ko.h"

namespace vl::text {

namespace {

struct Phone {
  std::string name;
  char stress = '\0';  ///< '\0' for consonants
  bool vowel() const { return stress != '\0'; }
};

/// Vowels as the medials of one or two syllables; AH0 and ER are ㅓ.
const std::map<std::string, std::vector<int>> kVowels = {
    {"aa", {vowel::A}},           {"ae", {vowel::AE}},          {"ah", {vowel::EO}},
    {"ao", {vowel::O}},           {"aw", {vowel::A, vowel::U}}, {"ay", {vowel::A, vowel::I}},
    {"eh", {vowel::E}},           {"er", {vowel::EO}},          {"ey", {vowel::E, vowel::I}},
    {"ih", {vowel::I}},           {"iy", {vowel::I}},           {"ow", {vowel::O}},
    {"oy", {vowel::O, vowel::I}}, {"uh", {vowel::U}},           {"uw", {vowel::U}}};
const std::map<std::string, int> kOnsets = {
    {"b", onset::B},  {"ch", onset::C},   {"d", onset::D},  {"dh", onset::D}, {"f", onset::P},
    {"g", onset::G},  {"hh", onset::H},   {"jh", onset::J}, {"k", onset::K},  {"l", onset::R},
    {"m", onset::M},  {"n", onset::N},    {"p", onset::P},  {"r", onset::R},  {"s", onset::S},
    {"sh", onset::S}, {"t", onset::T},    {"th", onset::S}, {"v", onset::B},  {"z", onset::J},
    {"zh", onset::J}, {"ng", onset::None}};

int with_y(int v) {
  switch (v) {
    case vowel::A:
      return vowel::YA;
    case vowel::AE:
      return vowel::YAE;
    case vowel::EO:
      return vowel::YEO;
    case vowel::E:
      return vowel::YE;
    case vowel::O:
      return vowel::YO;
    case vowel::U:
      return vowel::YU;
    default:
      return v;
  }
}

int with_w(int v) {
  switch (v) {
    case vowel::A:
      return vowel::WA;
    case vowel::AE:
      return vowel::WAE;
    case vowel::EO:
      return vowel::WO;
    case vowel::O:
      return vowel::WO;
    case vowel::E:
      return vowel::WE;
    case vowel::I:
      return vowel::WI;
    default:
      return v;
  }
}

class Writer {
 public:
  explicit Writer(const std::vector<std::string>& phones) {
    for (const std::string& p : phones) {
      const bool digit = p.back() >= '0' && p.back() <= '2';
      in_.push_back({digit ? p.substr(0, p.size() - 1) : p, digit ? p.back() : '\0'});
    }
  }

  std::u32string write() {
    for (at_ = 0; at_ < in_.size(); ++at_) {
      if (in_[at_].vowel())
        put_vowel(onset::None, false, false);
      else
        put_consonant();
    }
    std::u32string out;
    for (const Syllable& s : out_) out += static_cast<char32_t>(join_syllable(s));
    return out;
  }

 private:
  bool is(size_t i, const char* name) const { return i < in_.size() && in_[i].name == name; }
  bool vowel_at(size_t i) const { return i < in_.size() && in_[i].vowel(); }

  void put_vowel(int first, bool y, bool w) {
    const auto found = kVowels.find(in_[at_].name);
    if (found == kVowels.end()) return;
    std::vector<int> medials = found->second;
    // little 리틀, button 버튼: the vowel before a final l or n is ㅡ after a stop
    const bool weak = in_[at_].name == "ah" && in_[at_].stress == '0' && first != onset::None &&
                      !y && !w && !vowel_at(at_ + 2);
    if (weak &&
        (is(at_ + 1, "l") || (is(at_ + 1, "n") && (first == onset::T || first == onset::D))))
      medials[0] = vowel::EU;
    if (y) medials[0] = with_y(medials[0]);
    if (w) medials[0] = with_w(medials[0]);
    out_.push_back({first, medials[0], coda::None});
    if (medials.size() > 1) out_.push_back({onset::None, medials[1], coda::None});
    // "ear", "air": r after i, e and u leaves 어
    const std::string& name = in_[at_].name;
    const bool glides =
        name == "ih" || name == "iy" || name == "eh" || name == "uh" || name == "ey";
    if (glides && is(at_ + 1, "r") && !vowel_at(at_ + 2))
      out_.push_back({onset::None, vowel::EO, coda::None});
  }

  /// A coda of the syllable before, where it has room. @return whether it was put
  bool close(int c) {
    if (out_.empty() || out_.back().coda != coda::None) return false;
    out_.back().coda = c;
    return true;
  }

  bool after_short_vowel() const {
    if (at_ == 0 || !in_[at_ - 1].vowel()) return false;
    static const std::vector<std::string> kShort = {"ae", "eh", "ih", "uh", "ah", "aa"};
    return std::find(kShort.begin(), kShort.end(), in_[at_ - 1].name) != kShort.end();
  }

  /// A consonant without a vowel after it gets ㅡ or ㅣ of its own.
  void put_alone(const std::string& name, int first) {
    if (name == "m" && close(coda::M)) return;
    if (name == "n" && close(coda::N)) return;
    if (name == "ng" && close(coda::NG)) return;
    if (name == "l" && close(coda::L)) return;
    if (name == "r") return;
    const bool stop_next = at_ + 1 == in_.size() || !(is(at_ + 1, "l") || is(at_ + 1, "r") ||
                                                      is(at_ + 1, "m") || is(at_ + 1, "n"));
    if (after_short_vowel() && stop_next) {
      if (name == "p" && close(coda::B)) return;
      if (name == "t" && !is(at_ + 1, "s") && close(coda::S)) return;
      if (name == "k" && close(coda::G)) return;
    }
    if ((name == "t" && is(at_ + 1, "s")) || (name == "d" && is(at_ + 1, "z"))) {
      out_.push_back({name == "t" ? int{onset::C} : int{onset::J}, vowel::EU, coda::None});
      ++at_;
      return;
    }
    const bool i_vowel =
        name == "ch" || name == "jh" || name == "zh" || (name == "sh" && at_ + 1 == in_.size());
    const int medial = i_vowel ? vowel::I : name == "sh" ? vowel::YU : vowel::EU;
    out_.push_back({first, medial, coda::None});
  }

  void put_consonant() {
    const std::string name = in_[at_].name;
    if (name == "w" || name == "y") {
      if (vowel_at(at_ + 1)) {
        ++at_;
        put_vowel(onset::None, name == "y", name == "w");
      }
      return;
    }
    const auto found = kOnsets.find(name);
    if (found == kOnsets.end()) return;
    const bool y = is(at_ + 1, "y") && vowel_at(at_ + 2);
    const bool w =
        is(at_ + 1, "w") && vowel_at(at_ + 2) && (name == "k" || name == "g" || name == "hh");
    if (y || w) {
      at_ += 2;
      put_vowel(found->second, y, w);
    } else if (vowel_at(at_ + 1)) {
      if (name == "l" && !out_.empty()) close(coda::L);  // 달러: l between vowels is ㄹㄹ
      if (name == "ng") close(coda::NG);
      ++at_;
      put_vowel(found->second, name == "sh", false);
    } else {
      put_alone(name, found->second);
    }
  }

  std::vector<Phone> in_;
  std::vector<Syllable> out_;
  size_t at_ = 0;
};

}  // namespace

std::u32string phones_to_hangul(const std::vector<std::string>& phones) {
  return Writer(phones).write();
}

}  // namespace vl::text
