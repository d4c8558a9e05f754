#include "vl/media/audio_reader.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>

#include <unistd.h>

#include "vl/core/error.h"
#include "vl/core/spool.h"
#include "vl/media/av_handles.h"

namespace vl::media {

namespace {

constexpr double kGap = 0.05;         // timestamps jitter by less than this
constexpr double kMostMissing = 0.1;  // seconds, besides the damaged part: padding of encoders
constexpr int64_t kMostSilence = 1 << 14, kDamagedPart = 50;

/// Seconds of sound up to the end of the stream as the file says; 0: it does not, or it holds
/// pictures, whose reader tells when they end early.
double declared_seconds(const AVFormatContext& input, const AVStream& stream, const MediaInfo& info,
                        const std::string& path) {
  if (info.container == "wav") return declared_wav_seconds(path);
  if (!info.whole_length || info.video) return 0.0;
  if (stream.duration == AV_NOPTS_VALUE) return info.seconds;
  const int64_t begin = stream.start_time == AV_NOPTS_VALUE ? 0 : stream.start_time;
  return static_cast<double>(begin + stream.duration) * av_q2d(stream.time_base) -
         sound_start(input, stream);
}

}  // namespace

struct AudioReader::State {
  std::optional<Spool> spool;  ///< of standard input; outlives its reader
  MediaInfo info;
  InputContext input;
  CodecContext decoder;
  SwrPtr swr;
  PacketPtr packet{av_packet_alloc()};
  FramePtr frame{av_frame_alloc()};
  bool pending = false;  ///< `frame` waits for silence before it to be handed out
  bool drained = false;
  double start = 0.0, declared = 0.0;  ///< seconds
  int64_t rate = 0, channels = 0;
  int64_t frames = 0, silence = 0, replaced = 0, packets = 0, damaged = 0;

