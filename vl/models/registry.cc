#include "vl/models/registry.h"

#include "vl/models/encodec/encodec.h"
#include "vl/models/fastpitch/import.h"
#include "vl/models/hifigan/import.h"
#include "vl/models/hubert/hubert.h"
#include "vl/models/lse/lse.h"
#include "vl/models/rmvpe/rmvpe.h"
#include "vl/models/rvc/feature_index.h"
#include "vl/models/rvc/rvc.h"
#include "vl/models/s3fd/s3fd.h"
#include "vl/models/syncnet/syncnet.h"
#include "vl/models/vallex/vallex.h"
#include "vl/models/vocos/vocos.h"
#include "vl/models/wav2lip/wav2lip.h"
#include "vl/models/yunet/yunet.h"

namespace vl::models {

const std::vector<ModelClass>& registry() {
  static const std::vector<ModelClass> classes = {
      hubert::hubert_class(),   rmvpe::rmvpe_class(),
      rvc::rvc_class(),         rvc::feature_index_class(),
      vallex::vallex_class(),   encodec::encodec_class(),
      vocos::vocos_class(),     fastpitch::fastpitch_class(),
      hifigan::hifigan_class(), yunet::yunet_class(),
      s3fd::s3fd_class(),       wav2lip::wav2lip_class(),
      syncnet::syncnet_class(), lse::lse_class(),
  };
  return classes;
}

}  // namespace vl::models
