#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "vl/text/korean_sound.h"

namespace vl::text {

/// One blank-separated word of a phrase: syllables, and for each the seam before it.
struct KoreanWord {
  std::u32string text;
  std::vector<Seam> seams;  ///< kInside: not given, to be found
};

/// Seams may be written in a word: ^ the next onset is tense, + ㄴ is added, | a full word begins,
/// = nothing changes. @return the word without them
KoreanWord parse_seams(std::u32string_view marked);

/// What the sound rules have to know about words: compounds, Sino-Korean words, verbs.
/// Files of the folder, one word a line, # comments: exceptions.tsv (word, tab, respelling that may
/// have seams written in), sino.txt, stems.txt, l_words.txt (tools/make_korean_lists.py).
class KoreanWords {
 public:
  /// @throws Error(kNotFound, kBadLexicon) naming file and line
  explicit KoreanWords(const std::string& folder);

  /// Finds the seams of the words of one phrase. Choices where spelling alone does not decide:
  /// 신고, 참고, 감기 and their like are nouns unless a neighbour says otherwise; ㄹ of a verb form
  /// makes the next plain onset tense (갈 데 [갈 떼]); 의 is [에] as a particle, [이] elsewhere
  /// except at the start of a word (article 5, the second of the two allowed forms).
  std::vector<Sound> sounds(const std::vector<KoreanWord>& words) const;

 private:
  enum class Verbal { kNo, kMaybe, kYes };

  void read_exceptions(const std::string& path);
  KoreanWord resolve(const std::vector<KoreanWord>& words, size_t at) const;
  bool stem_with_ending(const std::vector<KoreanWord>& words, size_t at, KoreanWord& out) const;
  void sino_words(std::u32string_view text, size_t from, KoreanWord& out) const;
  size_t sino_pair(std::u32string_view text, size_t i, KoreanWord& out) const;
  bool is_sino(std::u32string_view text, size_t i) const;
  bool is_prefixed(std::u32string_view text, size_t i) const;
  bool sino_suffix(std::u32string_view text, size_t i, int before, KoreanWord& out) const;
  void native_syllable(std::u32string_view text, size_t i, KoreanWord& out) const;
  size_t longest_exception(std::u32string_view text, size_t from, bool fresh) const;
  void future_ending(const std::vector<KoreanWord>& words, size_t at, KoreanWord& out) const;
  void particle_ui(std::u32string_view written, KoreanWord& out) const;
  void particle_gwa(const std::vector<KoreanWord>& words, size_t at, KoreanWord& out) const;
  Seam seam_between(const std::vector<KoreanWord>& words, size_t at) const;
  Verbal adnominal(std::u32string_view word) const;
  bool is_stem(std::u32string_view stem) const;
  bool contracted_stem(std::u32string_view word) const;

  std::unordered_map<std::u32string, KoreanWord> exceptions_;
  std::unordered_set<std::u32string> sino_, stems_, l_words_;
  size_t longest_ = 0;
};

}  // namespace vl::text
