#include "vl/models/registry.h"

#include "vl/core/error.h"
#include "vl/models/fastpitch/import.h"
#include "vl/models/hifigan/import.h"

namespace vl::models {

// One function a class, in vl/models/ARCH/import.cc.
const std::vector<ModelClass>& registry() {
  static const std::vector<ModelClass> classes = {
      fastpitch::fastpitch_class(),
      hifigan::hifigan_class(),
  };
  return classes;
}

}  // namespace vl::models
