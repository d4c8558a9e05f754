#pragma once

// Internal to the *_media.cc files: one encoder of pictures.

#include <functional>
#include <map>
#include <string>

#include "vl/media/av_handles.h"
#include "vl/media/colour.h"
#include "vl/media/segment_encoder.h"

namespace vl::media {

class PictureEncoder {
 public:
  /// @throws as choose_encoder()
  PictureEncoder(const AVOutputFormat& container, const VideoInfo& pictures,
                 const std::string& source_codec, const EncoderOptions& options);

  const EncoderChoice& choice() const { return choice_; }
  const AVCodecContext& context() const { return *encoder_; }  ///< until finish()
  /// Takes a packet in context().time_base; it is empty afterwards.
  using Take = std::function<void(AVPacket& packet)>;
  /// @throws Error(kBadValue) for a picture of another size
  void write(const VideoFrame& frame, const Take& take);
  void finish(const Take& take);  ///< frees the encoder too

 private:
  int open(const AVCodec& codec);
  void open_first(const AVOutputFormat& container, const std::string& source_codec);
  FramePtr fitted(const AVFrame& frame) const;
  void place_key(AVFrame& frame);
  void send(const AVFrame* frame, const Take& take);

  VideoInfo pictures_;  ///< as they are encoded
  int turn_ = 0;        ///< degrees by which they are turned for it
  EncoderOptions options_;
  bool global_header_;
  EncoderChoice choice_;
  Colour colour_;
  CodecContext encoder_;
  PacketPtr packet_{av_packet_alloc()};
  std::map<int64_t, int64_t> durations_;  ///< pts of pictures in the encoder -> their duration
  int64_t nominal_ = 1;                   ///< duration of pictures that say none
  int64_t key_pts_ = 0;                   ///< of the last key frame that we know of
  int since_key_ = -1;                    ///< pictures since then; -1: none yet
};

}  // namespace vl::media
