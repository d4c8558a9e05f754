#pragma once

#include <string>
#include <string_view>

namespace vl::weights {

/// The text of a protocol-0 string literal with its quotes and escapes ('a\x20b'), as Python 2
/// wrote it.
std::string unquote_literal(std::string_view line);
/// A protocol-0 unicode line: \uXXXX and \UXXXXXXXX become UTF-8.
std::string decode_unicode_line(std::string_view line);
/// `bytes` where they are UTF-8, else each byte taken as one Latin-1 character.
std::string to_utf8(const std::string& bytes);
/// For messages: at most 80 bytes, control characters and broken UTF-8 replaced.
std::string printable(std::string_view text);

}  // namespace vl::weights
