#pragma once

#include <ATen/core/Tensor.h>

#include "vl/stages/convert_voice.h"
#include "vl/stages/track_noise.h"

namespace vl::stages {

/// Settings of a live conversion; the defaults are those of the public real-time program but for
/// the block (0.25 s there).
struct StreamConfig {
  int64_t rate = 16000;  ///< Hz of input and output, a multiple of 100, 8000..192000
  int64_t block_ms = 160, crossfade_ms = 50, extra_ms = 2500;  ///< multiples of 10
  double gate_db = -60.0;     ///< input below this level is silenced; -60: off
  double rms_mix_rate = 0.0;  ///< 1: loudness as the voice gives it, 0: that of the input
  double formant = 0.0;       ///< semitones, -2..2
};

/// Frame of the noise (track_noise.h) that belongs to the first frame of a stream's input.
constexpr int64_t kStreamStart = 1024;

/// What a stream remembers between its blocks.
struct StreamState {
  at::Tensor ring;    ///< [N] the last input at the stream's rate
  at::Tensor ring16;  ///< [160 p] the same at 16 kHz
  at::Tensor before;  ///< the 40 ms of raw input before the next block, for the gate
  PitchTrack pitch;   ///< the last 1024 frames
  at::Tensor sola;    ///< the end of the last block, to be faded into the next
  int64_t frame = 0;  ///< of the stream, at which the ring starts, counted from kStreamStart
  double turn = 0.0;  ///< phase of the excitation where the decoder starts, in turns
};

/// Voice conversion block by block, as RVC's real-time program does it: every block runs the
/// networks over the last `extra` + `crossfade` + `block` + 10 ms of input; latent and flow start
/// 24 frames before the block, the decoder at it; blocks are joined by SOLA (Verhelst and Roelands
/// 1993). Unlike there, noise and phase of the excitation belong to places of the stream, so that
/// blocks continue each other and equal an offline conversion with the same noise. No high-pass,
/// peak rule, protection or cuts; the settings' constants, protect, f0_curve and exact_length are
/// not used. Const: one object serves any number of streams.
class ConvertStream {
 public:
  /// @throws Error(kBadValue) for lengths or rates that do not fit the frame of 10 ms, or an
  /// `extra` too short for the pitch window or longer than the pitch cache (10.24 s)
  ConvertStream(const ConvertVoice& voice, const RvcSettings& settings, const StreamConfig& config);

  StreamState start() const;
  /// @param block float32 [block_samples()] at the stream's rate
  /// @return float32 [block_samples()], the converted input of latency_samples() before
  at::Tensor process(StreamState& state, const at::Tensor& block) const;

  int64_t block_samples() const { return block_ * unit_; }
  /// From the first sample of a block to its converted sample: the block itself, the cross-fade as
  /// right context and the 10 ms within which SOLA chooses. Without the time of computing.
  int64_t latency_samples() const { return (block_ + crossfade_ + kSearch) * unit_; }

 private:
  static constexpr int64_t kSearch = 1;  // frames

  at::Tensor gate(StreamState& state, const at::Tensor& block) const;
  void push(StreamState& state, const at::Tensor& input) const;
  at::Tensor features(const StreamState& state) const;
  void update_pitch(StreamState& state) const;
  at::Tensor infer(StreamState& state) const;
  at::Tensor mix_rms(const StreamState& state, const at::Tensor& out) const;
  at::Tensor sola(StreamState& state, const at::Tensor& out) const;

  const ConvertVoice& voice_;
  RvcSettings settings_;
  StreamConfig config_;
  int64_t unit_;                                 ///< samples of 10 ms at the stream's rate
  int64_t block_, crossfade_, extra_, overlap_;  ///< frames of 10 ms; overlap_ is SOLA's
  int64_t frames_;                               ///< of the ring
  int64_t pitch_samples_;                        ///< at 16 kHz
  TrackNoise noise_;
};

}  // namespace vl::stages
