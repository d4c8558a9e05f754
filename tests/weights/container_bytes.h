#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

namespace vl::weights::test_bytes {

/// The low `width` bytes of a number, little-endian.
inline std::string le(uint64_t value, int width) {
  std::string out;
  for (int i = 0; i < width; ++i) out += static_cast<char>(i < 8 ? value >> (8 * i) : 0);
  return out;
}

/// Pickle opcodes, protocol 2.
inline std::string proto() { return "\x80\x02"; }
inline std::string text(const std::string& s) { return "X" + le(s.size(), 4) + s; }
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string integer(int64_t v) { return "\x8a\x08" + le(static_cast<uint64_t>(v), 8); }
inline std::string tuple(std::initializer_list<std::string> items) {
  std::string out = "(";
  for (const std::string& item : items) out += item;
  return out + "t";
}
/// A FloatStorage of `count` elements.
inline std::string storage(const std::string& key, int64_t count,
                           const std::string& type = "FloatStorage") {
  return tuple({text("storage"), global("torch", type), text(key), text("cpu"), integer(count)}) +
         "Q";
}
inline std::string numbers(const std::vector<int64_t>& values) {
  std::string out = "(";
  for (const int64_t v : values) out += integer(v);
  return out + "t";
}
inline std::string tensor(const std::string& storage_op, int64_t offset,
                          const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides) {
  return global("torch._utils", "_rebuild_tensor_v2") +
         tuple({storage_op, integer(offset), numbers(sizes), numbers(strides), "\x89",
                global("collections", "OrderedDict") + ")R"}) +
         "R";
}
/// {"w": VALUE} as a whole pickle.
inline std::string dict_of(const std::string& value) {
  return proto() + "}" + text("w") + value + "s.";
}

/// A stored zip archive.
class ZipBytes {
 public:
  ZipBytes& add(const std::string& name, const std::string& data, uint16_t method = 0) {
    const std::string sizes = le(0, 4) + le(data.size(), 4) + le(data.size(), 4);
    const std::string common = le(20, 2) + le(0, 2) + le(method, 2) + le(0, 4) + sizes;
    central_ += "PK\x01\x02" + le(20, 2) + common + le(name.size(), 2) + le(0, 12) +
                le(body_.size(), 4) + name;
    body_ += "PK\x03\x04" + common + le(name.size(), 2) + le(0, 2) + name + data;
    ++count_;
    return *this;
  }
  /// A second directory entry for the bytes of the first member.
  ZipBytes& alias(const std::string& name, size_t size) {
    const std::string sizes = le(0, 4) + le(size, 4) + le(size, 4);
    central_ += "PK\x01\x02" + le(20, 2) + le(20, 2) + le(0, 2) + le(0, 2) + le(0, 4) + sizes +
                le(name.size(), 2) + le(0, 12) + le(0, 4) + name;
    ++count_;
    return *this;
  }
  std::string finish() const {
    return body_ + central_ + "PK\x05\x06" + le(0, 4) + le(count_, 2) + le(count_, 2) +
           le(central_.size(), 4) + le(body_.size(), 4) + le(0, 2);
  }

 private:
  std::string body_, central_;
  size_t count_ = 0;
};

}  // namespace vl::weights::test_bytes
