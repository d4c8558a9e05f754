#include "vl/weights/faiss_index.h"

#include <gtest/gtest.h>

#include "tests/support/paths.h"
#include "vl/core/error.h"

namespace vl::weights {
namespace {

Checkpoint read(std::string bytes) {
  auto buffer = std::make_shared<std::string>(std::move(bytes));
  return read_checkpoint_bytes({buffer, buffer->data(), buffer->size()}, "x.index");
}

template <class T>
void put(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

std::string header(int32_t width, int64_t total, uint8_t trained = 1, int32_t metric = 1) {
  std::string out;
  put(out, width);
  put(out, total);
  put(out, int64_t{1} << 20);
  put(out, int64_t{1} << 20);
  put(out, trained);
  put(out, metric);
  return out;
}

std::string rows(int64_t count, float first) {  // of width 2
  std::string out;
  for (int64_t i = 0; i < 2 * count; ++i) put(out, first + static_cast<float>(i));
  return out;
}

std::string flat(int64_t count, const std::string& code = "IxF2") {
  std::string out = code + header(2, count);
  put(out, static_cast<uint64_t>(2 * count));
  return out + rows(count, 0);
}

/// An inverted file of width 2 with the given list sizes; ids count from 100.
std::string ivf(const std::vector<uint64_t>& sizes, bool sparse, uint64_t nprobe = 1) {
  uint64_t total = 0, filled = 0;
  for (uint64_t n : sizes) total += n, filled += n > 0;
  std::string out = "IwFl" + header(2, static_cast<int64_t>(total));
  put(out, static_cast<uint64_t>(sizes.size()));
  put(out, nprobe);
  out += flat(static_cast<int64_t>(sizes.size()));
  put(out, uint8_t{0});
  put(out, uint64_t{0});
  out += "ilar";
  put(out, static_cast<uint64_t>(sizes.size()));
  put(out, uint64_t{8});
  out += sparse ? "sprs" : "full";
  put(out, sparse ? 2 * filled : static_cast<uint64_t>(sizes.size()));
  for (uint64_t i = 0; i < sizes.size(); ++i) {
    if (sparse && sizes[i] == 0) continue;
    if (sparse) put(out, i);
    put(out, sizes[i]);
  }
  int64_t id = 100;
  for (uint64_t n : sizes) {
    out += rows(static_cast<int64_t>(n), static_cast<float>(id));
    for (uint64_t i = 0; i < n; ++i) put(out, id++);
  }
  return out;
}

TEST(FaissIndex, ReadsWhatFaissWrote) {
  const struct {
    const char* name;
    int64_t lists, vectors, width;
  } table[] = {{"index_v1.index", 5, 200, 256}, {"index_v2.index", 10, 399, 64}};
  for (const auto& row : table) {
    const Checkpoint c =
        read_checkpoint(test::data(std::string("parity/rvc/") + row.name).string());
    const StateDict t = c.root.tensors();
    EXPECT_EQ(c.container, "faiss");
    EXPECT_EQ(t.at("centroids").sizes(), (std::vector<int64_t>{row.lists, row.width})) << row.name;
    EXPECT_EQ(t.at("vectors").sizes(), (std::vector<int64_t>{row.vectors, row.width})) << row.name;
    EXPECT_EQ(t.at("ids").numel(), row.vectors) << row.name;
    EXPECT_EQ(t.at("list_sizes").sum().item<int64_t>(), row.vectors) << row.name;
    EXPECT_EQ(c.root.find("nprobe")->integer(0), 1) << row.name;
  }
}

TEST(FaissIndex, SeedOfTheFuzzer) {
  const Checkpoint c = read_checkpoint(test::data("weights/ivf_sparse.index").string());
  EXPECT_EQ(c.root.tensors().at("vectors").sizes(), (std::vector<int64_t>{5, 2}));
}

TEST(FaissIndex, FormsOfListSizes) {
  for (bool sparse : {false, true}) {
    const StateDict t = read(ivf({2, 0, 1}, sparse, 7)).root.tensors();
    EXPECT_EQ(t.at("list_sizes").sizes()[0], 3);
    const int64_t* sizes = t.at("list_sizes").const_data_ptr<int64_t>();
    EXPECT_EQ((std::vector<int64_t>(sizes, sizes + 3)), (std::vector<int64_t>{2, 0, 1}));
    const int64_t* ids = t.at("ids").const_data_ptr<int64_t>();
    EXPECT_EQ((std::vector<int64_t>(ids, ids + 3)), (std::vector<int64_t>{100, 101, 102}));
    EXPECT_EQ(t.at("vectors").const_data_ptr<float>()[4], 102.F);
  }
  EXPECT_EQ(read(ivf({1, 1}, false, 7)).root.find("nprobe")->integer(0), 2);  // never above lists
}

TEST(FaissIndex, FlatAndWithOwnIds) {
  for (const char* code : {"IxF2", "IxFl"}) {
    const StateDict t = read(flat(3, code)).root.tensors();
    EXPECT_EQ(t.at("vectors").sizes(), (std::vector<int64_t>{3, 2}));
    EXPECT_EQ(t.at("list_sizes").const_data_ptr<int64_t>()[0], 3);
  }
  std::string own = "IxMp" + header(2, 2) + flat(2);
  put(own, uint64_t{2});
  put(own, int64_t{41});
  put(own, int64_t{7});
  const at::Tensor ids = read(own).root.tensors().at("ids");
  EXPECT_EQ(ids.const_data_ptr<int64_t>()[0], 41);
  EXPECT_EQ(ids.const_data_ptr<int64_t>()[1], 7);
}

TEST(FaissIndex, EveryTruncationIsAnError) {
  const std::string whole = ivf({2, 0, 3}, true);
  for (size_t n = 4; n < whole.size(); ++n) EXPECT_THROW(read(whole.substr(0, n)), Error) << n;
  EXPECT_THROW(read(whole + "x"), Error);
  EXPECT_NO_THROW(read(whole));
}

TEST(FaissIndex, BadFilesAreErrors) {
  const auto with = [](std::string bytes, size_t at, auto value) {
    std::memcpy(bytes.data() + at, &value, sizeof(value));
    return bytes;
  };
  const std::string good = ivf({2, 1}, false);
  const size_t lists = 4 + 33, quantizer = lists + 16;
  const struct {
    const char* name;
    std::string bytes;
    Code code;
  } table[] = {
      {"another kind", "IHNf" + header(2, 1), Code::kUnsupportedVariant},
      {"inner product", with(good, 4 + 29, int32_t{0}), Code::kUnsupportedVariant},
      {"untrained", with(good, 4 + 28, uint8_t{0}), Code::kBadWeights},
      {"width 0", with(good, 4, int32_t{0}), Code::kBadWeights},
      {"width differs", with(good, 4, int32_t{3}), Code::kBadWeights},
      {"negative total", with(good, 8, int64_t{-1}), Code::kBadWeights},
      {"huge total", with(good, 8, int64_t{1} << 60), Code::kBadWeights},
      {"no lists", with(good, lists, uint64_t{0}), Code::kBadWeights},
      {"other list count", with(good, lists, uint64_t{3}), Code::kBadWeights},
      {"nprobe 0", with(good, lists + 8, uint64_t{0}), Code::kBadWeights},
      {"quantizer of another kind", with(good, quantizer, uint32_t{0x61616161}),
       Code::kUnsupportedVariant},
      {"nested map", "IxMp" + header(2, 1) + "IxMp" + header(2, 1), Code::kUnsupportedVariant},
      {"huge count of numbers", with(flat(1), 4 + 33, ~uint64_t{0}), Code::kTruncatedModel},
  };
  for (const auto& row : table) {
    try {
      read(row.bytes);
      ADD_FAILURE() << row.name << ": no error";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), row.code) << row.name << ": " << e.message();
    }
  }
}

}  // namespace
}  // namespace vl::weights
