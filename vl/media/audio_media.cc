#include "vl/media/audio.h"

#include <sonic.h>
#include <soxr.h>

#include <cmath>

#include "vl/core/error.h"
#include "vl/media/av_handles.h"
#include "vl/media/probe.h"

namespace vl::media {

namespace {

constexpr double kGap = 0.05;  // timestamps jitter by less than this

using SoxrPtr = std::unique_ptr<soxr, FreeByValue<soxr_delete>>;

}  // namespace

Pcm resample(const Pcm& pcm, int64_t rate) {
  if (rate == pcm.rate) return pcm;
  const int64_t wanted = std::llround(static_cast<double>(pcm.frames()) *
                                      static_cast<double>(rate) / static_cast<double>(pcm.rate));
  Pcm out{std::vector<float>(static_cast<size_t>(wanted * pcm.channels)), rate, pcm.channels,
          pcm.replaced};
  if (wanted == 0) return out;
  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_VHQ, 0);
  soxr_error_t error = nullptr;
  const SoxrPtr handle(soxr_create(static_cast<double>(pcm.rate), static_cast<double>(rate),
                                   static_cast<unsigned>(pcm.channels), &error, nullptr, &quality,
                                   nullptr));
  if (error != nullptr)
    fail(Code::kBadValue, "cannot resample {} Hz to {} Hz: {}", pcm.rate, rate, error);
  size_t done = 0, used = 0;
  soxr_process(handle.get(), pcm.samples.data(), static_cast<size_t>(pcm.frames()), &used,
               out.samples.data(), static_cast<size_t>(wanted), &done);
  while (done < static_cast<size_t>(wanted)) {
    size_t more = 0;
    soxr_process(handle.get(), nullptr, 0, nullptr,
                 out.samples.data() + done * static_cast<size_t>(pcm.channels),
                 static_cast<size_t>(wanted) - done, &more);
    if (more == 0) break;
    done += more;
  }
  return out;
}

namespace {

/// Collects decoded frames as interleaved float with silence in gaps.
struct Collector {
  const MediaInfo& info;
  double max_seconds;
  Pcm pcm;
  SwrPtr swr;

  void start(AVFrame& f) {
    SwrContext* raw = nullptr;
    swr_alloc_set_opts2(&raw, &f.ch_layout, AV_SAMPLE_FMT_FLT, f.sample_rate, &f.ch_layout,
                        static_cast<AVSampleFormat>(f.format), f.sample_rate, 0, nullptr);
    swr.reset(raw);
    if (!swr || swr_init(swr.get()) < 0)
      throw Error(Code::kNotDecodable, "cannot decode the sound of " + info.path,
                  Where{.file = info.path});
    pcm.rate = f.sample_rate;
    pcm.channels = f.ch_layout.nb_channels;
  }

  void add(AVFrame& f, double time) {
    if (!swr) start(f);
    if (f.ch_layout.nb_channels != pcm.channels || f.sample_rate != pcm.rate)
      throw Error(Code::kUnsupportedKind,
                  info.path + " changes its sample rate or channels on the way",
                  Where{.file = info.path});
    const int64_t position = std::llround(time * static_cast<double>(pcm.rate));
    if (std::isfinite(time) &&
        position - pcm.frames() > static_cast<int64_t>(kGap * static_cast<double>(pcm.rate)))
      pcm.samples.resize(static_cast<size_t>(position * pcm.channels), 0.0F);
    const size_t old = pcm.samples.size();
    pcm.samples.resize(old + static_cast<size_t>(f.nb_samples * pcm.channels));
    auto* to = reinterpret_cast<uint8_t*>(pcm.samples.data() + old);
    swr_convert(swr.get(), &to, f.nb_samples, const_cast<const uint8_t**>(f.extended_data),
                f.nb_samples);
    for (size_t i = old; i < pcm.samples.size(); ++i)
      if (!std::isfinite(pcm.samples[i])) pcm.samples[i] = 0.0F, ++pcm.replaced;
    if (pcm.seconds() > max_seconds)
      throw Error(Code::kOverLimit,
                  fmt::format("{} has more than {:.0f} s of sound", info.path, max_seconds),
                  Where{.file = info.path});
  }
};

}  // namespace

Pcm read_audio(const std::string& path, int64_t rate, bool mono, double max_seconds) {
  const MediaInfo info = probe(path);
  if (!info.audio) throw Error(Code::kNoAudio, path + " has no audio stream", Where{.file = path});
  const InputContext input = open_input(path);
  const AVStream& stream = *input->streams[info.audio->stream];
  const CodecContext decoder = open_decoder(stream, 1);
  const double start = clock_start(*input);
  const PacketPtr packet(av_packet_alloc());
  const FramePtr frame(av_frame_alloc());
  Collector collector{info, max_seconds, {}, {}};
  int64_t errors = 0, packets = 0;
  bool more = true;
  while (more) {
    more = av_read_frame(input.get(), packet.get()) >= 0;
    if (more && packet->stream_index != info.audio->stream) {
      av_packet_unref(packet.get());
      continue;
    }
    const int sent = avcodec_send_packet(decoder.get(), more ? packet.get() : nullptr);
    av_packet_unref(packet.get());
    ++packets;
    if (sent < 0 && sent != AVERROR_EOF) ++errors;
    while (avcodec_receive_frame(decoder.get(), frame.get()) == 0) {
      const double time =
          frame->best_effort_timestamp == AV_NOPTS_VALUE
              ? NAN
              : static_cast<double>(frame->best_effort_timestamp) * av_q2d(stream.time_base) -
                    start;
      collector.add(*frame, time);
    }
  }
  if (collector.pcm.frames() == 0 || errors * 50 > packets)
    throw Error(Code::kTruncatedInput,
                fmt::format("{} ends early: {} of {} sound packets decode", path, packets - errors,
                            packets),
                Where{.file = path});
  const Pcm out = mono ? to_mono(collector.pcm) : collector.pcm;
  return rate > 0 ? resample(out, rate) : out;
}

Pcm stretch(const Pcm& pcm, double factor) {
  if (!(factor >= 0.5 && factor <= 2.0) || pcm.channels != 1)
    fail(Code::kBadValue, "cannot stretch {} channels by {}", pcm.channels, factor);
  Pcm in = pcm;
  sonicStream s = sonicCreateStream(static_cast<int>(pcm.rate), 1);
  const std::unique_ptr<sonicStreamStruct, FreeByValue<sonicDestroyStream>> owner(s);
  sonicSetSpeed(s, static_cast<float>(factor));
  sonicWriteFloatToStream(s, in.samples.data(), static_cast<int>(in.samples.size()));
  sonicFlushStream(s);
  Pcm out{std::vector<float>(static_cast<size_t>(sonicSamplesAvailable(s))), pcm.rate, 1};
  sonicReadFloatFromStream(s, out.samples.data(), static_cast<int>(out.samples.size()));
  return out;
}

}  // namespace vl::media
