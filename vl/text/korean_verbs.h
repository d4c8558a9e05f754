#pragma once

#include <string_view>

namespace vl::text {

/// A stem in ㄴ, ㅁ or ㄻ with an ending in ㄱ ㄷ ㅅ ㅈ makes the ending tense (articles 24).
/// @param previous, next the neighbours in the phrase, or empty: they tell the verb 신고 from the
/// noun
/// @return length of the stem at the start of the word, 0: none, or a noun of the same letters
size_t tense_stem_length(std::u32string_view word, std::u32string_view previous,
                         std::u32string_view next);
/// Does the text begin with a verb ending in ㄱ ㄷ ㅅ ㅈ (고, 다, 지만 ...)?
bool begins_with_ending(std::u32string_view text);
/// After a form in ㄹ: a dependent noun, so that even a word like 물 or 길 is a verb (물 것, 길
/// 수).
/// @param after the word after `noun`: 수 wants 있다 or 없다, 줄 wants 알다 or 모르다
bool is_dependent_noun(std::u32string_view noun, std::u32string_view after);
/// An ending that holds the adnominal ㄹ and is written together with it: 지, 게, 걸, 수록 ... or a
/// dependent noun written without its blank.
bool is_future_ending(std::u32string_view ending);

/// Nouns and adverbs of one syllable in ㄹ that are verb forms as well, and more often not (물,
/// 길).
bool noun_in_l(std::u32string_view word);

bool starts_with_any(std::u32string_view text, std::initializer_list<std::u32string_view> heads);
bool ends_with(std::u32string_view text, std::u32string_view tail);

}  // namespace vl::text
