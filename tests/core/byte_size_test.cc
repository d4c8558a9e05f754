#include "vl/core/byte_size.h"

#include <gtest/gtest.h>

#include "vl/core/error.h"

namespace vl {
namespace {

TEST(ByteSize, NumbersAndUnits) {
  const struct {
    const char* text;
    uint64_t bytes;
  } rows[] = {{"0", 0},
              {"1048576", 1048576},
              {"3KiB", 3072},
              {"512MiB", 536870912},
              {"20GiB", 21474836480},
              {"20 GiB", 21474836480},
              {"1TiB", 1099511627776}};
  for (const auto& row : rows) EXPECT_EQ(parse_byte_size(row.text, "--x"), row.bytes) << row.text;
}

TEST(ByteSize, EverythingElseIsAnErrorThatNamesTheFlag) {
  for (const char* text : {"", "GiB", "-1", "1.5GiB", "20GB", "20gib", "1KiB2", "99999999TiB",
                           "99999999999999999999", " 1"}) {
    try {
      parse_byte_size(text, "--cache-max");
      ADD_FAILURE() << text;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kBadValue);
      EXPECT_NE(e.message().find("--cache-max"), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace vl
