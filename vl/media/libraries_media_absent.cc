// What needs FFmpeg, soxr or sonic, in a build without them: every call says so.

#include "vl/core/error.h"
#include "vl/media/assemble.h"
#include "vl/media/audio.h"
#include "vl/media/audio_reader.h"
#include "vl/media/audio_writer.h"
#include "vl/media/picture_writer.h"
#include "vl/media/replace_audio.h"
#include "vl/media/resampler.h"
#include "vl/media/segment_encoder.h"
#include "vl/media/video_reader.h"

namespace vl::media {

namespace {

[[noreturn]] void absent(const char* what) {
  throw Error(Code::kUnsupportedKind,
              fmt::format("this build cannot {}: it has no media libraries", what), {},
              {"build with -DVL_MEDIA=ON"});
}

}  // namespace

struct AudioReader::State {};
struct AudioWriter::State {};
struct Resampler::State {};
struct VideoReader::State {};
struct SegmentEncoder::State {};

MediaInfo probe(const std::string&, SoundLength) { absent("read media files"); }
bool is_still(const MediaInfo&) { absent("read media files"); }
void require_video_and_audio(const MediaInfo&) { absent("read media files"); }
Pcm read_audio(const std::string&, int64_t, bool, double) { absent("read sound files"); }
Pcm resample(const Pcm&, int64_t) { absent("resample"); }
Pcm stretch(const Pcm&, double) { absent("stretch speech"); }

AudioReader::AudioReader(const std::string&, SoundLength) { absent("read sound files"); }
int64_t file_rate(AudioKind, int64_t) { absent("write sound files"); }
AudioReader AudioReader::from_stdin(const std::string&, const std::function<void()>&) {
  absent("read sound files");
}
AudioReader::~AudioReader() = default;
AudioReader::AudioReader(AudioReader&&) noexcept = default;
AudioReader& AudioReader::operator=(AudioReader&&) noexcept = default;
const MediaInfo& AudioReader::info() const { absent("read sound files"); }
bool AudioReader::read(Pcm&) { absent("read sound files"); }
int64_t AudioReader::frames() const { absent("read sound files"); }
int64_t AudioReader::replaced() const { absent("read sound files"); }
int64_t AudioReader::packets() const { absent("read sound files"); }
int64_t AudioReader::damaged() const { absent("read sound files"); }

AudioKind audio_kind_of(const std::string&, const std::string&) { absent("write sound files"); }
AudioWriter::AudioWriter(const std::string&, const AudioFormat&, bool,
                         const std::map<std::string, std::string>&) {
  absent("write sound files");
}
AudioWriter::~AudioWriter() = default;
AudioWriter::AudioWriter(AudioWriter&&) noexcept = default;
AudioWriter& AudioWriter::operator=(AudioWriter&&) noexcept = default;
void AudioWriter::write(const float*, int64_t) { absent("write sound files"); }
void AudioWriter::write_int16(const int16_t*, int64_t) { absent("write sound files"); }
int64_t AudioWriter::frames() const { absent("write sound files"); }
int64_t AudioWriter::rate() const { absent("write sound files"); }
void AudioWriter::close() { absent("write sound files"); }

Resampler::Resampler(int64_t, int64_t, int64_t) { absent("resample"); }
Resampler::~Resampler() = default;
Resampler::Resampler(Resampler&&) noexcept = default;
Resampler& Resampler::operator=(Resampler&&) noexcept = default;
std::vector<float> Resampler::push(const float*, int64_t) { absent("resample"); }
std::vector<float> Resampler::finish() { absent("resample"); }

ReplaceResult replace_audio(const std::string&, const std::string&,
                            const std::function<bool(Pcm&)>&, const ReplaceOptions&) {
  absent("write videos");
}

int64_t VideoFrame::pts() const { absent("read videos"); }
int64_t VideoFrame::duration() const { absent("read videos"); }
int VideoFrame::width() const { absent("read videos"); }
int VideoFrame::height() const { absent("read videos"); }
Image VideoFrame::to_bgr() const { absent("read videos"); }
Image VideoFrame::to_bgr(const Rect&) const { absent("read videos"); }
Image VideoFrame::shrunk(int, int) const { absent("read videos"); }
Image VideoFrame::to_bgr_reference() const { absent("read videos"); }
void VideoFrame::write_bgr_region(const Rect&, const Image&, const Image*) {
  absent("read videos");
}
void write_png(const std::string&, const Image&) { absent("write pictures"); }
VideoFrame VideoFrame::with_time(int64_t, int64_t) const { absent("read videos"); }
VideoFrame VideoFrame::from_bgr(const Image&, const VideoInfo&, int64_t, int64_t, int64_t) {
  absent("read videos");
}

VideoReader::VideoReader(const std::string&, const ReadOptions&) { absent("read videos"); }
VideoReader::~VideoReader() = default;
VideoReader::VideoReader(VideoReader&&) noexcept = default;
VideoReader& VideoReader::operator=(VideoReader&&) noexcept = default;
void VideoReader::seek(int64_t, int64_t) { absent("read videos"); }
const MediaInfo& VideoReader::info() const { absent("read videos"); }
std::optional<VideoFrame> VideoReader::next() { absent("read videos"); }
int64_t VideoReader::decoded() const { absent("read videos"); }
int64_t VideoReader::damaged() const { absent("read videos"); }

ReverseReader::ReverseReader(const std::string& path, const ReadOptions& options,
                             std::vector<int64_t>)
    : reader_(path, options) {}
std::optional<VideoFrame> ReverseReader::next() { absent("read videos"); }

EncoderChoice choose_encoder(const std::string&, const VideoInfo&, const std::string&,
                             const EncoderOptions&) {
  absent("write videos");
}
SegmentEncoder::SegmentEncoder(const std::string&, const std::string&, const VideoInfo&,
                               const std::string&, const EncoderOptions&) {
  absent("write videos");
}
SegmentEncoder::~SegmentEncoder() = default;
SegmentEncoder::SegmentEncoder(SegmentEncoder&&) noexcept = default;
SegmentEncoder& SegmentEncoder::operator=(SegmentEncoder&&) noexcept = default;
const EncoderChoice& SegmentEncoder::choice() const { absent("write videos"); }
void SegmentEncoder::write(const VideoFrame&) { absent("write videos"); }
void SegmentEncoder::close() { absent("write videos"); }

bool takes_pictures(const std::string&, const std::string&) { absent("write videos"); }
bool takes_sound(const std::string&, const std::string&) { absent("write videos"); }
AssemblyResult assemble(const Assembly&) { absent("write videos"); }

void check_container(const std::string&) { absent("write videos"); }

}  // namespace vl::media
