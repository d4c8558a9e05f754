#pragma once

#include <map>
#include <string>

#include "vl/weights/mapped_file.h"

namespace vl::weights {

/// One member of a zip archive: where its bytes are.
struct ZipEntry {
  size_t offset = 0, size = 0;  ///< as they lie in the archive
  uint64_t unpacked = 0;        ///< size after unpacking
  uint32_t crc = 0;             ///< of the unpacked bytes
  uint16_t method = 0;          ///< 0 stored, 8 deflated
  bool encrypted = false;
};

using ZipDirectory = std::map<std::string, ZipEntry>;

/// True when the bytes start like a zip archive.
bool looks_like_zip(const ByteView& bytes);

/// The central directory of a zip archive (ZIP64 too). Local headers are read for the data offsets;
/// everything is checked against the size of the file.
/// @throws Error(kTruncatedModel) when the directory is missing (a download that broke off),
/// Error(kNotACheckpoint) when entries point outside the file
ZipDirectory read_zip_directory(const ByteView& bytes, const std::string& name);

/// The bytes of a member that must be stored as it is, which all members of torch files are that
/// matter.
/// @throws Error(kUnsupportedVariant) when it is packed or encrypted
ByteView stored_member(const ByteView& bytes, const ZipDirectory::value_type& member,
                       const std::string& name);
/// The unpacked bytes of a member, checked against its CRC. @param most bound of their number
/// @throws Error(kNotACheckpoint, kUnsupportedVariant)
std::string unpacked_member(const ByteView& bytes, const ZipDirectory::value_type& member,
                            const std::string& name, uint64_t most);

}  // namespace vl::weights
