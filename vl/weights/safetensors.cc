#include "vl/weights/safetensors.h"

#include <algorithm>
#include <cstring>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "vl/core/error.h"
#include "vl/core/file.h"

namespace vl::weights {

using nlohmann::json;

namespace {

constexpr uint64_t kMaxHeader = 100U << 20;
constexpr size_t kAlign = 8;

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

Entry parse_entry(const std::string& file, const std::string& key, const json& info,
                  uint64_t room) {
  Entry e{.key = key};
  const auto wrong = [&](const char* what) {
    bad(Code::kBadWeights, file, fmt::format("{} of tensor \"{}\"", what, key));
  };
  const bool formed = info.is_object() && info.contains("dtype") && info["dtype"].is_string() &&
                      info.contains("shape") && info["shape"].is_array() &&
                      info["shape"].size() <= 16 && info.contains("data_offsets") &&
                      info["data_offsets"].is_array() && info["data_offsets"].size() == 2;
  if (!formed) wrong("malformed header");
  const std::string name = info["dtype"].get<std::string>();
  const auto type =
      std::find_if(kTypes.begin(), kTypes.end(), [&](auto& t) { return t.first == name; });
  if (type == kTypes.end())
    bad(Code::kUnsupportedVariant, file, fmt::format("dtype {} of tensor \"{}\"", name, key));
  e.type = type->second;
  uint64_t bytes = c10::elementSize(e.type);
  for (const json& s : info["shape"]) {
    if (!s.is_number_unsigned() || s.get<uint64_t>() > (uint64_t{1} << 48) ||
        __builtin_mul_overflow(bytes, s.get<uint64_t>(), &bytes))
      wrong("shape");
    e.shape.push_back(s.get<int64_t>());
  }
  for (const json& o : info["data_offsets"])
    if (!o.is_number_unsigned()) wrong("offsets");
  e.begin = info["data_offsets"][0].get<uint64_t>();
  e.end = info["data_offsets"][1].get<uint64_t>();
  if (e.begin > e.end || e.end - e.begin != bytes) wrong("offsets");
  if (e.end > room)
    bad(Code::kTruncatedModel, file,
        fmt::format("ends early: tensor \"{}\" needs {} bytes of data, {} are there", key, e.end,
                    room));
  return e;
}

}  // namespace

SafetensorsFile read_safetensors_bytes(const ByteView& bytes, const std::string& file) {
  uint64_t header = 0;
  if (bytes.size < 8) bad(Code::kNotACheckpoint, file, "is shorter than a safetensors header");
  std::memcpy(&header, bytes.data, 8);
  if (header > kMaxHeader)
    bad(Code::kNotACheckpoint, file, "is no safetensors file: header length");
  if (header > bytes.size - 8)
    bad(Code::kTruncatedModel, file,
        fmt::format("ends early: {} of {} bytes of the header", bytes.size - 8, header));
  const json index = json::parse(bytes.data + 8, bytes.data + 8 + header, nullptr, false);
  if (!index.is_object())
    bad(Code::kNotACheckpoint, file, "is no safetensors file: the header is no JSON object");
  SafetensorsFile out;
  std::vector<Entry> entries;
  for (const auto& [key, info] : index.items()) {
    if (key != "__metadata__") {
      entries.push_back(parse_entry(file, key, info, bytes.size - 8 - header));
      continue;
    }
    if (info.is_object())
      for (const auto& [k, v] : info.items())
        if (v.is_string()) out.metadata[k] = v.get<std::string>();
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.key) < std::tie(b.begin, b.end, b.key);
  });
  uint64_t reached = 0;
  for (const Entry& e : entries) {
    if (e.begin < reached)
      bad(Code::kBadWeights, file, fmt::format("tensor \"{}\" overlaps another", e.key));
    reached = e.end;
    char* data = bytes.data + 8 + header + e.begin;
    at::Tensor t;
    if (e.begin == e.end) {
      t = at::empty(e.shape, e.type);
    } else if (reinterpret_cast<uintptr_t>(data) % c10::elementSize(e.type) == 0) {
      t = at::from_blob(
          data, e.shape, [owner = bytes.owner](void*) {}, e.type);
    } else {
      t = at::empty(e.shape, e.type);
      std::memcpy(t.data_ptr(), data, e.end - e.begin);
    }
    out.tensors.set(e.key, t);
  }
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
    const auto type = std::find_if(kTypes.begin(), kTypes.end(),
                                   [&](auto& t) { return t.second == value.scalar_type(); });
    if (type == kTypes.end())
      bad(Code::kUnsupportedVariant, path, "dtype of tensor \"" + key + "\"");
    index[key] = {{"dtype", type->first},
                  {"shape", value.sizes().vec()},
                  {"data_offsets", {offset, offset + value.nbytes()}}};
    offset += value.nbytes();
  }
  std::string header = index.dump();
  header.append((kAlign - header.size() % kAlign) % kAlign, ' ');
  AtomicFile file(path, /*overwrite=*/true);
  const uint64_t length = header.size();
  file.write(&length, sizeof(length));
  file.write(header.data(), header.size());
  for (const auto& item : tensors) {
    const at::Tensor t = item.second.contiguous().cpu();
    file.write(t.data_ptr(), t.nbytes());
  }
  file.commit();
}

}  // namespace vl::weights
