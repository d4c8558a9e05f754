#include "vl/weights/faiss_index.h"

#include <cstring>

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::weights {

namespace {

constexpr int32_t kMaxWidth = 65536;
constexpr int32_t kSquaredL2 = 1;
constexpr uint64_t kFloat = sizeof(float), kId = sizeof(int64_t);

/// Reads little-endian values one after the other; leaving the file is an error.
class Cursor {
 public:
  Cursor(const ByteView& bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  template <class T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)), sizeof(T));
    return value;
  }
  std::string code() { return {take(4), 4}; }
  /// A count of items of `size` bytes that the rest of the file has room for.
  uint64_t count(uint64_t size) {
    const auto n = number<uint64_t>();
    if (n > left() / size) ends_early(n);
    return n;
  }
  char* take(uint64_t n) {
    if (n > left()) ends_early(n);
    char* p = bytes_.data + at_;
    at_ += n;
    return p;
  }
  uint64_t left() const { return bytes_.size - at_; }
  [[noreturn]] void damaged(const std::string& what) const {
    throw Error(Code::kBadWeights, fmt::format("{} is damaged: {}", file_, what),
                Where{.file = file_, .detail = fmt::format("byte {}", at_)});
  }
  [[noreturn]] void unsupported(const std::string& what) const {
    throw Error(Code::kUnsupportedVariant, fmt::format("{} is {}", file_, what),
                Where{.file = file_}, {"use an index of type IVF,Flat or Flat with the metric L2"});
  }

 private:
  [[noreturn]] void ends_early(uint64_t wanted) const {
    throw Error(Code::kTruncatedModel,
                fmt::format("{} ends early: {} more items are announced at byte {} of {}", file_,
                            wanted, at_, bytes_.size),
                Where{.file = file_}, {"load the file again: the download broke off"});
  }

  const ByteView& bytes_;
  const std::string& file_;
  uint64_t at_ = 0;
};

struct Header {
  int64_t width = 0, total = 0;
};

Header read_header(Cursor& in) {
  const auto width = in.number<int32_t>();
  const auto total = in.number<int64_t>();
  in.take(16);  // two unused numbers
  const bool trained = in.number<uint8_t>() != 0;
  const auto metric = in.number<int32_t>();
  if (width < 1 || width > kMaxWidth) in.damaged(fmt::format("vectors of {} numbers", width));
  if (total < 0) in.damaged(fmt::format("{} vectors", total));
  if (metric != kSquaredL2) in.unsupported(fmt::format("an index with metric {}, not L2", metric));
  if (!trained) in.damaged("the index was never trained");
  return {width, total};
}

struct Index {
  int64_t width = 0, nprobe = 1;
  at::Tensor centroids, list_sizes, vectors, ids;
};

at::Tensor floats(Cursor& in, int64_t rows, int64_t width) {
  const uint64_t n = static_cast<uint64_t>(rows) * static_cast<uint64_t>(width);
  at::Tensor out = at::empty({rows, width}, at::kFloat);
  if (n > 0) std::memcpy(out.data_ptr<float>(), in.take(n * kFloat), n * kFloat);
  return out;
}

/// The vectors of a flat index behind its header.
at::Tensor flat_vectors(Cursor& in, const Header& h) {
  const uint64_t count = in.count(kFloat);
  const auto width = static_cast<uint64_t>(h.width);
  if (count % width != 0 || count / width != static_cast<uint64_t>(h.total))
    in.damaged(fmt::format("{} numbers for {} vectors of {}", count, h.total, h.width));
  return floats(in, h.total, h.width);
}

Index read_flat(Cursor& in) {
  const Header h = read_header(in);
  Index out{.width = h.width};
  out.vectors = flat_vectors(in, h);
  out.centroids = at::zeros({1, h.width});
  out.list_sizes = at::full({1}, h.total, at::kLong);
  out.ids = at::arange(h.total, at::kLong);
  return out;
}

void skip_direct_map(Cursor& in) {
  const auto type = in.number<uint8_t>();
  if (type > 1) in.unsupported(fmt::format("an index with a direct map of type {}", type));
  in.take(in.count(kId) * kId);
}

std::vector<int64_t> read_list_sizes(Cursor& in, uint64_t lists) {
  std::vector<int64_t> sizes(lists, 0);
  const auto set = [&](uint64_t list, uint64_t size) {
    if (list >= lists || size > in.left()) in.damaged("the size of a list");
    sizes[list] = static_cast<int64_t>(size);
  };
  const std::string form = in.code();
  const uint64_t count = in.count(kId);
  if (form == "full") {
    if (count != lists) in.damaged(fmt::format("{} sizes for {} lists", count, lists));
    for (uint64_t i = 0; i < lists; ++i) set(i, in.number<uint64_t>());
  } else if (form == "sprs") {
    for (uint64_t i = 0; i + 1 < count; i += 2) {
      const auto list = in.number<uint64_t>();
      set(list, in.number<uint64_t>());
    }
    if (count % 2 != 0) in.damaged("an odd number of list sizes");
  } else {
    in.damaged("its list sizes are neither \"full\" nor \"sprs\"");
  }
  return sizes;
}

