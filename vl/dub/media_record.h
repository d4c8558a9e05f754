#pragma once

#include "vl/dub/record.h"
#include "vl/media/audio_writer.h"
#include "vl/media/probe.h"

namespace vl::dub {

/// What a file holds, with its hash and size. frames: pictures, counted while decoding; 0: as the
/// container says.
MediaRecord media_record(const media::MediaInfo& info, int64_t frames = 0);

/// What a mono sound that was just written holds: the file, or, for standard output ("-") and raw
/// samples, what went there.
MediaRecord sound_record(const std::string& path, media::AudioKind kind, int64_t rate,
                         int64_t frames);

}  // namespace vl::dub
