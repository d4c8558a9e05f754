#include "vl/weights/checkpoint.h"

#include <algorithm>
#include <cstring>
#include <filesystem>

#include <fmt/ranges.h>

#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/weights/faiss_index.h"
#include "vl/weights/mapped_pages.h"
#include "vl/weights/node_value.h"
#include "vl/weights/pickle_text.h"
#include "vl/weights/safetensors.h"
#include "vl/weights/zip_reader.h"

namespace vl::weights {

namespace fs = std::filesystem;

namespace {

constexpr uint64_t kMaxConfigBytes = 16U << 20;
constexpr uint64_t kMaxFileBytes = uint64_t{1} << 48;
// Every legacy stream starts with the pickled long 0x1950a86a20f9469cfc6c.
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

/// A length below 4 GiB and the brace of its JSON; a file cut off inside the header counts too.
bool looks_like_safetensors(const ByteView& b) {
  return b.size >= 10 && b.data[4] == 0 && b.data[5] == 0 && b.data[6] == 0 && b.data[7] == 0 &&
         b.data[8] == '{' && (b.data[9] == '"' || b.data[9] == '}' || b.data[9] == ' ');
}

Checkpoint named(const std::string& file, const char* container) {
  Checkpoint out;
  out.file = file;
  out.container = container;
  return out;
}

/// The member NAME in the uppermost folder that has one; the folder's own name varies.
ZipDirectory::const_iterator find_member(const ZipDirectory& entries, const std::string& name) {
  auto best = entries.end();
  for (auto it = entries.begin(); it != entries.end(); ++it) {
    const std::string& n = it->first;
    const bool fits = n == name || (n.size() > name.size() && n.ends_with(name) &&
                                    n[n.size() - name.size() - 1] == '/');
    if (fits && (best == entries.end() || n.size() < best->first.size())) best = it;
  }
  return best;
}

Checkpoint read_zip(const ByteView& bytes, const std::string& file) {
  const auto entries = read_zip_directory(bytes, file);
  const auto pickle = find_member(entries, "data.pkl");
  if (pickle == entries.end())
    throw Error(Code::kNotACheckpoint,
                file + " is a zip archive without data.pkl, not a PyTorch file",
                Where{.file = file});
  if (const auto order = find_member(entries, "byteorder"); order != entries.end()) {
    const ByteView v = stored_member(bytes, *order, file);
    if (std::string(v.data, v.size).rfind("big", 0) == 0)
      throw Error(Code::kUnsupportedVariant, file + " is in big-endian byte order",
                  Where{.file = file});
  }
  const std::string root = pickle->first.substr(0, pickle->first.size() - std::strlen("data.pkl"));
  PickleMachine machine(file);
  const ByteView p = stored_member(bytes, *pickle, file);
  size_t at = 0;
  const PickleNode* top = machine.load(p.data, p.size, at);
  NodeConverter converter(file, bytes.size, [&](const StorageNode& s) {
    const auto it = entries.find(root + "data/" + s.key);
    if (it == entries.end())
      throw Error(Code::kTruncatedModel,
                  fmt::format("{} has no member data/{}", file, printable(s.key)),
                  Where{.file = file, .detail = "data/" + printable(s.key)});
    return stored_member(bytes, *it, file);
  });
  Checkpoint out = named(file, "zip");
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
  NodeConverter converter(file, bytes.size, [&](const StorageNode& s) {
    const auto it = offsets.find(s.key);
    if (it == offsets.end()) damaged("a storage that the file does not hold");
    int64_t count = 0;
    std::memcpy(&count, bytes.data + it->second - 8, 8);
    if (count != s.count)
      damaged(fmt::format("storage \"{}\" at byte {} has {} elements, its tensors say {}",
                          printable(s.key), it->second - 8, count, s.count));
    return ByteView{bytes.owner, bytes.data + it->second, s.bytes()};
  });
  Checkpoint out = named(file, "legacy");
  out.root = converter.convert(*top);
  out.globals.assign(machine.globals().begin(), machine.globals().end());
  return out;
}

Checkpoint from_safetensors(const SafetensorsFile& st, const std::string& file) {
  Checkpoint out = named(file, "safetensors");
  auto dict = std::make_shared<Dict>();
  for (const auto& [key, value] : st.tensors) dict->emplace_back(Value{key}, Value{value});
  out.root.data = dict;
  out.metadata = st.metadata;
  return out;
}

Checkpoint read_folder(const fs::path& folder) {
  std::error_code ignored;
  for (const char* name : {"model.safetensors", "pytorch_model.bin"}) {
    if (!fs::is_regular_file(folder / name, ignored)) continue;
    Checkpoint out = read_checkpoint((folder / name).string());
    const std::string config = (folder / "config.json").string();
    if (!fs::is_regular_file(config, ignored)) return out;
    out.config = nlohmann::json::parse(read_file(config, kMaxConfigBytes), nullptr, false);
    if (!out.config->is_object())
      throw Error(Code::kBadWeights, config + " is no JSON object", Where{.file = config});
    return out;
  }
  throw Error(Code::kNotFound,
              "cannot read " + folder.string() +
                  ": is a folder without model.safetensors or pytorch_model.bin",
              Where{.file = folder.string()});
}

}  // namespace

std::optional<nlohmann::json> config_beside(const std::string& file, const std::string& key) {
  std::error_code ignored;
  const fs::path path = fs::path(file).parent_path() / "config.json";
  if (!fs::is_regular_file(file, ignored) || !fs::is_regular_file(path, ignored))
    return std::nullopt;
  const nlohmann::json config =
      nlohmann::json::parse(read_file(path.string(), kMaxConfigBytes), nullptr, false);
  if (!config.is_object() || !config.contains(key)) return std::nullopt;
  return config;
}

StateDict Checkpoint::tensors(const std::vector<std::string>& entries) const {
  for (const std::string& entry : entries) {
    const Value* v = entry.empty() ? &root : root.find(entry);
    if (v == nullptr) continue;
    StateDict found = v->tensors();
    if (!found.empty()) return found;
  }
  const bool top = entries.empty() || entries == std::vector<std::string>{""};
  throw Error(
      Code::kWrongModelKind,
      file + " holds no tensors" + (top ? "" : fmt::format(" under {}", fmt::join(entries, ", "))),
      Where{.file = file});
}

Checkpoint read_checkpoint_bytes(const ByteView& bytes, const std::string& file) {
  if (looks_like_zip(bytes)) return read_zip(bytes, file);
  if (looks_like_legacy(bytes)) return read_legacy(bytes, file);
  if (looks_like_safetensors(bytes))
    return from_safetensors(read_safetensors_bytes(bytes, file), file);
  if (looks_like_faiss(bytes)) return read_faiss_bytes(bytes, file);
  refuse_text(bytes, file);
  throw Error(Code::kNotACheckpoint,
              file + " is no model file: neither a PyTorch nor a safetensors container",
              Where{.file = file});
}

Checkpoint read_checkpoint(const std::string& path) {
  std::error_code ignored;  // what cannot be looked at is reported by map_file
  if (fs::is_directory(path, ignored)) return read_folder(path);
  const ByteView bytes = map_file(path);
  Checkpoint out = read_checkpoint_bytes(bytes, path);
  // Files of ours are loaded as they are: no importer works on their tensors.
  if (out.metadata.is_object() && out.metadata.contains("voxlip")) declare_read_only(bytes);
  return out;
}

}  // namespace vl::weights
