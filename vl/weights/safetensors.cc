#include "vl/weights/safetensors.h"

#include <algorithm>
#include <cstring>
#include <set>

#include <ATen/ATen.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/weights/pickle_text.h"

namespace vl::weights {

using nlohmann::json;

namespace {

constexpr uint64_t kMaxHeader = 100'000'000;
constexpr size_t kAlign = 8, kMaxRank = 64;

const std::vector<std::pair<std::string, at::ScalarType>> kTypes = {
    {"BOOL", at::kBool}, {"U8", at::kByte},   {"I8", at::kChar},  {"I16", at::kShort},
    {"I32", at::kInt},   {"I64", at::kLong},  {"F16", at::kHalf}, {"BF16", at::kBFloat16},
    {"F32", at::kFloat}, {"F64", at::kDouble}};

[[noreturn]] void bad(Code code, const std::string& file, const std::string& what) {
  throw Error(code, file + ": " + what, Where{.file = file, .detail = what});
}

struct Entry {
  std::string key;
  at::ScalarType type = at::kFloat;
  std::vector<int64_t> shape;
  uint64_t begin = 0, end = 0;
};

/// Refuses, while parsing, whatever no header holds: deep or long arrays, keys given twice. So the
/// parsed header stays within a small multiple of its text.
class HeaderGuard {
 public:
  explicit HeaderGuard(const std::string& file) : file_(file) {}

  bool operator()(int depth, json::parse_event_t event, json& parsed) {
    using Event = json::parse_event_t;
    if (event == Event::object_start && depth > 1) refuse("objects are nested too deep");
    if (event == Event::array_start && depth != 2) refuse("an array stands where none belongs");
    if (event == Event::array_start) count_ = 0;
    if (event == Event::value && depth == 3 && ++count_ > kMaxRank)
      refuse(fmt::format("an array of \"{}\" has more than {} entries", printable(key_), kMaxRank));
    if (event == Event::key && depth == 1) {
      key_ = parsed.get<std::string>();
      if (!keys_.insert(key_).second)
        refuse(fmt::format("key \"{}\" stands twice", printable(key_)));
    }
    return true;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    bad(Code::kBadWeights, file_, "damaged header: " + why);
  }

  const std::string& file_;
  std::set<std::string> keys_;
  std::string key_;
  size_t count_ = 0;
};

/// Parses one tensor's entry of the header.
class EntryReader {
 public:
  EntryReader(const std::string& file, const std::string& key, const json& info)
      : file_(file), key_(key), info_(info) {}

  Entry read() const {
    if (!info_.is_object()) wrong("has no description");
    for (const auto& [field, value] : info_.items())
      if (field != "dtype" && field != "shape" && field != "data_offsets")
        wrong(fmt::format("has the unknown field \"{}\"", printable(field)));
    Entry e;
    e.key = key_;
    e.type = dtype();
    for (const uint64_t size : integers("shape")) e.shape.push_back(static_cast<int64_t>(size));
    const auto offsets = integers("data_offsets");
    if (offsets.size() != 2 || offsets[0] > offsets[1]) wrong("has no offsets [begin, end]");
    e.begin = offsets[0];
    e.end = offsets[1];
    const uint64_t bytes = byte_count(e);
    if (bytes != e.end - e.begin)
      wrong(fmt::format("has shape [{}], {} bytes, but {} bytes of data", fmt::join(e.shape, ","),
                        bytes, e.end - e.begin));
    return e;
  }

 private:
  [[noreturn]] void wrong(const std::string& what, Code code = Code::kBadWeights) const {
    bad(code, file_, fmt::format("tensor \"{}\" {}", printable(key_), what));
  }

  at::ScalarType dtype() const {
    const auto it = info_.find("dtype");
    if (it == info_.end() || !it->is_string()) wrong("has no dtype");
    const auto& name = it->get_ref<const std::string&>();
    for (const auto& [known, type] : kTypes)
      if (known == name) return type;
    wrong("has the dtype " + printable(name), Code::kUnsupportedVariant);
  }

  std::vector<uint64_t> integers(const char* field) const {
    const auto it = info_.find(field);
    if (it == info_.end() || !it->is_array()) wrong(fmt::format("has no list \"{}\"", field));
    std::vector<uint64_t> out;
    for (const json& v : *it) {
      if (!v.is_number_unsigned() || v.get<uint64_t>() > uint64_t{INT64_MAX})
        wrong(fmt::format("has an impossible number in \"{}\"", field));
      out.push_back(v.get<uint64_t>());
    }
    return out;
  }

  // A dimension of 0 counts as 1 in the bound: strides must not overflow either.
  uint64_t byte_count(const Entry& e) const {
    int64_t bound = static_cast<int64_t>(c10::elementSize(e.type));
    bool empty = false;
    for (const int64_t size : e.shape) {
      empty = empty || size == 0;
      if (__builtin_mul_overflow(bound, std::max<int64_t>(size, 1), &bound))
        wrong("has a shape beyond all bounds");
    }
    return empty ? 0 : static_cast<uint64_t>(bound);
  }

