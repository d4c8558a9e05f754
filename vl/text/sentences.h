#pragma once

#include <functional>
#include <string>
#include <vector>

#include "vl/core/error.h"

namespace vl::text {

/// The error of a text that says nothing.
Error nothing_to_speak();

/// Sentences of a text, trimmed, none empty. English and Korean: after . ! ? … and closing quotes
/// before a blank, not after abbreviations and initials; Chinese and Japanese: after 。 ！ ？ … and
/// their ASCII forms. A line break is a blank inside a sentence (nothing in Chinese and Japanese);
/// an empty line ends one.
/// @throws Error(kBadText) for text that is not UTF-8
std::vector<std::string> split_sentences(const std::string& text, const std::string& language);

/// The text without line breaks, which become what they are in split_sentences(), and trimmed.
/// @throws Error(kBadText) for text that is not UTF-8
std::string as_one_line(const std::string& text, const std::string& language);

/// The text in parts that fit: cut at the clause mark (, ; : before a blank, — 、 ，) nearest to
/// the middle, else at the blank nearest to it, else between two characters. A single character and
/// a group {...} are never cut.
/// @param fits may throw
std::vector<std::string> split_to_fit(const std::string& text,
                                      const std::function<bool(const std::string&)>& fits);

/// Can a text be in this language as far as its script tells? Text without letters fits any.
/// @param language en, zh, ja, ko; others fit anything
bool script_fits(const std::string& text, const std::string& language);

/// English name of the script that most letters of the text have, where it is none that en, zh, ja
/// or ko use ("Cyrillic"); else empty.
std::string foreign_script(const std::string& text);

}  // namespace vl::text
