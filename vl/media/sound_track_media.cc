#include <algorithm>
#include <cmath>
#include <cstring>

#include "vl/core/error.h"
#include "vl/media/muxer.h"

namespace vl::media {

namespace {

constexpr int64_t kBitsPerChannel = 96000, kMostBitsPerChannel = 256000;
constexpr float kLoudest = 16.0F;
constexpr int64_t kUnframed = 1024;  // frames a packet of codecs that take any number

bool fills(AVSampleFormat format) {
  const AVSampleFormat packed = av_get_packed_sample_fmt(format);
  return packed == AV_SAMPLE_FMT_S16 || packed == AV_SAMPLE_FMT_S32 || packed == AV_SAMPLE_FMT_FLT;
}

template <class T>
T to_integer(float value) {
  const double scale = std::ldexp(1.0, 8 * sizeof(T) - 1);
  return static_cast<T>(std::clamp(std::nearbyint(value * scale), -scale, scale - 1));
}

/// Layouts with a centre speak from there; without one, left and right carry the same.
std::vector<bool> speaking_channels(const AVChannelLayout& layout) {
  const int centre = av_channel_layout_index_from_channel(&layout, AV_CHAN_FRONT_CENTER);
  const int left = av_channel_layout_index_from_channel(&layout, AV_CHAN_FRONT_LEFT);
  std::vector<bool> speaks;
  for (int c = 0; c < layout.nb_channels; ++c) {
    const AVChannel channel =
        av_channel_layout_channel_from_index(&layout, static_cast<unsigned>(c));
    speaks.push_back(layout.nb_channels == 1 ||
                     (centre >= 0 ? c == centre
                                  : left < 0 || channel == AV_CHAN_FRONT_LEFT ||
                                        channel == AV_CHAN_FRONT_RIGHT));
  }
  return speaks;
}

}  // namespace

int64_t supported_rate(const AVCodec& codec, int64_t rate) {
  if (codec.supported_samplerates == nullptr) return rate;
  int64_t higher = 0, highest = 0;
  for (const int* r = codec.supported_samplerates; *r != 0; ++r) {
    highest = std::max<int64_t>(highest, *r);
    if (*r >= rate && (higher == 0 || *r < higher)) higher = *r;
  }
  return higher != 0 ? higher : highest;
}

const AVCodec& sound_encoder(const AVOutputFormat& format, const std::string& family) {
  static const std::map<std::string, std::string> kEncoders = {
      {"aac", "aac"},   {"opus", "libopus"}, {"vorbis", "libvorbis"}, {"mp3", "libmp3lame"},
      {"flac", "flac"}, {"alac", "alac"},    {"ac3", "ac3"}};
  const auto it = kEncoders.find(family);
  const bool pcm = family.rfind("pcm_", 0) == 0;
  const AVCodec* codec =
      it == kEncoders.end() && !pcm
          ? nullptr
          : avcodec_find_encoder_by_name(pcm ? family.c_str() : it->second.c_str());
  if (codec != nullptr && codec->sample_fmts != nullptr && fills(codec->sample_fmts[0]) &&
      avformat_query_codec(&format, codec->id, FF_COMPLIANCE_NORMAL) == 1)
    return *codec;
  const bool webm = std::strcmp(format.name, "webm") == 0;
  codec = webm ? avcodec_find_encoder_by_name("libopus") : avcodec_find_encoder(AV_CODEC_ID_AAC);
  if (codec == nullptr)
    fail(Code::kUnsupportedKind, "FFmpeg of this machine has no {} encoder", webm ? "Opus" : "AAC");
  return *codec;
}

int64_t sound_bit_rate(int64_t source, int64_t channels) {
  return std::clamp(source, kBitsPerChannel * channels, kMostBitsPerChannel * channels);
}

SoundTrack::SoundTrack(Muxer& muxer, const AVCodec& codec, const AudioInfo& like, int64_t bit_rate)
    : muxer_(muxer), encoder_(avcodec_alloc_context3(&codec)) {
  open(codec, like, bit_rate);
  // Matroska cannot say that an encoder's first samples are padding, except for Opus; they would
  // delay everything.
  drop_padding_ = muxer.matroska() && codec.id != AV_CODEC_ID_OPUS;
  speaks_ = speaking_channels(encoder_->ch_layout);
  stream_ = avformat_new_stream(&muxer.context(), nullptr);
  avcodec_parameters_from_context(stream_->codecpar, encoder_.get());
  stream_->time_base = encoder_->time_base;
}

void SoundTrack::open(const AVCodec& codec, const AudioInfo& like, int64_t bit_rate) {
  AVCodecContext& c = *encoder_;
  c.sample_rate = static_cast<int>(supported_rate(codec, like.rate));
  c.sample_fmt = codec.sample_fmts[0];
  // Opus has one order of loudspeakers for each number of them.
  const bool fixed = codec.id == AV_CODEC_ID_OPUS;
  if (fixed || like.layout.empty() ||
      av_channel_layout_from_string(&c.ch_layout, like.layout.c_str()) < 0 ||
      c.ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
    av_channel_layout_uninit(&c.ch_layout);
    av_channel_layout_default(&c.ch_layout, static_cast<int>(std::max<int64_t>(1, like.channels)));
  }
  c.bit_rate = bit_rate;
  c.time_base = {1, c.sample_rate};
  if ((muxer_.context().oformat->flags & AVFMT_GLOBALHEADER) != 0)
    c.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  const int opened = avcodec_open2(encoder_.get(), &codec, nullptr);
  if (opened < 0)
    fail(Code::kUnsupportedKind, "encoder {} does not take {} Hz, {} channels: {}", codec.name,
         like.rate, like.channels, av_text(opened));
}

void SoundTrack::write(const float* samples, int64_t frames, int64_t channels) {
  const int64_t n = this->channels();
  frames_ += frames;
  // Encoders refuse sound that is far beyond full scale.
  const auto sane = [](float v) { return std::clamp(v, -kLoudest, kLoudest); };
  if (channels == n) {
    for (int64_t i = 0; i < frames * n; ++i) pending_.push_back(sane(samples[i]));
  } else {
    for (int64_t i = 0; i < frames; ++i)
      for (const bool speaks : speaks_) pending_.push_back(speaks ? sane(samples[i]) : 0.0F);
  }
  const int64_t size = encoder_->frame_size > 0 ? encoder_->frame_size : kUnframed;
  const auto whole = static_cast<int64_t>(pending_.size()) / (size * n);
  for (int64_t k = 0; k < whole; ++k) encode(pending_.data() + k * size * n, size);
  pending_.erase(pending_.begin(), pending_.begin() + whole * size * n);
}

void SoundTrack::finish() {
  if (!pending_.empty())
    encode(pending_.data(), static_cast<int64_t>(pending_.size()) / channels());
  pending_.clear();
  send(nullptr);
}

/// Encodes interleaved samples as one frame.
void SoundTrack::encode(const float* samples, int64_t count) {
  const FramePtr frame(av_frame_alloc());
  frame->nb_samples = static_cast<int>(count);
  frame->format = encoder_->sample_fmt;
  frame->sample_rate = encoder_->sample_rate;
  av_channel_layout_copy(&frame->ch_layout, &encoder_->ch_layout);
  frame->pts = sent_;
  sent_ += count;
  if (av_frame_get_buffer(frame.get(), 0) < 0)
    fail(Code::kHostMemory, "no memory for a sound frame");
  const bool planar = av_sample_fmt_is_planar(encoder_->sample_fmt) != 0;
  const AVSampleFormat packed = av_get_packed_sample_fmt(encoder_->sample_fmt);
  const int64_t n = channels();
  for (int64_t k = 0; k < count * n; ++k) {
    uint8_t* plane = planar ? frame->extended_data[k % n] : frame->extended_data[0];
    const int64_t at = planar ? k / n : k;
    if (packed == AV_SAMPLE_FMT_S16)
      reinterpret_cast<int16_t*>(plane)[at] = to_integer<int16_t>(samples[k]);
    else if (packed == AV_SAMPLE_FMT_S32)
      reinterpret_cast<int32_t*>(plane)[at] = to_integer<int32_t>(samples[k]);
    else
      reinterpret_cast<float*>(plane)[at] = samples[k];
  }
  send(frame.get());
}

/// Hands a frame (or the end) to the encoder and its finished packets to the container.
void SoundTrack::send(const AVFrame* frame) {
  muxer_.check(avcodec_send_frame(encoder_.get(), frame), "encode");
  while (true) {
    const int got = avcodec_receive_packet(encoder_.get(), packet_.get());
    if (got == AVERROR(EAGAIN) || got == AVERROR_EOF) return;
    muxer_.check(got, "encode");
    if (drop_padding_ && packet_->pts < 0)
      av_packet_unref(packet_.get());
    else
      muxer_.write(*packet_, *stream_, encoder_->time_base);
  }
}

}  // namespace vl::media