  void open(const std::string& path, const std::string& name, SoundLength length);
  void open_converter();
  void feed();
  void accept();
  void take_silence(Pcm& block);
  void take_frame(Pcm& block);
  void check_end() const;
};

void AudioReader::State::open(const std::string& path, const std::string& name,
                              SoundLength length) {
  input = open_input(path, name);
  info = describe_input(*input, name, length);
  if (!info.audio) throw Error(Code::kNoAudio, name + " has no audio stream", Where{.file = name});
  for (unsigned i = 0; i < input->nb_streams; ++i)
    if (static_cast<int>(i) != info.audio->stream) input->streams[i]->discard = AVDISCARD_ALL;
  const AVStream& stream = *input->streams[info.audio->stream];
  decoder = open_decoder(stream, 1);
  start = sound_start(*input, stream);
  declared = declared_seconds(*input, stream, info, path);
}

void AudioReader::State::open_converter() {
  AVFrame& f = *frame;
  SwrContext* raw = nullptr;
  swr_alloc_set_opts2(&raw, &f.ch_layout, AV_SAMPLE_FMT_FLT, f.sample_rate, &f.ch_layout,
                      static_cast<AVSampleFormat>(f.format), f.sample_rate, 0, nullptr);
  swr.reset(raw);
  if (!swr || swr_init(swr.get()) < 0)
    throw Error(Code::kNotDecodable, "cannot decode the sound of " + info.path,
                Where{.file = info.path});
  rate = f.sample_rate;
  channels = f.ch_layout.nb_channels;
}

/// Hands the decoder one more packet, or the end of the stream.
void AudioReader::State::feed() {
  while (av_read_frame(input.get(), packet.get()) >= 0) {
    const bool ours = packet->stream_index == info.audio->stream;
    const int sent = ours ? avcodec_send_packet(decoder.get(), packet.get()) : 0;
    av_packet_unref(packet.get());
    if (!ours) continue;
    ++packets;
    if (sent < 0 && sent != AVERROR_EOF) ++damaged;
    return;
  }
  drained = true;
  avcodec_send_packet(decoder.get(), nullptr);
}

/// Looks where the decoded frame belongs.
void AudioReader::State::accept() {
  if (!swr) open_converter();
  if (frame->ch_layout.nb_channels != channels || frame->sample_rate != rate)
    throw Error(Code::kUnsupportedKind,
                info.path + " changes its sample rate or channels on the way",
                Where{.file = info.path});
  pending = frame->nb_samples > 0;
  if (frame->best_effort_timestamp == AV_NOPTS_VALUE) return;
  const AVRational& base = input->streams[info.audio->stream]->time_base;
  const double time = static_cast<double>(frame->best_effort_timestamp) * av_q2d(base) - start;
  const int64_t position = std::llround(time * static_cast<double>(rate));
  if (position - frames > static_cast<int64_t>(kGap * static_cast<double>(rate)))
    silence = position - frames;
}

void AudioReader::State::take_silence(Pcm& block) {
  const int64_t count = std::min(silence, kMostSilence);
  block.samples.assign(static_cast<size_t>(count * channels), 0.0F);
  silence -= count;
  frames += count;
}

void AudioReader::State::take_frame(Pcm& block) {
  block.samples.resize(static_cast<size_t>(frame->nb_samples * channels));
  auto* to = reinterpret_cast<uint8_t*>(block.samples.data());
  swr_convert(swr.get(), &to, frame->nb_samples, const_cast<const uint8_t**>(frame->extended_data),
              frame->nb_samples);
  for (float& x : block.samples)
    if (!std::isfinite(x)) x = 0.0F, ++block.replaced;
  replaced += block.replaced;
  frames += frame->nb_samples;
  pending = false;
}

void AudioReader::State::check_end() const {
  const auto refuse = [&](const std::string& what) {
    throw Error(Code::kTruncatedInput, info.path + what, Where{.file = info.path});
  };
  if (packets == 0) refuse(" holds no sound: 0 samples");
  if (frames == 0 || damaged * kDamagedPart > packets)
    refuse(fmt::format(" ends early: {} of {} sound packets decode", packets - damaged, packets));
  const double got = static_cast<double>(frames) / static_cast<double>(rate);
  if (declared - got > declared / kDamagedPart + kMostMissing)
    refuse(fmt::format(" ends early: {:.2f} of {:.2f} s of sound decode", got, declared));
}

AudioReader::AudioReader(std::unique_ptr<State> state) : state_(std::move(state)) {}

AudioReader::AudioReader(const std::string& path, SoundLength length)
    : state_(std::make_unique<State>()) {
  state_->open(path, path, length);
}

AudioReader AudioReader::from_stdin(const std::string& folder, const std::function<void()>& check) {
  auto state = std::make_unique<State>();
  state->spool.emplace(folder);
  state->spool->append_from(STDIN_FILENO, "standard input", check);
  state->open(state->spool->path(), "standard input", SoundLength::kAny);
  return AudioReader(std::move(state));
}

AudioReader::~AudioReader() = default;
AudioReader::AudioReader(AudioReader&&) noexcept = default;
AudioReader& AudioReader::operator=(AudioReader&&) noexcept = default;

const MediaInfo& AudioReader::info() const { return state_->info; }
int64_t AudioReader::frames() const { return state_->frames; }
int64_t AudioReader::replaced() const { return state_->replaced; }
int64_t AudioReader::packets() const { return state_->packets; }
int64_t AudioReader::damaged() const { return state_->damaged; }

bool AudioReader::read(Pcm& block) {
  State& s = *state_;
  block.samples.clear();
  block.replaced = 0;
  while (!s.pending) {
    const int got = avcodec_receive_frame(s.decoder.get(), s.frame.get());
    if (got == 0) {
      s.accept();
    } else if (s.drained) {
      s.check_end();
      return false;
    } else {
      s.feed();
    }
  }
  block.rate = s.rate;
  block.channels = s.channels;
  if (s.silence > 0)
    s.take_silence(block);
  else
    s.take_frame(block);
  return true;
}

}  // namespace vl::media
