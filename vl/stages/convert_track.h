#pragma once

#include <functional>
#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/stages/convert_voice.h"
#include "vl/stages/fit_slot.h"
#include "vl/stages/track_noise.h"

namespace vl::stages {

/// A track at 16 kHz behind the high-pass, of any length, somewhere: in memory or on the disk.
struct TrackSource {
  int64_t samples = 0;
  /// float64 [count]: the samples [begin, begin + count), all inside the track.
  std::function<at::Tensor(int64_t begin, int64_t count)> read;
};

/// What a conversion calls back; every member may be empty.
struct TrackCalls {
  std::function<void()> check;  ///< throws to cancel; called between pieces
  std::function<void(int64_t done, int64_t total)> progress;  ///< samples at 16 kHz
  /// The noise of the c-th chunk of F frames instead of drawn noise.
  std::function<NoisePair(int64_t chunk, int64_t frames)> noise;
};

/// What was measured on the way.
struct TrackReport {
  at::Tensor f0;      ///< float64 [P / 160 + 1] Hz after transposition, over the padded track of P
                      ///< samples; undefined for models without f0
  at::Tensor coarse;  ///< int64, its bins
  std::vector<int64_t> chunk_in, chunk_out;        ///< samples into and out of each call, untrimmed
  double voiced_ratio = 0.0;                       ///< of the track's frames
  double median_hz_in = 0.0, median_hz_out = 0.0;  ///< over voiced frames; 0: none
  double f0_ms = 0.0, features_ms = 0.0, synth_ms = 0.0;
};

/// RVC over a whole track (Pipeline.pipeline of the public program from the padding to the loudness
/// mix): cuts at quiet places, pitch once, content features and synthesizer chunk by chunk. Memory
/// does not grow with the length but for 8 bytes a frame of 10 ms; the pitch of tracks above a
/// minute is found in windows of about a minute with 10 s of context.
/// @param pitch_target median pitch in Hz that the result shall have; 0: settings.semitones holds
/// @param sink receives float32 pieces at the voice's rate, in order
/// @throws Error(kBadValue) for bad constants or a speaker the voice does not have
TrackReport convert_track(const ConvertVoice& voice, const TrackSource& source,
                          const RvcSettings& settings, const TrackCalls& calls,
                          const std::function<void(const at::Tensor&)>& sink,
                          double pitch_target = 0.0);

/// Pitch of the whole padded track before transposition, as convert_track() finds it.
/// @return float64 [P / 160 + 1] Hz
at::Tensor track_f0(const ConvertVoice& voice, const TrackSource& source,
                    const RvcSettings& settings, const TrackCalls& calls = {});

/// The peak rule of the public loader: a wave that exceeds 0.95 is scaled to it.
at::Tensor limit_peak(const at::Tensor& wave);

/// The same for speech in memory, with peak rule and high-pass in front.
/// @param wave [T] float32 at 16 kHz, T > 18
/// @param rms_mix_rate 1: loudness as the voice gives it, 0: that of the input
/// @throws as convert_track; Error(kBadValue) for fewer samples
Speech convert_speech(const ConvertVoice& voice, const at::Tensor& wave,
                      const RvcSettings& settings, double pitch_target = 0.0,
                      double rms_mix_rate = 1.0);

/// Samples at the voice's rate that stand for `samples` at 16 kHz.
int64_t exact_samples(int64_t samples, int64_t rate);

}  // namespace vl::stages
