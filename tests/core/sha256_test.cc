#include "vl/core/sha256.h"

#include <gtest/gtest.h>

#include "tests/core/support.h"
#include "tests/support/paths.h"
#include "vl/core/file.h"

namespace vl {
namespace {

struct Case {
  const char* name;
  std::string text;
  const char* digest;
};

// FIPS 180-4 examples, and lengths around the padding's edges (values of GNU coreutils).
const Case kCases[] = {
    {"empty", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"two blocks", "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"896 bits",
     "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmno"
     "pqrsmnopqrstnopqrstu",
     "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    {"a million a", std::string(1000000, 'a'),
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
    {"55", std::string(55, 'a'),
     "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
    {"56", std::string(56, 'a'),
     "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
    {"63", std::string(63, 'a'),
     "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
    {"64", std::string(64, 'a'),
     "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
};

void expect_all(Sha256Compress compress) {
  for (const Case& c : kCases) {
    EXPECT_EQ(Sha256(compress).update(c.text).hex(), c.digest) << c.name;
    for (size_t piece : {1, 7, 63, 64, 65, 1000}) {
      Sha256 hash(compress);
      for (size_t at = 0; at < c.text.size(); at += piece)
        hash.update(std::string_view(c.text).substr(at, piece));
      EXPECT_EQ(hash.hex(), c.digest) << c.name << " by " << piece;
    }
  }
}

TEST(Sha256, Generic) { expect_all(sha256_generic()); }

TEST(Sha256, Native) {
  if (sha256_native() == nullptr) GTEST_SKIP() << "this CPU has no SHA instructions";
  expect_all(sha256_native());
}

TEST(Sha256, GoesOnAfterADigest) {
  Sha256 hash;
  hash.update("a");
  EXPECT_NE(hash.hex(), kCases[1].digest);
  EXPECT_EQ(hash.update("bc").hex(), kCases[1].digest);
}

TEST(Sha256, File) {
  const test::TempDir dir;
  const std::string path = dir / "x";
  write_file_atomic(path, kCases[4].text);
  EXPECT_EQ(sha256_file(path), kCases[4].digest);
  EXPECT_EQ(test::error_of([&] { sha256_file(dir / "missing"); })->code(), Code::kNotFound);
}

}  // namespace
}  // namespace vl
