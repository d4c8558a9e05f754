#include "vl/dsp/reflect_pad.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "vl/core/error.h"

namespace vl::dsp {
namespace {

struct Row {
  std::vector<int64_t> x;
  int64_t left, right;
  std::vector<int64_t> want;  ///< numpy.pad(x, (left, right), mode="reflect")
};

TEST(ReflectPad, NumpyRows) {
  const Row rows[] = {
      {{1, 2, 3, 4}, 2, 3, {3, 2, 1, 2, 3, 4, 3, 2, 1}},
      {{1, 2, 3, 4}, 0, 0, {1, 2, 3, 4}},
      {{1, 2, 3}, 5, 4, {2, 1, 2, 3, 2, 1, 2, 3, 2, 1, 2, 3}},
      {{1, 2}, 4, 3, {1, 2, 1, 2, 1, 2, 1, 2, 1}},
      {{7}, 3, 2, {7, 7, 7, 7, 7, 7}},
      {{}, 0, 0, {}},
  };
  for (const Row& row : rows) {
    const at::Tensor got =
        reflect_pad(at::tensor(row.x, at::kLong).to(at::kDouble), row.left, row.right);
    EXPECT_TRUE(got.equal(at::tensor(row.want, at::kLong).to(at::kDouble)))
        << row.x.size() << " samples, " << row.left << " + " << row.right << ": " << got;
  }
}

TEST(ReflectPad, RefusesWhatItCannotMirror) {
  EXPECT_THROW(reflect_pad(at::zeros({0}), 1, 0), Error);
  EXPECT_THROW(reflect_pad(at::zeros({2, 2}), 1, 0), Error);
  EXPECT_THROW(reflect_pad(at::zeros({4}), -1, 0), Error);
}

}  // namespace
}  // namespace vl::dsp
