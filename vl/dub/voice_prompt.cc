#include "vl/dub/voice_prompt.h"

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/core/log.h"
#include "vl/dsp/f0_yin.h"
#include "vl/dsp/sinc_resample.h"
#include "vl/dsp/speech_spans.h"
#include "vl/media/audio.h"
#include "vl/text/vallex_symbols.h"
#include "vl/text/vallex_text.h"
#include "vl/weights/npz.h"
#include "vl/weights/safetensors.h"

namespace vl::dub {

namespace fs = std::filesystem;

namespace {

constexpr int64_t kCheckRate = 16000, kOwnRate = 0, kCodes = 1024;
constexpr double kMostSeconds = 60;  // nothing longer is read to say that it is too long

media::Pcm read_limited(const std::string& path) {
  try {
    return media::read_audio(path, kOwnRate, /*mono=*/true, kMostSeconds);
  } catch (const Error& e) {
    if (e.code() != Code::kOverLimit) throw;
    throw Error(
        Code::kBadPrompt,
        fmt::format("prompt is longer than {:.0f} s, limit {:.0f} s", kMostSeconds, kLongestPrompt),
        Where{.file = path}, {"cut a piece of 3 to 10 s out of it"});
  }
}

double median_pitch(const at::Tensor& wave) {
  const at::Tensor f0 = dsp::yin_f0(wave);
  const at::Tensor voiced = f0.masked_select(f0 > 0);
  return voiced.numel() > 0 ? voiced.median().item<double>() : 0.0;
}

bool are_codes(const at::Tensor& codes) {
  return codes.numel() > 0 && codes.min().item<int64_t>() >= 0 &&
         codes.max().item<int64_t>() < kCodes;
}

/// The codes kept in a file, or an undefined tensor.
at::Tensor read_codes(const fs::path& file) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return {};
  try {
    const at::Tensor codes = weights::read_safetensors(file.string()).tensors.at("codes");
    const bool fits = codes.dim() == 2 && codes.size(0) == stages::kCodecBooks &&
                      codes.scalar_type() == at::kShort;
    if (fits && are_codes(codes)) return codes.to(at::kLong).t().contiguous();
  } catch (const Error& e) {
    log::debug("{} is made again: {}", file.string(), e.what());
  }
  return {};
}

void keep_codes(const fs::path& file, const at::Tensor& codes) {
  std::error_code error;
  fs::create_directories(file.parent_path(), error);
  weights::StateDict tensors;
  tensors.set("codes", codes.t().to(at::kShort).contiguous());
  try {
    weights::write_safetensors(file.string(), tensors);
  } catch (const Error& e) {
    log::debug("the codes of the prompt are not kept: {}", e.what());
  }
}

}  // namespace

VoicePromptFile read_prompt_npz(const std::string& path) {
  const auto bad = [&](const std::string& what) {
    throw Error(Code::kBadPrompt, fmt::format("{} is no VALL-E X preset: {}", path, what),
                Where{.file = path});
  };
  std::map<std::string, at::Tensor> arrays;
  try {
    arrays = weights::read_npz(path);
  } catch (const Error& e) {
    if (e.code() == Code::kNotFound) throw;
    bad(e.message());
  }
  for (const char* key : {"audio_tokens", "text_tokens", "lang_code"})
    if (!arrays.count(key)) bad(key);
  for (const auto& [key, array] : arrays)
    if (!at::isIntegralType(array.scalar_type(), /*includeBool=*/false))
      bad(key + " does not hold whole numbers");
  VoicePromptFile out;
  out.codes = arrays.at("audio_tokens").to(at::kLong).squeeze(0).contiguous();
  if (out.codes.dim() != 2 || out.codes.size(1) != 8 || !are_codes(out.codes)) bad("audio_tokens");
  if (out.seconds() > kLongestPrompt)
    throw Error(
        Code::kBadPrompt,
        fmt::format("prompt is {:.4g} s long, limit {:.0f} s", out.seconds(), kLongestPrompt),
        Where{.file = path}, {"cut a piece of 3 to 10 s out of it"});
  const at::Tensor text = arrays.at("text_tokens").to(at::kLong).reshape({-1}).contiguous();
  if (text.numel() == 0 || text.min().item<int64_t>() < 0 ||
      text.max().item<int64_t>() >= text::kVallexSymbols)
    bad(fmt::format("text_tokens are not ids from 0 to {}", text::kVallexSymbols - 1));
  out.text_tokens.assign(text.data_ptr<int64_t>(), text.data_ptr<int64_t>() + text.numel());
  static const char* const kLanguages[] = {"zh", "ja", "en"};
  const int64_t code = arrays.at("lang_code").numel() == 1
                           ? arrays.at("lang_code").reshape({-1})[0].item<int64_t>()
                           : -1;
  if (code < 0 || code > 2) bad("lang_code");
  out.lang = kLanguages[code];
  out.language_id = text::vallex_language_id(out.lang);
  return out;
}

PromptSound read_prompt_sound(const std::string& path) {
  const media::Pcm own = read_limited(path);
  const at::Tensor wave = at::tensor(media::resample(own, kCheckRate).samples);
  try {
    dsp::check_prompt(wave, dsp::speech_spans(wave));
  } catch (const Error& e) {
    throw e.with_file(path);
  }
  at::Tensor x = dsp::sinc_resample(at::tensor(own.samples), own.rate, stages::kCodecRate);
  const double peak = x.abs().max().item<double>();
  if (peak > 1.0) x = x / peak;
  x = x.contiguous();
  const float* data = x.const_data_ptr<float>();
  PromptSound out;
  out.sound.samples.assign(data, data + x.numel());
  out.sound.rate = stages::kCodecRate;
  out.sound.replaced = own.replaced;
  out.pitch_hz = median_pitch(wave);
  return out;
}

fs::path codes_path(const weights::PackVoice& voice, const std::string& codec_sha256) {
  return voice.folder / "codes" / (codec_sha256 + ".safetensors");
}

at::Tensor voice_prompt_codes(const weights::PackVoice& voice,
                              const models::encodec::Encodec& codec,
                              const std::string& codec_sha256) {
  const weights::PackPrompt& prompt = *voice.prompt;
  if (prompt.npz) return read_prompt_npz(prompt.audio.string()).codes;
  const bool keep = !voice.folder.empty() && !codec_sha256.empty();
  const fs::path file = keep ? codes_path(voice, codec_sha256) : fs::path();
  if (keep)
    if (at::Tensor known = read_codes(file); known.defined()) return known;
  media::Pcm pcm = media::read_audio(prompt.audio.string(), kOwnRate, /*mono=*/true);
  const at::Tensor codes = stages::prompt_codes(codec, {std::move(pcm.samples), pcm.rate});
  if (keep) keep_codes(file, codes);
  return codes;
}

}  // namespace vl::dub
