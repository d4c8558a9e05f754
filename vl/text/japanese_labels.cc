#include "vl/text/japanese_labels.h"

#include <algorithm>
#include <cctype>

#include "vl/text/japanese_mora.h"

namespace vl::text {

namespace {

constexpr std::string_view kLong = "ー", kQuote = "’";
constexpr int kLimit = 49;
constexpr size_t kNone = static_cast<size_t>(-1);

struct Phrase {
  int accent;
  size_t first, last;  ///< moras
};

/// Lays words out as phonemes, moras and accent phrases.
class Layout {
 public:
  void add(const njd::Word& word);
  std::vector<JapaneseLabel> labels() const;

 private:
  struct Phoneme {
    std::string name;
    size_t mora;  ///< kNone for a pause
  };

  void flush_pause() {
    if (pause_ && !phonemes_.empty()) phonemes_.push_back({"pau", kNone});
    pause_ = false;
  }
  void add_mora(const Mora& mora, const njd::Word& word, bool begins_word);
  void lengthen();
  void devoice();

  std::vector<Phoneme> phonemes_;
  std::vector<size_t> phrase_of_;  ///< by mora
  std::vector<Phrase> phrases_;
  bool pause_ = false;
};

void Layout::add_mora(const Mora& mora, const njd::Word& word, bool begins_word) {
  flush_pause();
  const size_t index = phrase_of_.size();
  if (phrases_.empty() || (begins_word && word.chained != 1))
    phrases_.push_back({word.accent, index, index});
  phrases_.back().last = index;
  phrase_of_.push_back(phrases_.size() - 1);
  for (const std::string_view name : {mora.consonant, mora.vowel})
    if (!name.empty()) phonemes_.push_back({std::string(name), index});
}

void Layout::lengthen() {
  if (phonemes_.empty() || pause_) return;
  phrases_.back().last = phrase_of_.size();
  phonemes_.push_back({phonemes_.back().name, phrase_of_.size()});
  phrase_of_.push_back(phrases_.size() - 1);
}

void Layout::devoice() {
  std::string& name = phonemes_.back().name;
  if (name.size() == 1 && std::string_view("aiueo").find(name) != std::string_view::npos)
    name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
}

void Layout::add(const njd::Word& word) {
  if (word.pron == "、" || word.pron == "？") {
    pause_ = true;
    return;
  }
  bool begins = true;
  for (std::string_view rest = word.pron; !rest.empty();) {
    if (rest.starts_with(kLong)) {
      lengthen();
      rest.remove_prefix(kLong.size());
    } else if (rest.starts_with(kQuote)) {
      if (!begins) devoice();
      rest.remove_prefix(kQuote.size());
    } else if (const Mora* mora = find_mora(rest); mora != nullptr) {
      add_mora(*mora, word, begins);
      begins = false;
      rest.remove_prefix(mora->kana.size());
    } else {
      return;
    }
  }
}

std::vector<JapaneseLabel> Layout::labels() const {
  std::vector<JapaneseLabel> out;
  for (const Phoneme& p : phonemes_) {
    JapaneseLabel label{.phoneme = p.name};
    if (p.mora != kNone) {
      const Phrase& phrase = phrases_[phrase_of_[p.mora]];
      const int place = static_cast<int>(p.mora - phrase.first) + 1;
      const int count = static_cast<int>(phrase.last - phrase.first) + 1;
      label.a1 = std::clamp(place - (phrase.accent == 0 ? count : phrase.accent), -kLimit, kLimit);
      label.a2 = std::min(place, kLimit);
      label.a3 = std::min(count - place + 1, kLimit);
    }
    out.push_back(label);
  }
  return out;
}

}  // namespace

std::vector<JapaneseLabel> make_labels(const njd::Words& words) {
  Layout layout;
  for (const njd::Word& word : words) layout.add(word);
  return layout.labels();
}

}  // namespace vl::text
