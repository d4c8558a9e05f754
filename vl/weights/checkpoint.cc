#include "vl/weights/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "vl/core/error.h"
#include "vl/weights/node_value.h"
#include "vl/weights/pickle_text.h"
#include "vl/weights/safetensors.h"
#include "vl/weights/zip_reader.h"

namespace vl::weights {

namespace fs = std::filesystem;

namespace {

// Every legacy stream starts with the pickled long 0x1950a86a20f9469cfc6c.
constexpr uint64_t kMaxFileBytes = uint64_t{1} << 48;
constexpr char kMagic[] = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

bool starts_with(const ByteView& b, const char* text) {
  const size_t n = std::strlen(text);
  return b.size >= n && std::memcmp(b.data, text, n) == 0;
}

/// Files that people take for checkpoints.
void refuse_text(const ByteView& b, const std::string& file) {
  const auto refuse = [&](const std::string& what, const char* hint) {
    throw Error(Code::kNotACheckpoint, file + " " + what, Where{.file = file}, {hint});
  };
  if (b.size == 0) refuse("is empty", "load the file again");
  if (starts_with(b, "version https://git-lfs"))
    refuse("is a git-lfs pointer, not the file it stands for", "run git lfs pull");
  const std::string head(b.data, std::min<size_t>(b.size, 256));
  std::string lower = head;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (lower.find("<html") != std::string::npos || lower.find("<!doctype") != std::string::npos)
    refuse("is an HTML page", "the download link led to a page, not to the file");
  const auto printable = [](unsigned char c) {
    return c == '\n' || c == '\r' || c == '\t' || (c >= 0x20 && c < 0x7F);
  };
  if (std::all_of(head.begin(), head.end(), printable))
    refuse("is a text file", "give a model file");
}

bool looks_like_legacy(const ByteView& b) {
  const std::string head(b.data, std::min<size_t>(b.size, 32));
  return !head.empty() && head[0] == '\x80' &&
         head.find(std::string(kMagic, 10)) != std::string::npos;
}

bool looks_like_safetensors(const ByteView& b) {
  uint64_t header = 0;
  if (b.size < 10) return false;
  std::memcpy(&header, b.data, 8);
  return header >= 2 && header <= b.size - 8 && b.data[8] == '{';
}

Checkpoint read_zip(const ByteView& bytes, const std::string& file) {
  const auto entries = read_zip_directory(bytes, file);
  const auto find = [&](const std::string& suffix) {
    for (auto it = entries.begin(); it != entries.end(); ++it) {
      const std::string& n = it->first;
      const bool fits = n.size() >= suffix.size() &&
                        n.compare(n.size() - suffix.size(), suffix.size(), suffix) == 0;
      if (fits && (n.size() == suffix.size() || n[n.size() - suffix.size() - 1] == '/')) return it;
    }
    return entries.end();
  };
  const auto pickle = find("data.pkl");
  if (pickle == entries.end())
    throw Error(Code::kNotACheckpoint,
                file + " is a zip archive without data.pkl, not a PyTorch file",
                Where{.file = file});
  const auto stored = [&](const std::map<std::string, ZipEntry>::const_iterator& it) {
    if (!it->second.stored)
      throw Error(Code::kUnsupportedVariant,
                  fmt::format("{}: member {} is compressed", file, it->first), Where{.file = file});
    return ByteView{bytes.owner, bytes.data + it->second.offset, it->second.size};
  };
  if (const auto order = find("byteorder"); order != entries.end()) {
    const ByteView v = stored(order);
    if (std::string(v.data, v.size).rfind("big", 0) == 0)
      throw Error(Code::kUnsupportedVariant, file + " is in big-endian byte order",
                  Where{.file = file});
  }
  const std::string root = pickle->first.substr(0, pickle->first.size() - std::strlen("data.pkl"));
  PickleMachine machine(file);
  const ByteView p = stored(pickle);
  size_t at = 0;
  const PickleNode* top = machine.load(p.data, p.size, at);
  NodeConverter converter(file, [&](const StorageNode& s) {
    const auto it = entries.find(root + "data/" + s.key);
    if (it == entries.end())
      throw Error(Code::kTruncatedModel, fmt::format("{} has no member data/{}", file, s.key),
                  Where{.file = file, .detail = "data/" + s.key});
    return stored(it);
  });
  Checkpoint out{.file = file, .container = "zip"};
  out.root = converter.convert(*top);
  if (top->kind == PickleNode::Kind::kObject) {
    out.container = "torchscript";
    out.root = flatten_module(out.root, file);
  }
  out.globals.assign(machine.globals().begin(), machine.globals().end());
  return out;
}

/// The five pickles of the older stream, then for each storage key an element count and the raw
/// elements.
Checkpoint read_legacy(const ByteView& bytes, const std::string& file) {
  PickleMachine machine(file);
  size_t at = 0;
  const auto next = [&] { return machine.load(bytes.data, bytes.size, at); };
  const auto damaged = [&](const std::string& what) {
    throw Error(Code::kNotACheckpoint, file + " is damaged: " + what, Where{.file = file});
  };
  const PickleNode* magic = next();
  if (magic->kind != PickleNode::Kind::kBigInt || magic->text.compare(0, 10, kMagic, 10) != 0)
    damaged("magic number");
  const PickleNode* protocol = next();
  if (protocol->integer != 1001) damaged("protocol version");
  const PickleNode* system = next();
  for (const auto& [key, value] : system->pairs)
    if (key->text == "little_endian" && value->kind == PickleNode::Kind::kBool && !value->truth)
      throw Error(Code::kUnsupportedVariant, file + " is in big-endian byte order",
                  Where{.file = file});
  const PickleNode* top = next();
  const PickleNode* keys = next();
  if (keys->kind != PickleNode::Kind::kList) damaged("list of storages");
  std::map<std::string, size_t> offsets;
  uint64_t offset = at;
  for (const PickleNode* key : keys->items) {
    const auto it = machine.storages().find(key->text);
    if (it == machine.storages().end()) damaged("list of storages names one that nothing uses");
    const StorageNode& s = *it->second->storage;
    offsets[s.key] = offset + 8;
    if (offset > kMaxFileBytes) damaged("the sizes of its storages");
    offset += 8 + s.bytes();
  }
  if (offset > bytes.size)
    throw Error(Code::kTruncatedModel,
                fmt::format("{} ends early: {} of {} bytes", file, bytes.size, offset),
                Where{.file = file}, {"load the file again: the download broke off"});
  NodeConverter converter(file, [&](const StorageNode& s) {
    const auto it = offsets.find(s.key);
    if (it == offsets.end()) damaged("a storage that the file does not hold");
    int64_t count = 0;
    std::memcpy(&count, bytes.data + it->second - 8, 8);
    if (count != s.count)
      damaged(fmt::format("storage \"{}\" at byte {} has {} elements, its tensors say {}",
                          printable(s.key), it->second - 8, count, s.count));
    return ByteView{bytes.owner, bytes.data + it->second, s.bytes()};
  });
  Checkpoint out{.file = file, .container = "legacy"};
  out.root = converter.convert(*top);
  out.globals.assign(machine.globals().begin(), machine.globals().end());
  return out;
}

Checkpoint from_safetensors(const SafetensorsFile& st, const std::string& file) {
  Checkpoint out{.file = file, .container = "safetensors"};
  auto dict = std::make_shared<Dict>();
  for (const auto& [key, value] : st.tensors) dict->emplace_back(Value{key}, Value{value});
  out.root.data = dict;
  out.metadata = st.metadata;
  return out;
}

Checkpoint read_folder(const fs::path& folder) {
  for (const char* name : {"model.safetensors", "pytorch_model.bin"}) {
    if (!fs::exists(folder / name)) continue;
    Checkpoint out = read_checkpoint((folder / name).string());
    if (std::ifstream in(folder / "config.json"); in) {
      const auto config = nlohmann::json::parse(in, nullptr, false);
      if (config.is_object()) out.config = config;
    }
    return out;
  }
  throw Error(Code::kNotFound,
              "cannot read " + folder.string() +
                  ": is a folder without model.safetensors or pytorch_model.bin",
              Where{.file = folder.string()});
}

}  // namespace

StateDict Checkpoint::tensors(const std::vector<std::string>& entries) const {
  for (const std::string& entry : entries) {
    const Value* v = entry.empty() ? &root : root.find(entry);
    if (v == nullptr) continue;
    StateDict found = v->tensors();
    if (!found.empty()) return found;
  }
  throw Error(Code::kWrongModelKind, file + " holds no tensors", Where{.file = file});
}

Checkpoint read_checkpoint_bytes(const ByteView& bytes, const std::string& file) {
  if (looks_like_zip(bytes)) return read_zip(bytes, file);
  if (looks_like_legacy(bytes)) return read_legacy(bytes, file);
  if (looks_like_safetensors(bytes))
    return from_safetensors(read_safetensors_bytes(bytes, file), file);
  refuse_text(bytes, file);
  throw Error(Code::kNotACheckpoint,
              file + " is no model file: neither a PyTorch nor a safetensors container",
              Where{.file = file});
}

Checkpoint read_checkpoint(const std::string& path) {
  if (fs::is_directory(path)) return read_folder(path);
  return read_checkpoint_bytes(map_file(path), path);
}

}  // namespace vl::weights
