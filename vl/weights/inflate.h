#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace vl::weights {

/// Unpacks a raw DEFLATE stream (RFC 1951) of exactly `size` bytes.
/// @throws Error(kNotACheckpoint) naming `name` when the stream is damaged or of another length
std::string inflate(std::string_view packed, uint64_t size, const std::string& name);

/// CRC-32 of zip archives (reflected polynomial 0xEDB88320).
uint32_t crc32(std::string_view bytes);

}  // namespace vl::weights
