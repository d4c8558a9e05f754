#include "vl/weights/npz.h"

#include <algorithm>
#include <cstring>

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/weights/pickle_text.h"
#include "vl/weights/zip_reader.h"

namespace vl::weights {

namespace {

constexpr uint64_t kMostBytes = uint64_t{256} << 20;
constexpr size_t kMostRank = 32;

/// The value of a key in the header's Python dictionary, up to the next comma outside brackets.
std::string field(const std::string& header, const std::string& key) {
  const size_t at = header.find("'" + key + "'");
  if (at == std::string::npos) return "";
  size_t begin = header.find(':', at) + 1, end = begin;
  for (int depth = 0;
       end < header.size() && (depth > 0 || (header[end] != ',' && header[end] != '}')); ++end)
    depth += header[end] == '(' ? 1 : header[end] == ')' ? -1 : 0;
  std::string out = header.substr(begin, end - begin);
  std::erase(out, ' ');
  return out;
}

at::Tensor read_npy(const char* data, size_t size, const std::string& name) {
  const auto bad = [&](const char* what) {
    throw Error(Code::kNotACheckpoint, fmt::format("{} is no NumPy array: {}", name, what),
                Where{.file = name});
  };
  if (size < 12 || std::memcmp(data, "\x93NUMPY", 6) != 0) bad("magic");
  const bool long_header = data[6] >= 2;
  uint32_t length = 0;
  std::memcpy(&length, data + 8, long_header ? 4 : 2);
  const size_t begin = long_header ? 12 : 10;
  if (length > size - begin) bad("header length");
  const std::string header(data + begin, length), type = field(header, "descr");
  static const std::map<std::string, at::ScalarType> kTypes = {
      {"'<i2'", at::kShort}, {"'<i4'", at::kInt},   {"'<i8'", at::kLong},
      {"'<f2'", at::kHalf},  {"'<f4'", at::kFloat}, {"'<f8'", at::kDouble},
      {"'|u1'", at::kByte},  {"'|i1'", at::kChar},  {"'|b1'", at::kBool}};
  const auto dtype = kTypes.find(type);
  if (dtype == kTypes.end())
    throw Error(Code::kUnsupportedVariant,
                fmt::format("{} has elements of type {}", name, printable(type)),
                Where{.file = name});
  std::vector<int64_t> shape;
  uint64_t count = 1, bound = 1;
  std::string number;
  for (const char c : field(header, "shape")) {
    if (c >= '0' && c <= '9') {
      number += c;
      if (number.size() > 12) bad("shape");
    } else if (!number.empty()) {
      shape.push_back(std::stoll(number));
      const auto size = static_cast<uint64_t>(shape.back());
      if (shape.size() > kMostRank ||
          __builtin_mul_overflow(bound, std::max<uint64_t>(size, 1), &bound) || bound > kMostBytes)
        bad("shape");
      count *= size;
      number.clear();
    }
  }
  const size_t bytes = size - begin - length;
  if (count > bytes || count * c10::elementSize(dtype->second) != bytes) bad("size");
  const bool fortran = field(header, "fortran_order") == "True";
  std::vector<int64_t> stored = shape;
  if (fortran) std::reverse(stored.begin(), stored.end());
  at::Tensor out = at::empty(stored, dtype->second);
  if (bytes > 0) std::memcpy(out.data_ptr(), data + begin + length, bytes);
  if (!fortran) return out;
  std::vector<int64_t> order;
  for (int64_t d = out.dim() - 1; d >= 0; --d) order.push_back(d);
  return out.permute(order).contiguous();
}

}  // namespace

std::map<std::string, at::Tensor> read_npz(const std::string& path) {
  return read_npz_bytes(map_file(path), path);
}

std::map<std::string, at::Tensor> read_npz_bytes(const ByteView& bytes, const std::string& path) {
  if (!looks_like_zip(bytes))
    throw Error(Code::kNotACheckpoint, path + " is no .npz file", Where{.file = path});
  std::map<std::string, at::Tensor> out;
  uint64_t room = kMostBytes;
  for (const auto& member : read_zip_directory(bytes, path)) {
    const std::string& name = member.first;
    if (!name.ends_with(".npy")) continue;
    const std::string npy = unpacked_member(bytes, member, path, room);
    room -= npy.size();
    out[name.substr(0, name.size() - 4)] =
        read_npy(npy.data(), npy.size(), path + ":" + printable(name));
  }
  return out;
}

}  // namespace vl::weights