  const std::string& file_;
  const std::string& key_;
  const json& info_;
};

json parse_header(const ByteView& bytes, uint64_t size, const std::string& file) {
  try {
    json header = json::parse(bytes.data + 8, bytes.data + 8 + size, HeaderGuard(file));
    if (header.is_object()) return header;
  } catch (const json::exception& e) {
    throw Error(Code::kNotACheckpoint, file + ": is no safetensors file: its header is no JSON",
                Where{.file = file, .detail = fmt::format("header, {}", e.what())});
  }
  bad(Code::kNotACheckpoint, file, "is no safetensors file: its header is no JSON object");
}

uint64_t header_size(const ByteView& bytes, const std::string& file) {
  if (bytes.size < 8) bad(Code::kNotACheckpoint, file, "is shorter than a safetensors header");
  uint64_t size = 0;
  std::memcpy(&size, bytes.data, 8);
  if (size > kMaxHeader || size < 2)
    bad(Code::kNotACheckpoint, file,
        fmt::format("is no safetensors file: its header would have {} bytes", size));
  if (size > bytes.size - 8)
    bad(Code::kTruncatedModel, file,
        fmt::format("ends early: {} of at least {} bytes", bytes.size, size + 8));
  return size;
}

/// Tensors must follow each other without overlap and hole, up to the end of the file.
void check_layout(const std::vector<Entry>& entries, uint64_t data_start, const ByteView& bytes,
                  const std::string& file) {
  uint64_t reached = 0;
  for (const Entry& e : entries) {
    if (e.begin != reached)
      bad(Code::kBadWeights, file,
          fmt::format("tensor \"{}\" {}: it starts at byte {} of the data, not at {}",
                      printable(e.key), e.begin < reached ? "overlaps another" : "leaves a hole",
                      e.begin, reached));
    reached = e.end;
  }
  const uint64_t room = bytes.size - data_start;
  if (reached > room)
    bad(Code::kTruncatedModel, file,
        fmt::format("ends early: {} of {} bytes", bytes.size, data_start + reached));
  if (reached < room)
    bad(Code::kBadWeights, file,
        fmt::format("{} bytes stand behind its last tensor", room - reached));
}

at::Tensor view(const ByteView& bytes, uint64_t at, const Entry& e) {
  if (e.begin == e.end) return at::empty(e.shape, e.type);
  char* data = bytes.data + at + e.begin;
  if (reinterpret_cast<uintptr_t>(data) % c10::elementSize(e.type) == 0)
    return at::from_blob(
        data, e.shape, [owner = bytes.owner](void*) {}, e.type);
  at::Tensor copy = at::empty(e.shape, e.type);
  std::memcpy(copy.data_ptr(), data, e.end - e.begin);
  return copy;
}

}  // namespace

SafetensorsFile read_safetensors_bytes(const ByteView& bytes, const std::string& file) {
  const uint64_t size = header_size(bytes, file);
  const json header = parse_header(bytes, size, file);
  SafetensorsFile out;
  std::vector<Entry> entries;
  for (const auto& [key, info] : header.items()) {
    if (key != "__metadata__") {
      entries.push_back(EntryReader(file, key, info).read());
      continue;
    }
    if (!info.is_object()) bad(Code::kBadWeights, file, "__metadata__ is no object");
    for (const auto& [k, v] : info.items()) {
      if (!v.is_string()) bad(Code::kBadWeights, file, "__metadata__ holds something but texts");
      out.metadata[k] = v.get<std::string>();
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.key) < std::tie(b.begin, b.end, b.key);
  });
  check_layout(entries, 8 + size, bytes, file);
  for (const Entry& e : entries) out.tensors.set(e.key, view(bytes, 8 + size, e));
  return out;
}

SafetensorsFile read_safetensors(const std::string& path) {
  return read_safetensors_bytes(map_file(path), path);
}

void write_safetensors(const std::string& path, const StateDict& tensors,
                       const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json index = nlohmann::ordered_json::object();
  if (!metadata.empty()) index["__metadata__"] = metadata;
  uint64_t offset = 0;
  for (const auto& [key, value] : tensors) {
    const auto type =
        std::find_if(kTypes.begin(), kTypes.end(),
                     [type = value.scalar_type()](auto& t) { return t.second == type; });
    if (type == kTypes.end())
      bad(Code::kUnsupportedVariant, path, fmt::format("dtype of tensor \"{}\"", printable(key)));
    if (invalid_utf8(key) != std::string::npos || key == "__metadata__")
      bad(Code::kBadWeights, path, fmt::format("a tensor cannot be named \"{}\"", printable(key)));
    index[key] = {{"dtype", type->first},
                  {"shape", value.sizes().vec()},
                  {"data_offsets", {offset, offset + value.nbytes()}}};
    offset += value.nbytes();
  }
  std::string header = index.dump();
  header.append((kAlign - header.size() % kAlign) % kAlign, ' ');
  AtomicFile file(path, /*overwrite=*/true);
  const uint64_t length = header.size();
  file.write({reinterpret_cast<const char*>(&length), sizeof(length)});
  file.write(header);
  for (const auto& item : tensors) {
    const at::Tensor t = item.second.detach().cpu().contiguous();
    file.write({static_cast<const char*>(t.data_ptr()), t.nbytes()});
  }
  file.commit();
}

}  // namespace vl::weights
