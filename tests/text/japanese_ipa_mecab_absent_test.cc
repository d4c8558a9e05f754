#include <gtest/gtest.h>

#include "vl/core/error.h"
#include "vl/text/japanese_ipa.h"

namespace vl::text {
namespace {

TEST(JapaneseIpa, WithoutMecabNamesTheOption) {
  try {
    const JapaneseFrontEnd front_end;
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kUnsupportedKind);
    EXPECT_NE(e.hints().at(0).find("-DVL_MEDIA=ON"), std::string::npos);
  }
}

}  // namespace
}  // namespace vl::text
