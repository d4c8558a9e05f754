#include "vl/media/replace_audio.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "vl/core/error.h"
#include "vl/media/muxer.h"
#include "vl/media/resampler.h"
#include "vl/media/video_writer.h"

namespace vl::media {

namespace {

constexpr double kSoundAhead = 0.5;  // seconds that sound is written before the packets beside it

struct Copied {
  AVStream* to = nullptr;
  int64_t last_dts = AV_NOPTS_VALUE;
};

/// One run of replace_audio().
class Replacement {
 public:
  Replacement(const std::string& source, const std::string& out,
              const std::function<bool(Pcm&)>& next, const ReplaceOptions& options);
  ReplaceResult run();

 private:
  void add_streams();
  bool add_copy(unsigned index);
  void add_sound();
  void add_chapters();
  void copy_packet(AVPacket& packet);
  void write_sound_until(double seconds);

  const std::function<bool(Pcm&)>& next_;
  const ReplaceOptions& options_;
  InputContext input_;
  MediaInfo info_;
  double start_;  ///< time 0 of the media clock, seconds on the container's own
  Muxer muxer_;
  std::optional<SoundTrack> sound_;
  std::optional<Resampler> resampler_;
  std::vector<Copied> copied_;
  Pcm block_;
  bool sound_ended_ = false;
  ReplaceResult result_;
};

MediaInfo require_streams(AVFormatContext& input, const std::string& source) {
  MediaInfo info = describe_input(input, source, SoundLength::kLimited);
  if (!info.video)
    throw Error(Code::kNoVideo, source + " has no video stream", Where{.file = source});
  if (!info.audio)
    throw Error(Code::kNoAudio, source + " has no audio stream", Where{.file = source});
  return info;
}

Replacement::Replacement(const std::string& source, const std::string& out,
                         const std::function<bool(Pcm&)>& next, const ReplaceOptions& options)
    : next_(next),
      options_(options),
      input_(open_input(source)),
      info_(require_streams(*input_, source)),
      start_(clock_start(*input_)),
      muxer_(out, container_of(out), options.overwrite) {
  input_->flags |= AVFMT_FLAG_GENPTS;  // AVI and raw streams may leave them out
  add_streams();
  add_chapters();
  muxer_.copy_tags(*input_);
  for (const auto& [key, value] : options.tags)
    av_dict_set(&muxer_.context().metadata, key.c_str(), value.c_str(), 0);
  resampler_.emplace(options.rate, sound_->rate(), 1);
  muxer_.start();
}

void Replacement::add_streams() {
  copied_.resize(input_->nb_streams);
  for (unsigned i = 0; i < input_->nb_streams; ++i) {
    AVStream& from = *input_->streams[i];
    if (static_cast<int>(i) == info_.audio->stream) {
      add_sound();
      from.discard = AVDISCARD_ALL;
      continue;
    }
    // The container's own helpers: chapter titles are hidden, time codes follow from the tags.
    if (from.discard == AVDISCARD_ALL) continue;
    if (from.codecpar->codec_tag == MKTAG('t', 'm', 'c', 'd') && muxer_.edit_lists()) continue;
    if (add_copy(i)) continue;
    from.discard = AVDISCARD_ALL;
    const char* kind = av_get_media_type_string(from.codecpar->codec_type);
    const std::string codec = avcodec_get_name(from.codecpar->codec_id);
    if (static_cast<int>(i) == info_.video->stream)
      throw Error(
          Code::kUnsupportedKind,
          fmt::format("a {} file does not take {} pictures", muxer_.context().oformat->name, codec),
          Where{.file = muxer_.path()}, {"name the output .mkv"});
    result_.dropped.push_back({static_cast<int>(i), kind != nullptr ? kind : "data", codec});
  }
}

void copy_stream_properties(const AVStream& from, AVStream& to) {
  to.disposition = from.disposition;
  to.sample_aspect_ratio = from.sample_aspect_ratio;
  to.avg_frame_rate = from.avg_frame_rate;
  to.r_frame_rate = from.r_frame_rate;
  av_dict_copy(&to.metadata, from.metadata, 0);
}

bool holds(const Muxer& muxer, const AVOutputFormat& format, const AVCodecParameters& stream) {
  // FFmpeg does not answer for attachments: Matroska takes them, WebM does not.
  if (stream.codec_type == AVMEDIA_TYPE_ATTACHMENT)
    return muxer.matroska() && std::strcmp(format.name, "webm") != 0;
  return stream.codec_id != AV_CODEC_ID_NONE &&
         avformat_query_codec(&format, stream.codec_id, FF_COMPLIANCE_NORMAL) != 0;
}

bool Replacement::add_copy(unsigned index) {
  const AVStream& from = *input_->streams[index];
  const AVOutputFormat& format = *muxer_.context().oformat;
  const AVCodecParameters& parameters = *from.codecpar;
  if (!holds(muxer_, format, parameters)) return false;
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
  return true;
}

void Replacement::add_sound() {
  const AudioInfo& a = *info_.audio;
  const AVStream& from = *input_->streams[a.stream];
  const AVCodec& codec = sound_encoder(*muxer_.context().oformat, a.codec);
  sound_.emplace(muxer_, codec, a, sound_bit_rate(a.bit_rate, a.channels));
  const AVRational none{0, 1};
  AVStream& to = sound_->stream();
  copy_stream_properties(from, to);
  to.sample_aspect_ratio = to.avg_frame_rate = to.r_frame_rate = none;
  // Statistics that Matroska tools leave describe the old sound.
  const AVDictionaryEntry* entry = nullptr;
  while ((entry = av_dict_get(from.metadata, "", entry, AV_DICT_IGNORE_SUFFIX)) != nullptr)
    for (const char* prefix : {"BPS", "DURATION", "NUMBER_OF_", "_STATISTICS_", "encoder"})
      if (std::strncmp(entry->key, prefix, std::strlen(prefix)) == 0)
        av_dict_set(&to.metadata, entry->key, nullptr, 0);
  result_.codec = avcodec_get_name(to.codecpar->codec_id);
  char layout[128] = {};
  if (av_channel_layout_describe(&to.codecpar->ch_layout, layout, sizeof(layout)) > 0)
    result_.layout = layout;
  result_.rate = sound_->rate();
}

void Replacement::add_chapters() {
  AVFormatContext& output = muxer_.context();
  if (input_->nb_chapters == 0) return;
  output.chapters = static_cast<AVChapter**>(av_calloc(input_->nb_chapters, sizeof(void*)));
  if (output.chapters == nullptr) fail(Code::kHostMemory, "no memory for chapters");
  for (unsigned i = 0; i < input_->nb_chapters; ++i) {
    const AVChapter& from = *input_->chapters[i];
    auto* to = static_cast<AVChapter*>(av_mallocz(sizeof(AVChapter)));
    if (to == nullptr) fail(Code::kHostMemory, "no memory for chapters");
    output.chapters[output.nb_chapters++] = to;
    const int64_t shift = std::llround(start_ / av_q2d(from.time_base));
    to->id = from.id;
    to->time_base = from.time_base;
    to->start = std::max<int64_t>(0, from.start - shift);
    to->end = std::max<int64_t>(0, from.end - shift);
    av_dict_copy(&to->metadata, from.metadata, 0);
  }
}

void Replacement::copy_packet(AVPacket& packet) {
  Copied& c = copied_[static_cast<size_t>(packet.stream_index)];
  const AVRational base = input_->streams[packet.stream_index]->time_base;
  const int64_t shift = std::llround(start_ / av_q2d(base));
  if (packet.pts != AV_NOPTS_VALUE) packet.pts -= shift;
  if (packet.dts != AV_NOPTS_VALUE) packet.dts -= shift;
  if (packet.dts != AV_NOPTS_VALUE && c.to->codecpar->codec_type != AVMEDIA_TYPE_SUBTITLE) {
    // Containers ask for times that grow; a damaged source may repeat one.
    if (c.last_dts != AV_NOPTS_VALUE && packet.dts <= c.last_dts) packet.dts = c.last_dts + 1;
    c.last_dts = packet.dts;
    if (packet.pts != AV_NOPTS_VALUE) packet.pts = std::max(packet.pts, packet.dts);
  }
  const int64_t time = packet.dts != AV_NOPTS_VALUE ? packet.dts : packet.pts;
  if (time != AV_NOPTS_VALUE)
    write_sound_until(static_cast<double>(time) * av_q2d(base) + kSoundAhead);
  packet.pos = -1;
  muxer_.write(packet, *c.to, base);
}

void Replacement::write_sound_until(double seconds) {
  while (!sound_ended_ &&
         static_cast<double>(sound_->frames()) < seconds * static_cast<double>(sound_->rate())) {
    block_.samples.clear();
    sound_ended_ = !next_(block_);
    const std::vector<float> at_rate =
        sound_ended_ ? resampler_->finish()
                     : resampler_->push(block_.samples.data(), block_.frames());
    sound_->write(at_rate.data(), static_cast<int64_t>(at_rate.size()), 1);
  }
}

ReplaceResult Replacement::run() {
  const PacketPtr packet(av_packet_alloc());
  while (av_read_frame(input_.get(), packet.get()) >= 0) {
    if (copied_[static_cast<size_t>(packet->stream_index)].to != nullptr) copy_packet(*packet);
    av_packet_unref(packet.get());
  }
  write_sound_until(std::numeric_limits<double>::infinity());
  sound_->finish();
  result_.frames = sound_->frames();
  muxer_.close();
  return std::move(result_);
}

}  // namespace

ReplaceResult replace_audio(const std::string& source, const std::string& out,
                            const std::function<bool(Pcm&)>& next, const ReplaceOptions& options) {
  return Replacement(source, out, next, options).run();
}

}  // namespace vl::media
