#pragma once

#include <list>
#include <string>
#include <string_view>

namespace vl::text::njd {

/// Stands for nothing in every string of a word, as in the dictionary.
constexpr std::string_view kNothing = "*";

/// One word of a Japanese sentence and what the steps below change of it.
struct Word {
  std::string surface{kNothing}, pos{kNothing}, group1{kNothing}, group2{kNothing};
  std::string group3{kNothing}, form{kNothing};  ///< form of conjugation
  std::string reading{kNothing}, pron{kNothing};  ///< katakana; in pron "’" follows a devoiced mora
  std::string rule{kNothing};                     ///< how the accent changes when it joins a phrase
  int accent = 0;                                 ///< mora before the fall, from 1; 0 is flat
  int moras = 0;
  int chained = -1;  ///< 1 joins the phrase before it, 0 begins one, -1 undecided

  void set_accent(int mora) { accent = mora < 0 ? 0 : mora; }
};
using Words = std::list<Word>;

/// Sets `word` from a dictionary row "surface,pos,group1,group2,group3,type,form,base,reading,
/// pron,accent/moras,rule[,chained]"; chained keeps its value unless the row has 0 or 1. A compound
/// ("1/2:0/3") yields its further parts, each chained 0.
Words parse_feature(Word& word, std::string_view feature);
/// Words of many dictionary rows.
template <class Rows>
Words parse_features(const Rows& rows) {
  Words out;
  for (const auto& row : rows) {
    out.emplace_back();
    out.splice(out.end(), parse_feature(out.back(), row));
  }
  return out;
}
/// Removes words whose pron is kNothing.
void remove_silent(Words& words);

/// The steps of Open JTalk 1.11's front end, in their order; each changes the words in place.
/// Words without a reading: kana and Latin letters are spelled out, all else becomes a pause (pron
/// "、"); 助動詞 う lengthens the vowel before it.
void set_pronunciation(Words& words);
/// Digits become numbers or are read one by one; they and the counters after them take the sounds
/// of their pairing (さんぼん, はつか).
void read_numbers(Words& words);
/// Settles `chained` where the dictionary leaves it open, by the 18 rules on parts of speech.
void join_phrases(Words& words);
/// Accent of each phrase, kept in its first word.
void set_accents(Words& words);
/// Marks devoiced moras.
void devoice(Words& words);

}  // namespace vl::text::njd
