#include "vl/media/stream_copy.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "vl/core/error.h"

namespace vl::media {

void copy_stream_properties(const AVStream& from, AVStream& to) {
  to.disposition = from.disposition;
  to.sample_aspect_ratio = from.sample_aspect_ratio;
  to.avg_frame_rate = from.avg_frame_rate;
  to.r_frame_rate = from.r_frame_rate;
  av_dict_copy(&to.metadata, from.metadata, 0);
}

void drop_statistics(AVStream& stream) {
  std::vector<std::string> keys;
  const AVDictionaryEntry* entry = nullptr;
  while ((entry = av_dict_get(stream.metadata, "", entry, AV_DICT_IGNORE_SUFFIX)) != nullptr)
    for (const char* prefix : {"BPS", "DURATION", "NUMBER_OF_", "_STATISTICS_", "encoder"})
      if (std::strncmp(entry->key, prefix, std::strlen(prefix)) == 0) keys.emplace_back(entry->key);
  for (const std::string& key : keys) av_dict_set(&stream.metadata, key.c_str(), nullptr, 0);
}

void copy_chapters(const AVFormatContext& input, double start, Muxer& muxer) {
  AVFormatContext& output = muxer.context();
  if (input.nb_chapters == 0) return;
  output.chapters = static_cast<AVChapter**>(av_calloc(input.nb_chapters, sizeof(void*)));
  if (output.chapters == nullptr) fail(Code::kHostMemory, "no memory for chapters");
  for (unsigned i = 0; i < input.nb_chapters; ++i) {
    const AVChapter& from = *input.chapters[i];
    auto* to = static_cast<AVChapter*>(av_mallocz(sizeof(AVChapter)));
    if (to == nullptr) fail(Code::kHostMemory, "no memory for chapters");
    output.chapters[output.nb_chapters++] = to;
    const int64_t shift = std::llround(start / av_q2d(from.time_base));
    to->id = from.id;
    to->time_base = from.time_base;
    to->start = std::max<int64_t>(0, from.start - shift);
    to->end = std::max<int64_t>(0, from.end - shift);
    av_dict_copy(&to->metadata, from.metadata, 0);
  }
}

bool holds(const AVOutputFormat& container, const AVCodecParameters& stream) {
  // FFmpeg does not answer for attachments: Matroska takes them, WebM does not.
  if (stream.codec_type == AVMEDIA_TYPE_ATTACHMENT)
    return std::strcmp(container.name, "matroska") == 0;
  return stream.codec_id != AV_CODEC_ID_NONE &&
         avformat_query_codec(&container, stream.codec_id, FF_COMPLIANCE_NORMAL) != 0;
}

StreamCopy::StreamCopy(AVFormatContext& input, double start, Muxer& muxer,
                       const CopyOptions& options)
    : input_(input), start_(start), muxer_(muxer), options_(options), copied_(input.nb_streams) {
  input.flags |= AVFMT_FLAG_GENPTS;  // AVI and raw streams may leave them out
}

AVStream* StreamCopy::add(unsigned index, std::vector<DroppedStream>* dropped) {
  const AVStream& from = *input_.streams[index];
  if (from.discard == AVDISCARD_ALL) return nullptr;
  if (from.codecpar->codec_tag == MKTAG('t', 'm', 'c', 'd') && muxer_.edit_lists()) return nullptr;
  const AVOutputFormat& format = *muxer_.context().oformat;
  const AVCodecParameters& parameters = *from.codecpar;
  if (!holds(format, parameters)) {
    const char* kind = av_get_media_type_string(parameters.codec_type);
    if (dropped != nullptr)
      dropped->push_back({static_cast<int>(index), kind != nullptr ? kind : "data",
                          avcodec_get_name(parameters.codec_id)});
    return nullptr;
  }
  AVStream& to = *avformat_new_stream(&muxer_.context(), nullptr);
  avcodec_parameters_copy(to.codecpar, &parameters);
  // A tag of another container would be refused; the muxer then finds its own.
  if (format.codec_tag != nullptr &&
      av_codec_get_id(format.codec_tag, parameters.codec_tag) != parameters.codec_id)
    to.codecpar->codec_tag = 0;
  copy_stream_properties(from, to);
  to.time_base = from.time_base;
  for (int i = 0; i < from.nb_side_data; ++i) {
    const AVPacketSideData& data = from.side_data[i];
    uint8_t* copy = av_stream_new_side_data(&to, data.type, data.size);
    if (copy == nullptr) fail(Code::kHostMemory, "no memory for the tables of a stream");
    std::memcpy(copy, data.data, data.size);
  }
  copied_[index].to = &to;
  ++streams_;
  return &to;
}

double StreamCopy::read() {
  while (av_read_frame(&input_, packet_.get()) >= 0) {
    Stream& stream = copied_[static_cast<size_t>(packet_->stream_index)];
    if (stream.to != nullptr && place(stream)) return time_;
    av_packet_unref(packet_.get());
  }
  return time_ = kNever;
}

/// Puts the packet on the media clock. False when it is left out.
bool StreamCopy::place(Stream& stream) {
  AVPacket& packet = *packet_;
  const AVMediaType type = stream.to->codecpar->codec_type;
  const AVRational base = input_.streams[packet.stream_index]->time_base;
  const int64_t shift = std::llround(start_ / av_q2d(base));
  if (packet.pts != AV_NOPTS_VALUE) packet.pts -= shift;
  if (packet.dts != AV_NOPTS_VALUE) packet.dts -= shift;
  if (type == AVMEDIA_TYPE_AUDIO && packet.pts != AV_NOPTS_VALUE) {
    if (static_cast<double>(packet.pts) * av_q2d(base) >= options_.end_s) return false;
    // Matroska hides an encoder's padding for Opus alone; elsewhere it would delay all sound.
    const bool before = packet.pts + packet.duration / 2 <= 0;
    if (options_.trim_padding && before && muxer_.matroska() &&
        stream.to->codecpar->codec_id != AV_CODEC_ID_OPUS)
      return false;
  }
  if (packet.dts != AV_NOPTS_VALUE && type != AVMEDIA_TYPE_SUBTITLE) {
    // Containers ask for times that grow; a damaged source may repeat one.
    if (stream.last_dts != AV_NOPTS_VALUE && packet.dts <= stream.last_dts)
      packet.dts = stream.last_dts + 1;
    stream.last_dts = packet.dts;
    if (packet.pts != AV_NOPTS_VALUE) packet.pts = std::max(packet.pts, packet.dts);
  }
  const int64_t time = packet.dts != AV_NOPTS_VALUE ? packet.dts : packet.pts;
  if (time != AV_NOPTS_VALUE) time_ = static_cast<double>(time) * av_q2d(base);
  packet.pos = -1;
  return true;
}

void StreamCopy::write() {
  const int index = packet_->stream_index;
  const int64_t time = packet_->pts != AV_NOPTS_VALUE ? packet_->pts : packet_->dts;
  if (time != AV_NOPTS_VALUE)
    end_ = std::max(end_, static_cast<double>(time + packet_->duration) *
                              av_q2d(input_.streams[index]->time_base));
  ++copied_[static_cast<size_t>(index)].packets;
  muxer_.write(*packet_, *copied_[static_cast<size_t>(index)].to, input_.streams[index]->time_base);
  av_packet_unref(packet_.get());
}

SoundFeed::SoundFeed(Muxer& muxer, const AudioInfo& track, const Next& next, int64_t rate,
                     int64_t channels)
    : track_(muxer, sound_encoder(*muxer.context().oformat, track.codec), track,
             sound_bit_rate(track.bit_rate, track.channels)),
      next_(next),
      resampler_(rate, track_.rate(), channels),
      channels_(channels) {
  if (channels != 1 && channels != track_.channels())
    fail(Code::kBadValue, "sound of {} channels for a track of {}", channels, track_.channels());
}

std::string SoundFeed::codec() const {
  return avcodec_get_name(track_.stream().codecpar->codec_id);
}

std::string SoundFeed::layout() const {
  char text[128] = {};
  return av_channel_layout_describe(&track_.stream().codecpar->ch_layout, text, sizeof(text)) > 0
             ? text
             : "";
}

void SoundFeed::write_until(double seconds) {
  while (!ended_ &&
         static_cast<double>(track_.frames()) < seconds * static_cast<double>(track_.rate())) {
    block_.samples.clear();
    ended_ = !next_(block_);
    const std::vector<float> at_rate =
        ended_ ? resampler_.finish()
               : resampler_.push(block_.samples.data(),
                                 static_cast<int64_t>(block_.samples.size()) / channels_);
    track_.write(at_rate.data(), static_cast<int64_t>(at_rate.size()) / channels_, channels_);
  }
}

void SoundFeed::finish() {
  write_until(kNever);
  track_.finish();
}

}  // namespace vl::media
