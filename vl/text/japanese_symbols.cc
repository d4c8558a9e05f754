#include "vl/text/japanese_symbols.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace vl::text {

namespace {

constexpr std::array<std::string_view, 2> kArrows = {"↑", "↓"};

struct Replacement {
  std::string_view from, to;
};

void replace_all(std::string& text, const Replacement& r) {
  size_t found = text.find(r.from), copied = 0;
  if (found == std::string::npos) return;
  std::string out;
  for (; found != std::string::npos; found = text.find(r.from, copied)) {
    out.append(text, copied, found - copied).append(r.to);
    copied = found + r.from.size();
  }
  text = out.append(text, copied);
}

size_t skip_arrows(const std::string& text, size_t at) {
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view arrow : kArrows)
      if (text.compare(at, arrow.size(), arrow) == 0) at += arrow.size(), again = true;
  }
  return at;
}

/// `mark` becomes `r.to` before each of the blank-separated sounds `r.from`; arrows may stand
/// between.
void assimilate(std::string& text, char mark, const Replacement& r) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    bool before = false;
    const size_t next = text[i] == mark ? skip_arrows(text, i + 1) : text.size();
    for (std::string_view sounds = r.from; next < text.size() && !sounds.empty();) {
      const std::string_view sound = sounds.substr(0, sounds.find(' '));
      sounds.remove_prefix(std::min(sound.size() + 1, sounds.size()));
      before = before || text.compare(next, sound.size(), sound) == 0;
    }
    if (before)
      out += r.to;
    else
      out += text[i];
  }
  text = out;
}

constexpr std::array<Replacement, 3> kPhonemeNames = {{{"ch", "ʧ"}, {"sh", "ʃ"}, {"cl", "Q"}}};
constexpr std::array<Replacement, 4> kBeforeQ = {
    {{"k g", "k#"}, {"t d j ʧ", "t#"}, {"s ʃ", "s"}, {"p b", "p#"}}};
constexpr std::array<Replacement, 4> kBeforeN = {
    {{"p b m", "m"}, {"ʧ ʥ j", "n^"}, {"t d n", "n"}, {"k g", "ŋ"}}};
/// Applied in this order.
constexpr std::array<Replacement, 12> kLetters = {{{"u", "ɯ"},
                                                   {"ʧ", "tʃ"},
                                                   {"j", "dʑ"},
                                                   {"y", "j"},
                                                   {"ni", "n^i"},
                                                   {"nj", "n^"},
                                                   {"hi", "çi"},
                                                   {"hj", "ç"},
                                                   {"f", "ɸ"},
                                                   {"I", "i*"},
                                                   {"U", "ɯ*"},
                                                   {"r", "ɾ"}}};

}  // namespace

std::string mark_accents(const std::vector<JapaneseLabel>& labels) {
  std::string out;
  for (size_t i = 0; i < labels.size(); ++i) {
    const JapaneseLabel& label = labels[i];
    if (label.phoneme == "pau") continue;
    std::string name = label.phoneme;
    for (const Replacement& r : kPhonemeNames) replace_all(name, r);
    out += name;
    const bool last = i + 1 == labels.size() || labels[i + 1].phoneme == "pau";
    const int next = last ? -1 : labels[i + 1].a2;
    if (label.a3 == 1 && next == 1)
      out += " ";
    else if (label.a1 == 0 && next == label.a2 + 1)
      out += "↓";
    else if (label.a2 == 1 && next == 2)
      out += "↑";
  }
  return out;
}

std::string romaji_to_symbols(const std::string& romaji) {
  std::string out = romaji;
  replace_all(out, {"...", "…"});
  for (const Replacement& r : kBeforeQ) assimilate(out, 'Q', r);
  for (const Replacement& r : kBeforeN) assimilate(out, 'N', r);
  for (const Replacement& r : kLetters) replace_all(out, r);
  return out;
}

}  // namespace vl::text
