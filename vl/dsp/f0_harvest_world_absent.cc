#include <ATen/core/Tensor.h>

#include "vl/core/error.h"
#include "vl/dsp/f0_harvest.h"

namespace vl::dsp {

bool have_harvest() { return false; }

at::Tensor harvest_f0(const at::Tensor&, int64_t) {
  throw Error(Code::kUnsupportedKind, "this build has no Harvest: WORLD was left out", {},
              {"choose another --f0-method",
               "build with -DVL_MEDIA=ON after 'make setup', which fetches WORLD"});
}

}  // namespace vl::dsp
