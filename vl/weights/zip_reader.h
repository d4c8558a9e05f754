#pragma once

#include <map>
#include <string>

#include "vl/weights/mapped_file.h"

namespace vl::weights {

/// One stored member of a zip archive: where its bytes are.
struct ZipEntry {
  size_t offset = 0, size = 0;
  bool stored = true;  ///< false: compressed, which torch never does to the members that matter
};

/// True when the bytes start like a zip archive.
bool looks_like_zip(const ByteView& bytes);

/// The central directory of a zip archive (ZIP64 too). Local headers are read for the data offsets;
/// everything is checked against the size of the file.
/// @throws Error(kTruncatedModel) when the directory is missing (a download that broke off),
/// Error(kNotACheckpoint) when entries point outside the file
std::map<std::string, ZipEntry> read_zip_directory(const ByteView& bytes, const std::string& name);

}  // namespace vl::weights