void read_lists(Cursor& in, const Header& h, Index& out) {
  if (const std::string kind = in.code(); kind != "ilar")
    in.unsupported("an index whose lists are not stored in the file");
  const auto lists = in.number<uint64_t>();
  const auto code_size = in.number<uint64_t>();
  if (lists != static_cast<uint64_t>(out.centroids.size(0)))
    in.damaged(fmt::format("{} lists for {} centroids", lists, out.centroids.size(0)));
  if (code_size != static_cast<uint64_t>(h.width) * kFloat)
    in.damaged(fmt::format("vectors of {} bytes, wanted {}", code_size, h.width * 4));
  const std::vector<int64_t> sizes = read_list_sizes(in, lists);
  uint64_t total = 0;
  for (int64_t n : sizes) total += static_cast<uint64_t>(n);
  if (total != static_cast<uint64_t>(h.total))
    in.damaged(fmt::format("its lists hold {} vectors, its header says {}", total, h.total));
  if (total > in.left() / (code_size + kId)) in.take(in.left() + 1);
  out.vectors = at::empty({h.total, h.width}, at::kFloat);
  out.ids = at::empty({h.total}, at::kLong);
  out.list_sizes = at::tensor(sizes, at::kLong);
  int64_t row = 0;
  for (const int64_t n : sizes) {
    if (n == 0) continue;
    const auto count = static_cast<uint64_t>(n);
    std::memcpy(out.vectors.data_ptr<float>() + row * h.width, in.take(count * code_size),
                count * code_size);
    std::memcpy(out.ids.data_ptr<int64_t>() + row, in.take(count * kId), count * kId);
    row += n;
  }
}

Index read_ivf(Cursor& in) {
  const Header h = read_header(in);
  const auto lists = in.number<uint64_t>();
  const auto nprobe = in.number<uint64_t>();
  if (lists == 0) in.damaged("no lists");
  if (nprobe == 0) in.damaged("nprobe is 0");
  if (const std::string kind = in.code(); kind != "IxF2" && kind != "IxFl")
    in.unsupported("an index whose lists are found by something else than a flat quantizer");
  const Header quantizer = read_header(in);
  if (quantizer.width != h.width || static_cast<uint64_t>(quantizer.total) != lists)
    in.damaged(fmt::format("{} centroids of {} numbers for {} lists of vectors of {}",
                           quantizer.total, quantizer.width, lists, h.width));
  Index out{.width = h.width, .nprobe = static_cast<int64_t>(std::min(nprobe, lists))};
  out.centroids = flat_vectors(in, quantizer);
  skip_direct_map(in);
  read_lists(in, h, out);
  return out;
}

Index read_index(Cursor& in, bool nested = false) {
  const std::string kind = in.code();
  if (kind == "IwFl") return read_ivf(in);
  if (kind == "IxF2" || kind == "IxFl") return read_flat(in);
  if (nested || (kind != "IxMp" && kind != "IxM2"))
    in.unsupported(fmt::format("a faiss index of the type \"{}\"", kind));
  const Header h = read_header(in);
  Index out = read_index(in, /*nested=*/true);
  const uint64_t count = in.count(kId);
  if (count != static_cast<uint64_t>(out.ids.numel()) || h.total != out.ids.numel())
    in.damaged(fmt::format("{} ids for {} vectors", count, out.ids.numel()));
  const at::Tensor map = at::empty({out.ids.numel()}, at::kLong);
  if (count > 0) std::memcpy(map.data_ptr<int64_t>(), in.take(count * kId), count * kId);
  if (count > 0 && (out.ids.min().item<int64_t>() < 0 || out.ids.max().item<int64_t>() >= h.total))
    in.damaged("an id outside its map");
  out.ids = map.index_select(0, out.ids);
  return out;
}

}  // namespace

bool looks_like_faiss(const ByteView& bytes) {
  if (bytes.size < 4 || bytes.data[0] != 'I') return false;
  const auto letter = [&](int i) {
    return std::isalnum(static_cast<unsigned char>(bytes.data[i]));
  };
  return std::strchr("xwvH", bytes.data[1]) != nullptr && letter(2) && letter(3);
}

Checkpoint read_faiss_bytes(const ByteView& bytes, const std::string& file) {
  Cursor in(bytes, file);
  const Index index = read_index(in);
  if (in.left() > 0) in.damaged(fmt::format("{} bytes behind its end", in.left()));
  Checkpoint out;
  out.file = file;
  out.container = "faiss";
  auto dict = std::make_shared<Dict>();
  for (const auto& [key, value] : {std::pair{"centroids", index.centroids},
                                   {"list_sizes", index.list_sizes},
                                   {"vectors", index.vectors},
                                   {"ids", index.ids}})
    dict->emplace_back(Value{std::string(key)}, Value{value});
  dict->emplace_back(Value{std::string("nprobe")}, Value{index.nprobe});
  out.root.data = dict;
  return out;
}

}  // namespace vl::weights
