#pragma once

#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "vl/media/wav.h"
#include "vl/stages/speak_codec.h"
#include "vl/weights/packs.h"

namespace vl::dub {

constexpr double kLongestPrompt = 15.0;  ///< seconds

/// A published VALL-E X preset (.npz): audio_tokens [1,T,8], text_tokens [1,S], lang_code (0 zh, 1
/// ja, 2 en).
struct VoicePromptFile {
  at::Tensor codes;  ///< [T, 8] int64
  std::vector<int64_t> text_tokens;
  int64_t language_id = 0;  ///< as the model counts: en 0, zh 1, ja 2
  std::string lang;
  double seconds() const { return static_cast<double>(codes.size(0)) / stages::kFramesPerSecond; }
};

/// @throws Error(kBadPrompt) when an array is missing or of another form, holds numbers that are no
/// codes or symbols, or the prompt is longer than 15 s
VoicePromptFile read_prompt_npz(const std::string& path);

/// The sound of a prompt that may become a voice's.
struct PromptSound {
  media::Pcm sound;       ///< 24 kHz, one channel, brought there as stages::prompt_codes() does
  double pitch_hz = 0.0;  ///< median over voiced frames; 0: none
};

/// Reads the prompt from any file FFmpeg reads and checks it by dsp::check_prompt.
/// @throws Error(kBadPrompt) for silent, clipped, short and long ones; as media::read_audio
PromptSound read_prompt_sound(const std::string& path);

/// The prompt of a voice as VALL-E X takes it. Codes of a voice of the user are kept beside it, one
/// file a codec, and made anew when they are absent or damaged; a folder that cannot be written
/// only costs time.
/// @param voice one with a prompt, whose file was verified
/// @param codec_sha256 of the codec's weights file
/// @return [T, 8] int64
/// @throws Error(kBadPrompt) for a preset of another form; as media::read_audio
at::Tensor voice_prompt_codes(const weights::PackVoice& voice,
                              const models::encodec::Encodec& codec,
                              const std::string& codec_sha256);

/// Where the codes of one codec are kept.
std::filesystem::path codes_path(const weights::PackVoice& voice, const std::string& codec_sha256);

}  // namespace vl::dub
