#pragma once

#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "vl/core/fields.h"

namespace vl {

/// The words of a flag or variable as JSON of the field's type. TEXT fields read their file or
/// standard input.
/// @param piped whether another value was read from standard input; set when this one is
/// @throws Error(kBadValue, kExclusiveFlags, kBadText, kNotFound, kOverLimit)
nlohmann::json parse_words(const Field& field, const std::vector<std::string>& words, bool& piped);

bool is_list(const Field& field);
bool is_switch(const Field& field);
/// "a, b" -> a and b.
std::vector<std::string> split_commas(const std::string& text);

/// Command line words with every flag that names 1 / X replaced by its own flag and 1 / X, "--"
/// ending the flags. What is no number, and 0, stays as it is.
/// @param inverse flag -> the flag that it stands for
std::vector<std::string> without_inverse(const std::vector<std::string>& words,
                                         const std::map<std::string, std::string>& inverse);

/// Command line words in which every flag of `bare` that has no value behind it gets its own.
/// @param bare flag -> the value that it means alone
std::vector<std::string> with_bare_values(const std::vector<std::string>& words,
                                          const std::map<std::string, std::string>& bare);

}  // namespace vl
