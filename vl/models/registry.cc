#include "vl/models/registry.h"

#include "vl/core/error.h"

namespace vl::models {

// One function a class, in vl/models/ARCH/import.cc.
// ModelClass hubert_class();   (a line each, added with the class)

const std::vector<ModelClass>& registry() {
  static const std::vector<ModelClass> classes = {};
  return classes;
}

}  // namespace vl::models
