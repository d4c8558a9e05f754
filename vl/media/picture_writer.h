#pragma once

#include <string>

#include "vl/media/image.h"

namespace vl::media {

/// Writes a picture as PNG. @param image B G R, or one grey channel
/// @throws Error(kNotWritable, kDiskFull)
void write_png(const std::string& path, const Image& image);

}  // namespace vl::media
