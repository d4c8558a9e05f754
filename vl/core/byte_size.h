#pragma once

#include <cstdint>
#include <string>

namespace vl {

/// "512MiB", "20 GiB", "1048576": bytes. Units: KiB MiB GiB TiB.
/// @param flag named in the message
/// @throws Error(kBadValue) for anything else, and for more than 2^60
uint64_t parse_byte_size(const std::string& text, const char* flag);

}  // namespace vl
