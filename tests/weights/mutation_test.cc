#include <algorithm>
#include <chrono>

#include <sys/resource.h>

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/weights/checkpoint.h"
#include "vl/weights/npz.h"

namespace vl::weights {
namespace {

constexpr int kFiles = 10'000;

const char* const kSeeds[] = {
    "parity/rvc/v2_40k_f0.pth",
    "parity/vallex/checkpoints/tiny_vallex.pt",
    "parity/vallex/checkpoints/tiny_vallex_fp16.pt",
    "parity/vallex/checkpoints/tiny_vallex_legacy.pt",
    "parity/vallex/checkpoints/tiny_encodec_24khz.th",
    "parity/fastpitch/hifigan_nv_old_layout.pt",
    "parity/fastpitch/hifigan_v3_small.legacy_ckpt",
    "parity/wav2lip/checkpoints/mini_s3fd_python2.pth",
    "parity/wav2lip/checkpoints/mini_lipsync_expert.pth",
    "parity/wav2lip/checkpoints/mini_wav2lip_torchscript.pt",
    "parity/fastpitch/hifigan_nv_old_layout.golden.safetensors",
    "weights/deflated.npz",
};

/// SplitMix64, so that every run mutates alike.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  size_t below(size_t n) {
    uint64_t z = (state_ += 0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return (z ^ (z >> 31)) % n;
  }

 private:
  uint64_t state_;
};

/// Structure lies at both ends of a file: headers and pickles in front, the zip directory and
/// TorchScript pickles behind.
size_t place(Random& random, size_t size) {
  const size_t near = std::min<size_t>(size, 6000);
  switch (random.below(5)) {
    case 0:
      return random.below(size);
    case 1:
    case 2:
      return random.below(near);
    default:
      return size - 1 - random.below(std::min<size_t>(size, 60'000));
  }
}

void mutate_once(std::string& bytes, const std::string& other, Random& random) {
  static const uint64_t kEdges[] = {0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, UINT64_MAX};
  const size_t at = place(random, bytes.size()), rest = bytes.size() - at;
  switch (random.below(7)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
      return;
    case 1:
      bytes[at] = static_cast<char>(random.below(256));
      return;
    case 2: {  // a number at its limits
      const uint64_t edge = kEdges[random.below(std::size(kEdges))];
      const size_t width = std::min<size_t>(size_t{1} << random.below(4), rest);
      bytes.replace(at, width, reinterpret_cast<const char*>(&edge), width);
      return;
    }
    case 3:  // a piece of another file
      bytes.replace(at, std::min<size_t>(rest, random.below(64)), other, random.below(other.size()),
                    random.below(64));
      return;
    case 4: {  // a piece of its own, elsewhere
      const std::string piece = bytes.substr(place(random, bytes.size()), random.below(200));
      bytes.insert(at, piece);
      return;
    }
    case 5:
      bytes.erase(at, random.below(40));
      return;
    default:
      if (random.below(6) == 0) bytes.resize(at);
  }
}

/// Reads everything there is to read; every tensor's elements are touched.
void use(const std::shared_ptr<std::string>& bytes, bool npz) {
  const ByteView view{bytes, bytes->data(), bytes->size()};
  if (npz) {
    for (const auto& item : read_npz_bytes(view, "mutated.npz")) item.second.sum();
    return;
  }
  const Checkpoint c = read_checkpoint_bytes(view, "mutated.pth");
  c.root.to_json();
  for (const char* entry : {"", "model", "weight", "state_dict", "generator"}) {
    const Value* value = *entry == '\0' ? &c.root : c.root.find(entry);
    if (value == nullptr) continue;
    for (const auto& [key, tensor] : value->tensors()) {
      ASSERT_LE(tensor.numel(), 200'000'000) << key;
      if (tensor.numel() < 5'000'000) tensor.to(at::kFloat).contiguous().sum();
    }
  }
}

TEST(Mutated, TenThousandFilesGiveAResultOrAnError) {
  std::vector<std::string> originals;
  for (const char* file : kSeeds) originals.push_back(read_file(test::data(file).string()));
  const auto begin = std::chrono::steady_clock::now();
  rusage before = {}, after = {};
  getrusage(RUSAGE_SELF, &before);
  Random random(20261124);
  int results = 0, errors = 0;
  for (int i = 0; i < kFiles; ++i) {
    const size_t seed = static_cast<size_t>(i) % originals.size();
    auto bytes = std::make_shared<std::string>(originals[seed]);
    const size_t changes = 1 + random.below(6);
    for (size_t n = 0; n < changes && !bytes->empty(); ++n)
      mutate_once(*bytes, originals[random.below(originals.size())], random);
    try {
      use(bytes, seed + 1 == originals.size());
      ++results;
    } catch (const Error& e) {
      EXPECT_EQ(e.exit(), 5) << e.message();
      EXPECT_NE(e.message().find("mutated"), std::string::npos) << e.message();
      EXPECT_LT(e.message().size(), 500U) << e.message();
      ++errors;
    }
  }
  getrusage(RUSAGE_SELF, &after);
  EXPECT_GT(results, kFiles / 20);
  EXPECT_GT(errors, kFiles / 4);
  EXPECT_LT((after.ru_maxrss - before.ru_maxrss) / 1024, 600) << "MiB";
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(300));
  RecordProperty("results", results);
  RecordProperty("errors", errors);
}

}  // namespace
}  // namespace vl::weights
