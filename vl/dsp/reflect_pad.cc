#include "vl/dsp/reflect_pad.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"

namespace vl::dsp {

int64_t reflected_index(int64_t i, int64_t n) {
  if (n == 1) return 0;
  const int64_t period = 2 * (n - 1);
  const int64_t k = ((i % period) + period) % period;
  return k < n ? k : period - k;
}

at::Tensor reflect_pad(const at::Tensor& x, int64_t left, int64_t right) {
  check(x.dim() == 1, Code::kBadValue, "padding by reflection needs one channel");
  check(left >= 0 && right >= 0, Code::kBadValue, "a padding is negative");
  const int64_t n = x.size(0);
  if (left + right == 0) return x;
  check(n > 0, Code::kBadValue, "an empty signal cannot be mirrored");
  at::Tensor index = at::empty({left + n + right}, at::kLong);
  int64_t* to = index.data_ptr<int64_t>();
  for (int64_t i = -left; i < n + right; ++i) *to++ = reflected_index(i, n);
  return x.index_select(0, index.to(x.device()));
}

}  // namespace vl::dsp
