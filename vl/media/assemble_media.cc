#include "vl/media/assemble.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "vl/core/error.h"
#include "vl/media/picture_feed.h"
#include "vl/media/stream_copy.h"

namespace vl::media {

namespace {

constexpr double kMissingShare = 0.02, kMissingEnd = 0.5;

/// The file whose other streams, chapters and tags are kept.
struct Source {
  InputContext input;
  MediaInfo info;
  double start = 0.0;  ///< time 0 of the media clock on its own
};

std::optional<Source> open_source(const std::string& path) {
  if (path.empty()) return std::nullopt;
  Source s{open_input(path), {}, 0.0};
  s.info = describe_input(*s.input, path, SoundLength::kLimited);
  if (is_still(s.info)) return std::nullopt;
  s.start = clock_start(*s.input);
  return s;
}

void add_side_data(AVStream& stream, AVPacketSideDataType type, const std::string& bytes) {
  if (bytes.empty()) return;
  uint8_t* to = av_stream_new_side_data(&stream, type, bytes.size());
  if (to == nullptr) fail(Code::kHostMemory, "no memory for the tables of a stream");
  std::copy(bytes.begin(), bytes.end(), to);
}

/// One run of assemble().
class Assembler {
 public:
  explicit Assembler(const Assembly& assembly);
  AssemblyResult run();

 private:
  const AVStream* default_sound() const;
  void add_streams();
  void add_pictures();
  void add_sound();
  void add_copied(const CopiedSound& sound);
  void add_encoded(const EncodedSound& sound);
  void like_default_sound(AVStream& stream) const;
  void write_next();
  void check_end() const;
  double picture_time() const { return pictures_ ? pictures_->time() : kNever; }

