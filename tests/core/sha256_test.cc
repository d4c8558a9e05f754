#include "vl/core/sha256.h"

#include <gtest/gtest.h>

namespace vl {
namespace {

TEST(Sha256, FipsVectors) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, EveryIsaGivesTheSame) {
  std::string data(64 * 37, '\0');
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>(i * 31 + i / 7);
  uint32_t a[8] = {1, 2, 3, 4, 5, 6, 7, 8}, b[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  const auto* p = reinterpret_cast<const uint8_t*>(data.data());
  detail::sha256_blocks_generic(a, p, 37);
  if (!detail::sha256_x86_available()) GTEST_SKIP() << "this processor has no SHA extension";
  detail::sha256_blocks_x86(b, p, 37);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(a[i], b[i]);
}

TEST(Sha256, PiecesGiveTheSameAsTheWhole) {
  const std::string text(1000, 'x');
  for (size_t cut : {0, 1, 55, 63, 64, 65, 128, 999}) {
    Sha256 h;
    h.update(text.substr(0, cut)).update(text.substr(cut));
    EXPECT_EQ(h.hex(), sha256(text)) << cut;
  }
}

}  // namespace
}  // namespace vl
