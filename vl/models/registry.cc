#include "vl/models/registry.h"

#include "vl/models/fastpitch/import.h"
#include "vl/models/hifigan/import.h"
#include "vl/models/hubert/hubert.h"
#include "vl/models/rmvpe/rmvpe.h"
#include "vl/models/rvc/rvc.h"

namespace vl::models {

const std::vector<ModelClass>& registry() {
  static const std::vector<ModelClass> classes = {
      hubert::hubert_class(),
      rmvpe::rmvpe_class(),
      rvc::rvc_class(),
      fastpitch::fastpitch_class(),
      hifigan::hifigan_class(),
  };
  return classes;
}

}  // namespace vl::models
