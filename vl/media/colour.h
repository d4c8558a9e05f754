#pragma once

// Internal to the *_media.cc files: the colour words of a VideoInfo as FFmpeg's numbers.

#include "vl/media/av_handles.h"

namespace vl::media {

struct Colour {
  AVColorRange range = AVCOL_RANGE_UNSPECIFIED;
  AVColorPrimaries primaries = AVCOL_PRI_UNSPECIFIED;
  AVColorTransferCharacteristic transfer = AVCOL_TRC_UNSPECIFIED;
  AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;
  AVChromaLocation location = AVCHROMA_LOC_UNSPECIFIED;
};

/// What pictures of `video` are when they are stored in `format`: as it says, but pictures of R G B
/// become BT.709 from 720 rows on, else BT.601, of range tv, where the format is no R G B.
Colour colour_of(const VideoInfo& video, AVPixelFormat format);

}  // namespace vl::media