  const Assembly& assembly_;
  std::optional<PictureFeed> pictures_;  ///< of segments
  std::optional<Source> source_;
  Muxer muxer_;
  AVStream* picture_stream_ = nullptr;
  std::optional<StreamCopy> others_;
  InputContext sound_input_;
  std::optional<StreamCopy> copied_sound_;
  std::optional<SoundFeed> encoded_sound_;
  AssemblyResult result_;
};

Assembler::Assembler(const Assembly& a)
    : assembly_(a),
      source_(open_source(a.source)),
      muxer_(a.out, container_of(a.out), a.overwrite) {
  if (!a.segments.empty())
    pictures_.emplace(a.segments, a.pictures);
  else if (!source_ || !source_->info.video)
    throw Error(Code::kNoVideo, a.source + " has no video stream", Where{.file = a.source});
  if (source_) others_.emplace(*source_->input, source_->start, muxer_);
  add_streams();
  if (source_) {
    copy_chapters(*source_->input, source_->start, muxer_);
    muxer_.copy_tags(*source_->input);
  }
  for (const auto& [key, value] : a.tags)
    av_dict_set(&muxer_.context().metadata, key.c_str(), value.c_str(), 0);
  muxer_.start();
}

/// The stream that new sound takes the place of.
const AVStream* Assembler::default_sound() const {
  if (!source_ || !source_->info.audio || std::holds_alternative<std::monostate>(assembly_.sound))
    return nullptr;
  return source_->input->streams[source_->info.audio->stream];
}

/// In the order of the source; what has no place there comes after.
void Assembler::add_streams() {
  const AVStream* replaced = default_sound();
  for (unsigned i = 0; source_ && i < source_->input->nb_streams; ++i) {
    AVStream& from = *source_->input->streams[i];
    if (source_->info.video && static_cast<int>(i) == source_->info.video->stream) {
      add_pictures();
      if (!pictures_) continue;
    } else if (&from == replaced) {
      add_sound();
    } else if (assembly_.copy_streams && others_->add(i, &result_.dropped) != nullptr) {
      continue;
    }
    from.discard = AVDISCARD_ALL;
  }
  if (picture_stream_ == nullptr) add_pictures();
  if (replaced == nullptr) add_sound();
}

void Assembler::add_pictures() {
  const AVCodecParameters& parameters =
      pictures_ ? *pictures_->stream().parameters
                : *source_->input->streams[source_->info.video->stream]->codecpar;
  const VideoInfo& v = assembly_.pictures;
  result_.video_codec = avcodec_get_name(parameters.codec_id);
  if (!holds(*muxer_.context().oformat, parameters))
    throw Error(Code::kUnsupportedKind,
                fmt::format("a {} file does not take {} pictures", muxer_.context().oformat->name,
                            result_.video_codec),
                Where{.file = assembly_.out}, {"name the output .mkv"});
  if (!pictures_) {
    picture_stream_ = others_->add(static_cast<unsigned>(source_->info.video->stream), nullptr);
    return;
  }
  AVStream& to = *avformat_new_stream(&muxer_.context(), nullptr);
  picture_stream_ = &to;
  avcodec_parameters_copy(to.codecpar, &parameters);
  to.codecpar->video_delay = static_cast<int>(pictures_->reorder());
  if (parameters.codec_id == AV_CODEC_ID_HEVC && muxer_.edit_lists())
    to.codecpar->codec_tag = MKTAG('h', 'v', 'c', '1');
  if (source_ && source_->info.video) {
    const AVStream& from = *source_->input->streams[source_->info.video->stream];
    to.disposition = from.disposition;
    av_dict_copy(&to.metadata, from.metadata, 0);
    drop_statistics(to);
  }
  to.time_base = pictures_->stream().time_base;
  to.avg_frame_rate = {v.fps.num, v.fps.den};
  const bool turned = v.rotation != 0 && muxer_.matroska();  // the encoder has done it
  if (!turned) to.codecpar->sample_aspect_ratio = {v.sar.num, v.sar.den};
  to.sample_aspect_ratio = to.codecpar->sample_aspect_ratio;
  if (v.rotation != 0 && !turned) {
    auto* matrix = reinterpret_cast<int32_t*>(
        av_stream_new_side_data(&to, AV_PKT_DATA_DISPLAYMATRIX, 9 * sizeof(int32_t)));
    if (matrix == nullptr) fail(Code::kHostMemory, "no memory for the tables of a stream");
    av_display_rotation_set(matrix, v.rotation);
  }
  add_side_data(to, AV_PKT_DATA_MASTERING_DISPLAY_METADATA, pictures_->stream().mastering);
  add_side_data(to, AV_PKT_DATA_CONTENT_LIGHT_LEVEL, pictures_->stream().light);
}

void Assembler::add_sound() {
  if (const auto* copied = std::get_if<CopiedSound>(&assembly_.sound)) add_copied(*copied);
  if (const auto* encoded = std::get_if<EncodedSound>(&assembly_.sound)) add_encoded(*encoded);
}

void Assembler::add_copied(const CopiedSound& sound) {
  sound_input_ = open_input(sound.file);
  AVFormatContext& input = *sound_input_;
  const MediaInfo info = describe_input(input, sound.file, SoundLength::kAny);
  if (!info.audio)
    throw Error(Code::kNoAudio, sound.file + " has no audio stream", Where{.file = sound.file});
  const auto wanted = static_cast<unsigned>(info.audio->stream);
  for (unsigned i = 0; i < input.nb_streams; ++i)
    if (i != wanted) input.streams[i]->discard = AVDISCARD_ALL;
  copied_sound_.emplace(input, sound_start(input, *input.streams[wanted]), muxer_,
                        CopyOptions{sound.end_s, true});
  AVStream* to = copied_sound_->add(wanted, nullptr);
  if (to == nullptr)
    throw Error(Code::kUnsupportedKind,
                fmt::format("a {} file does not take {} sound", muxer_.context().oformat->name,
                            info.audio->codec),
                Where{.file = sound.file}, {"name the output .mkv"});
  like_default_sound(*to);
  result_.sound_codec = info.audio->codec;
  result_.sound_layout = info.audio->layout;
  result_.sound_rate = info.audio->rate;
}

void Assembler::add_encoded(const EncodedSound& sound) {
  AudioInfo track = sound.track;
  if (track.rate <= 0) track.rate = sound.rate;
  if (track.channels <= 0) track.channels = sound.channels;
  encoded_sound_.emplace(muxer_, track, sound.next, sound.rate, sound.channels);
  like_default_sound(encoded_sound_->track().stream());
  result_.sound_codec = encoded_sound_->codec();
  result_.sound_layout = encoded_sound_->layout();
  result_.sound_rate = encoded_sound_->track().rate();
}

/// Language, title and disposition of the stream that is replaced, not of the file that sound comes
/// from.
void Assembler::like_default_sound(AVStream& to) const {
  av_dict_free(&to.metadata);
  to.disposition = AV_DISPOSITION_DEFAULT;
  if (const AVStream* from = default_sound()) {
    to.disposition = from->disposition;
    av_dict_copy(&to.metadata, from->metadata, 0);
    drop_statistics(to);
  }
}

/// Writes the packet that is first in time.
void Assembler::write_next() {
  const double copied = copied_sound_ ? copied_sound_->time() : kNever;
  const double other = others_ ? others_->time() : kNever;
  const double first = std::min({picture_time(), copied, other});
  if (encoded_sound_) encoded_sound_->write_until(first + kSoundAhead);
  if (picture_time() == first) {
    muxer_.write(pictures_->packet(), *picture_stream_, pictures_->stream().time_base);
    pictures_->read();
  } else if (copied == first) {
    copied_sound_->write();
    copied_sound_->read();
  } else {
    others_->write();
    others_->read();
  }
}

/// Copied pictures are not decoded: whether the file was cut off shows in its tables alone.
void Assembler::check_end() const {
  if (pictures_) return;
  const MediaInfo& info = source_->info;
  const int64_t copied = others_->packets(static_cast<unsigned>(info.video->stream));
  const bool fewer =
      static_cast<double>(copied) < (1 - kMissingShare) * static_cast<double>(info.video->frames);
  const bool shorter =
      info.video->frames == 0 && info.whole_length &&
      info.seconds - others_->end() > std::max(kMissingEnd, kMissingShare * info.seconds);
  if (!fewer && !shorter) return;
  const int64_t all =
      fewer ? info.video->frames : std::llround(info.seconds * info.video->fps.value());
  throw Error(Code::kTruncatedInput,
              fmt::format("{} ends early: {} of {} frames are there", info.path, copied, all),
              Where{.file = info.path, .stream = info.video->stream, .frame = copied},
              {"copy or load the file again"});
}

AssemblyResult Assembler::run() {
  if (others_ && others_->empty()) others_.reset();
  if (pictures_) pictures_->read();
  if (others_) others_->read();
  if (copied_sound_) copied_sound_->read();
  while (std::min({picture_time(), others_ ? others_->time() : kNever,
                   copied_sound_ ? copied_sound_->time() : kNever}) < kNever)
    write_next();
  if (encoded_sound_) {
    encoded_sound_->finish();
    result_.sound_frames = encoded_sound_->track().frames();
  }
  check_end();
  result_.pictures = pictures_
                         ? pictures_->count()
                         : others_->packets(static_cast<unsigned>(source_->info.video->stream));
  muxer_.close();
  return std::move(result_);
}

}  // namespace

void check_container(const std::string& path) { container_of(path); }

namespace {

bool takes(const std::string& out_name, const std::string& codec, AVMediaType type) {
  const AVOutputFormat* container = av_guess_format(container_of(out_name), nullptr, nullptr);
  const AVCodecDescriptor* d = avcodec_descriptor_get_by_name(codec.c_str());
  return d != nullptr && d->type == type &&
         avformat_query_codec(container, d->id, FF_COMPLIANCE_NORMAL) == 1;
}

}  // namespace

bool takes_sound(const std::string& out_name, const std::string& codec) {
  return takes(out_name, codec, AVMEDIA_TYPE_AUDIO);
}

bool takes_pictures(const std::string& out_name, const std::string& codec) {
  return takes(out_name, codec, AVMEDIA_TYPE_VIDEO);
}

AssemblyResult assemble(const Assembly& assembly) { return Assembler(assembly).run(); }

}  // namespace vl::media
