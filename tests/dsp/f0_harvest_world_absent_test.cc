#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "vl/core/error.h"
#include "vl/dsp/f0_harvest.h"

namespace vl::dsp {
namespace {

TEST(HarvestAbsent, NamesTheBuildOption) {
  EXPECT_FALSE(have_harvest());
  try {
    harvest_f0(at::zeros({1600}), 3);
    FAIL() << "no error";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kUnsupportedKind);
    ASSERT_EQ(e.hints().size(), 2u);
    EXPECT_NE(e.hints()[1].find("VL_MEDIA"), std::string::npos);
  }
}

}  // namespace
}  // namespace vl::dsp
