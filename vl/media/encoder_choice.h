#pragma once

// Internal to the *_media.cc files: which encoders come into question, and how they are set.

#include <string>
#include <vector>

#include "vl/media/av_handles.h"
#include "vl/media/segment_encoder.h"

namespace vl::media {

constexpr double kKeySeconds = 2.0;

/// Encoders to be tried in turn. @throws as choose_encoder()
std::vector<const AVCodec*> candidates(const AVOutputFormat& container,
                                       const std::string& source_codec,
                                       const EncoderOptions& options);
/// How this encoder would take these pictures. @throws Error(kUnsupportedKind, kBadValue) for a
/// pixel format that is asked for by name
EncoderChoice choice_of(const AVCodec& codec, const VideoInfo& pictures,
                        const std::string& source_codec, const EncoderOptions& options);
/// Quality, speed and key frames in the words of the encoder; sets fields of the context too.
AVDictionary* private_options(AVCodecContext& context, const AVCodec& codec,
                              const EncoderOptions& options);
/// Why nvenc does not open, as an error. @param result of avcodec_open2
[[noreturn]] void refuse_nvenc(const AVCodec& codec, int result);

}  // namespace vl::media
