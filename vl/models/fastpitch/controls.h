#pragma once

#include <ATen/core/Tensor.h>

namespace vl::models::fastpitch {

enum class CustomPitch {
  kNone,
  kRamp,   ///< times 0.5 + t / length at symbol t, in Hz
  kQuirk,  ///< what the public code computes instead: times 0.5 in Hz, for a batch of one only
};

/// Changes of the predicted pitch, in this order, in standardised units. A custom transform stands
/// alone: the other four are then ignored.
struct PitchTransform {
  bool flatten = false;
  bool invert = false;
  double amplify = 1.0;
  double shift_hz = 0.0;
  CustomPitch custom = CustomPitch::kNone;

  bool active() const {
    return flatten || invert || amplify != 1.0 || shift_hz != 0.0 || custom != CustomPitch::kNone;
  }
};

/// Changes symbol by symbol, behind those of the whole utterance. Undefined tensors are absent.
struct SymbolControls {
  at::Tensor pace = {};            ///< [B, S] float32, > 0, times the pace of the call
  at::Tensor pitch_scale = {};     ///< [B, 1, S] float32, factor on the pitch in Hz
  at::Tensor pitch_shift_hz = {};  ///< [B, 1, S] float32, then added
  at::Tensor energy_scale = {};    ///< [B, 1, S] float32; needs energy conditioning
};

/// Options of one call. Undefined tensors are absent.
struct FastPitchControls {
  at::Tensor speaker = {};     ///< [1] or [B] int64; 0 when absent; ignored by a one-speaker model
  double pace = 1.0;           ///< > 0; every duration is divided by it
  at::Tensor dur_tgt = {};     ///< [B, S] frames, >= 0, in place of the predicted durations
  at::Tensor pitch_tgt = {};   ///< [B, 1, S] standardised, in place of the transformed prediction
  at::Tensor energy_tgt = {};  ///< [B, 1, S], in place of the prediction; needs energy conditioning
  PitchTransform pitch = {};
  SymbolControls symbol = {};
  double max_duration = 75.0;  ///< frames, upper limit of a predicted duration
  bool half_even = false;      ///< rounding (half to even) and limit (100) of the TorchScript class
  bool reference_padding = false;  ///< read padding as the public code does: an utterance then
                                   ///< depends on how much its batch pads it
};

/// Applies the transform.
/// @param pitch [B, 1, S] float32; lengths [B] int64: symbols that are not masked
/// @param mean, std of the training data in Hz; std 0 stands for 218.14 and 67.24
/// @throws Error(kBadValue) for numbers that are not finite, or the quirk with a batch above 1
at::Tensor transform_pitch(const at::Tensor& pitch, const at::Tensor& lengths, double mean,
                           double std, const PitchTransform& transform);

/// Applies the changes of each symbol. @param pitch [B, 1, S] float32, standardised
/// @param mean, std as for transform_pitch
at::Tensor scale_pitch(const at::Tensor& pitch, double mean, double std,
                       const SymbolControls& symbol);

/// Frames a symbol: floor(d / pace + 0.5), or d / pace rounded half to even.
/// @param durations [B, S] float32, >= 0
/// @return [B, S] int64 on the CPU
/// @throws Error(kBadValue) for a negative or non-finite duration or a pace <= 0,
/// Error(kOverLimit) when an utterance would exceed 2^20 frames
at::Tensor frame_counts(const at::Tensor& durations, double pace, bool half_even);

/// Repeats every symbol's row.
/// @param h [B, S, C]; repeats [B, S] int64 on the CPU
/// @return [B, max of the row sums, C]; zero past the end of an utterance
at::Tensor regulate_length(const at::Tensor& h, const at::Tensor& repeats);

}  // namespace vl::models::fastpitch
