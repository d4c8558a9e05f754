#pragma once

#include <string>

#include "vl/media/wav.h"

namespace vl::media {

/// soxr, very high quality. Length round(frames * to / from), same channels.
Pcm resample(const Pcm& pcm, int64_t rate);

/// The default sound stream of any file FFmpeg reads, decoded to float at `rate` (0: its own), one
/// channel (the average) or all. Sample 0 is time 0 of the media clock: a stream that starts later
/// gets silence in front, gaps are filled.
/// @param max_seconds longer sound is an error
/// @throws Error kNotFound, kNotDecodable, kNoAudio, kOverLimit, kTruncatedInput
Pcm read_audio(const std::string& path, int64_t rate, bool mono, double max_seconds = 4 * 3600.0);

/// Pitch-preserving tempo change by sonic, one channel: factor 1.1 is 10 % shorter. @throws
/// Error(kBadValue) outside 0.5..2
Pcm stretch(const Pcm& pcm, double factor);

}  // namespace vl::media
