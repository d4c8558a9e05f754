#pragma once

#include "vl/dub/record.h"
#include "vl/media/probe.h"

namespace vl::dub {

/// What a file holds, with its hash and size. frames: pictures, counted while decoding; 0: as the
/// container says.
MediaRecord media_record(const media::MediaInfo& info, int64_t frames = 0);

}  // namespace vl::dub
