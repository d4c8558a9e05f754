#include "vl/weights/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "vl/core/error.h"

namespace vl::weights {

using nlohmann::json;

namespace {

struct Mapping {
  void* data = nullptr;
  size_t size = 0;
  explicit Mapping(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0)
      throw Error(Code::kNotFound, "cannot read " + path + ": no such file", Where{.file = path});
    struct stat info {};
    fstat(fd, &info);
    size = static_cast<size_t>(info.st_size);
    if (size > 0) data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    close(fd);
    if (data == MAP_FAILED) throw Error(Code::kNotFound, "cannot map " + path, Where{.file = path});
  }
  ~Mapping() {
    if (data != nullptr) munmap(data, size);
  }
};

const std::map<std::string, at::ScalarType> kTypes = {
    {"BOOL", at::kBool}, {"U8", at::kByte},   {"I8", at::kChar},  {"I16", at::kShort},
    {"I32", at::kInt},   {"I64", at::kLong},  {"F16", at::kHalf}, {"BF16", at::kBFloat16},
    {"F32", at::kFloat}, {"F64", at::kDouble}};

}  // namespace

SafetensorsFile read_safetensors(const std::string& path) {
  auto map = std::make_shared<Mapping>(path);
  const auto bad = [&](const std::string& what) {
    throw Error(Code::kNotACheckpoint, path + " is no safetensors file: " + what,
                Where{.file = path});
  };
  uint64_t header = 0;
  if (map->size < 8) bad("shorter than 8 bytes");
  std::memcpy(&header, map->data, 8);
  if (header > map->size - 8 || header > (100U << 20)) bad("header length out of range");
  const char* text = static_cast<const char*>(map->data) + 8;
  json index = json::parse(text, text + header, nullptr, false);
  if (!index.is_object()) bad("header is no JSON object");
  SafetensorsFile out;
  const uint64_t room = map->size - 8 - header;
  std::vector<std::pair<uint64_t, std::string>> order;
  for (const auto& [key, info] : index.items()) {
    if (key == "__metadata__") {
      for (const auto& [k, v] : info.items())
        if (v.is_string()) out.metadata[k] = v.get<std::string>();
      continue;
    }
    if (!info.is_object() || !info.contains("data_offsets"))
      bad("entry \"" + key + "\" is malformed");
    order.emplace_back(info["data_offsets"][0].get<uint64_t>(), key);
  }
  std::sort(order.begin(), order.end());
  for (const auto& [begin, key] : order) {
    const json& info = index[key];
    const auto type = kTypes.find(info["dtype"].get<std::string>());
    if (type == kTypes.end()) bad("dtype of \"" + key + "\"");
    const auto shape = info["shape"].get<std::vector<int64_t>>();
    const uint64_t end = info["data_offsets"][1].get<uint64_t>();
    uint64_t bytes = c10::elementSize(type->second);
    for (int64_t s : shape) bytes *= static_cast<uint64_t>(s);
    if (begin > end || end > room || end - begin != bytes) bad("offsets of \"" + key + "\"");
    char* data = static_cast<char*>(map->data) + 8 + header + begin;
    out.tensors.set(key, at::from_blob(
                             data, shape, [map](void*) {}, type->second));
  }
  return out;
}

}  // namespace vl::weights
