#include "vl/weights/zip_reader.h"

#include <algorithm>
#include <cstring>

#include "vl/core/error.h"
#include "vl/weights/inflate.h"
#include "vl/weights/pickle_text.h"

namespace vl::weights {

namespace {

constexpr uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50,
                   kEnd64 = 0x06064b50, kLocator64 = 0x07064b50;
constexpr size_t kMaxEntries = 200'000;

template <class T>
T read_at(const ByteView& b, size_t at) {
  T value;
  std::memcpy(&value, b.data + at, sizeof(T));
  return value;
}

struct Directory {
  uint64_t entries = 0, offset = 0;
};

[[noreturn]] void damaged(const std::string& name, const std::string& what) {
  throw Error(Code::kNotACheckpoint, name + " is a damaged zip archive: " + what,
              Where{.file = name, .detail = what});
}

Directory find_directory(const ByteView& b, const std::string& name) {
  const size_t lowest = b.size > 22 + 65535 ? b.size - 22 - 65535 : 0;
  for (size_t at = b.size < 22 ? 0 : b.size - 22 + 1; at-- > lowest && b.size >= 22;) {
    if (read_at<uint32_t>(b, at) != kEnd) continue;
    Directory d{read_at<uint16_t>(b, at + 10), read_at<uint32_t>(b, at + 16)};
    if (at >= 20 && read_at<uint32_t>(b, at - 20) == kLocator64) {
      const uint64_t end64 = read_at<uint64_t>(b, at - 20 + 8);
      if (b.size < 56 || end64 > b.size - 56 || read_at<uint32_t>(b, end64) != kEnd64)
        damaged(name, "ZIP64 record");
      d = {read_at<uint64_t>(b, end64 + 32), read_at<uint64_t>(b, end64 + 48)};
    }
    return d;
  }
  throw Error(
      Code::kTruncatedModel,
      fmt::format("{} ends early: {} bytes, and the zip directory that closes it is missing", name,
                  b.size),
      Where{.file = name}, {"load the file again: the download may have broken off"});
}

/// Sizes and offset of a central entry, with the ZIP64 extra field where the 32-bit ones are full.
struct Sizes {
  uint64_t packed, size, local;
};

Sizes read_sizes(const ByteView& b, size_t at, size_t name_length, size_t extra_length) {
  Sizes s{read_at<uint32_t>(b, at + 20), read_at<uint32_t>(b, at + 24),
          read_at<uint32_t>(b, at + 42)};
  size_t x = at + 46 + name_length;
  const size_t end = x + extra_length;
  while (x + 4 <= end) {
    const uint16_t id = read_at<uint16_t>(b, x), length = read_at<uint16_t>(b, x + 2);
    size_t field = x + 4;
    const size_t field_end = std::min(end, field + length);
    if (id == 1)
      for (uint64_t* value : {&s.size, &s.packed, &s.local})
        if (*value == 0xFFFFFFFF && field + 8 <= field_end)
          *value = read_at<uint64_t>(b, field), field += 8;
    x = x + 4 + length;
  }
  return s;
}

}  // namespace

bool looks_like_zip(const ByteView& b) { return b.size >= 4 && read_at<uint32_t>(b, 0) == kLocal; }

ZipDirectory read_zip_directory(const ByteView& b, const std::string& name) {
  const Directory d = find_directory(b, name);
  if (d.entries > kMaxEntries || d.offset > b.size) damaged(name, "directory out of range");
  ZipDirectory out;
  size_t at = d.offset;
  for (uint64_t i = 0; i < d.entries; ++i) {
    if (at + 46 > b.size || read_at<uint32_t>(b, at) != kCentral)
      damaged(name, fmt::format("directory entry {}", i));
    const size_t n = read_at<uint16_t>(b, at + 28), extra = read_at<uint16_t>(b, at + 30),
                 comment = read_at<uint16_t>(b, at + 32);
    if (at + 46 + n + extra + comment > b.size) damaged(name, fmt::format("directory entry {}", i));
    const std::string entry(b.data + at + 46, n);
    const Sizes s = read_sizes(b, at, n, extra);
    if (s.local > b.size || b.size - s.local < 30 || read_at<uint32_t>(b, s.local) != kLocal)
      damaged(name, "header of " + printable(entry));
    const uint64_t data =
        s.local + 30 + read_at<uint16_t>(b, s.local + 26) + read_at<uint16_t>(b, s.local + 28);
    const auto method = read_at<uint16_t>(b, at + 10);
    if (data > b.size || s.packed > b.size - data || (method == 0 && s.size != s.packed))
      damaged(name, "size of " + printable(entry));
    if (!out.insert({entry,
                     {data, s.packed, s.size, read_at<uint32_t>(b, at + 16), method,
                      (read_at<uint16_t>(b, at + 8) & 1) != 0}})
             .second)
      damaged(name, "two members " + printable(entry));
    at += 46 + n + extra + comment;
  }
  return out;
}

ByteView stored_member(const ByteView& b, const ZipDirectory::value_type& member,
                       const std::string& name) {
  const ZipEntry& e = member.second;
  if (e.method != 0 || e.encrypted)
    throw Error(Code::kUnsupportedVariant,
                fmt::format("{}: member {} is {}", name, printable(member.first),
                            e.encrypted ? "encrypted" : "compressed"),
                Where{.file = name, .detail = printable(member.first)});
  return {b.owner, b.data + e.offset, e.size};
}

std::string unpacked_member(const ByteView& b, const ZipDirectory::value_type& member,
                            const std::string& name, uint64_t most) {
  const ZipEntry& e = member.second;
  const std::string place = printable(member.first);
  if (e.unpacked > most) damaged(name, fmt::format("{} has {} bytes", place, e.unpacked));
  std::string out;
  if (e.method == 8 && !e.encrypted) {
    out = inflate({b.data + e.offset, e.size}, e.unpacked, name + ":" + place);
  } else {
    const ByteView bytes = stored_member(b, member, name);
    out.assign(bytes.data, bytes.size);
  }
  if (crc32(out) != e.crc) damaged(name, "checksum of " + place);
  return out;
}

}  // namespace vl::weights
