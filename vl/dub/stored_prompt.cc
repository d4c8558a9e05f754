#include "vl/dub/stored_prompt.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/dub/voice_prompt.h"
#include "vl/text/sentences.h"

namespace vl::dub {

namespace {

constexpr double kMostSymbols = 60;  // a second; nobody speaks so fast

bool is_npz(const std::string& path) {
  return path.size() > 4 && path.compare(path.size() - 4, 4, ".npz") == 0;
}

[[noreturn]] void refuse_language(const std::string& model, const std::string& what,
                                  std::vector<std::string> offered) {
  std::sort(offered.begin(), offered.end());
  throw Error(Code::kLanguageNotOffered,
              fmt::format("model \"{}\" offers {}, not {}", model, fmt::join(offered, " "), what),
              {}, {"give text in an offered language, or a pack whose model offers this one"});
}

PromptPiece preset_piece(const std::string& file, const std::vector<std::string>& offered,
                         std::string& lang) {
  const VoicePromptFile preset = read_prompt_npz(file);
  check_offered(preset.lang, offered);
  PromptPiece out{.audio = file, .codes = preset.codes};
  out.words.ids = preset.text_tokens;
  out.words.languages.assign(preset.text_tokens.size(), preset.language_id);
  lang = preset.lang;
  return out;
}

PromptPiece sound_piece(const std::string& file, const std::string& words, const std::string& asked,
                        const std::vector<std::string>& offered, const text::FrontEnds& front_ends,
                        std::string& lang) {
  lang = offered_language(asked, words, offered);
  if (!text::script_fits(words, lang))
    throw Error(
        Code::kBadPrompt,
        fmt::format("the words of the prompt {} are not written in its language {}", file, lang),
        Where{.file = file}, {"give the words that are spoken, or --prompt-lang"});
  const std::string line = text::as_one_line(words, lang);
  if (line.empty())
    throw Error(Code::kBadText, fmt::format("the words of the prompt {} are empty", file),
                Where{.file = file}, {"give the words that are spoken in it"});
  return {.audio = file, .words = text::vallex_tokens(line, lang, front_ends)};
}

[[noreturn]] void words_needed(const std::string& hint) {
  throw Error(Code::kTranscriptNeeded, "VALL-E X needs the words of its prompt: give " + hint);
}

}  // namespace

void check_pace(const std::string& file, const text::VallexTokens& words, double seconds) {
  const auto symbols = static_cast<double>(words.ids.size());
  if (symbols <= kMostSymbols * (1 + seconds)) return;
  throw Error(Code::kBadPrompt,
              fmt::format("the words of the prompt have {:.0f} symbols, too many for {:.1f} s of "
                          "speech",
                          symbols, seconds),
              Where{.file = file}, {"give the words of this recording only"});
}

void check_offered(const std::string& lang, const std::vector<std::string>& offered,
                   const std::string& model) {
  if (std::find(offered.begin(), offered.end(), lang) == offered.end())
    refuse_language(model, lang, offered);
}

std::string offered_language(const std::string& asked, const std::string& text,
                             const std::vector<std::string>& offered, const std::string& model) {
  if (asked == "auto")
    if (const std::string script = text::foreign_script(text); !script.empty())
      refuse_language(model, fmt::format("the language of text in {} script", script), offered);
  const std::string lang = asked == "auto" ? text::language_of(text) : asked;
  check_offered(lang, offered, model);
  return lang;
}

Warning spelled_word(const std::string& word) {
  return {"W0115", fmt::format("\"{}\" is in no lexicon and is read by its letters", word)};
}

StoredPrompt find_prompt(const CloneOptions& o, const weights::PackVoice* voice,
                         const std::vector<std::string>& offered,
                         const text::FrontEnds& front_ends) {
  StoredPrompt out;
  std::string lang;
  const auto add = [&](PromptPiece piece) {
    if (out.pieces.empty()) out.lang = lang;
    out.pieces.push_back(std::move(piece));
  };
  if (o.prompt_audio.empty()) {
    if (voice == nullptr || !voice->prompt)
      words_needed("--prompt-audio with --prompt-text, or a voice with a prompt");
    weights::verify_prompt(*voice->prompt, "voice " + voice->name);
    const std::string file = voice->prompt->audio.string();
    add(is_npz(file) ? preset_piece(file, offered, lang)
                     : sound_piece(file, voice->prompt->text, voice->prompt->lang, offered,
                                   front_ends, lang));
    out.voice = *voice;
    return out;
  }
  size_t words = 0;
  for (const std::string& file : o.prompt_audio) {
    if (is_npz(file)) {
      add(preset_piece(file, offered, lang));
      continue;
    }
    if (words == o.prompt_text.size()) words_needed("--prompt-text");
    add(sound_piece(file, o.prompt_text[words++], o.prompt_lang, offered, front_ends, lang));
  }
  if (words < o.prompt_text.size())
    fail(Code::kExclusiveFlags, "there are {} --prompt-text, but only {} sound files want words",
         o.prompt_text.size(), words);
  return out;
}

stages::VoicePrompt encode_prompt(const StoredPrompt& prompt, const models::encodec::Encodec& codec,
                                  const std::string& codec_sha256, WarningList& warnings,
                                  double& seconds) {
  if (prompt.voice) {
    const at::Tensor codes = voice_prompt_codes(*prompt.voice, codec, codec_sha256);
    seconds = static_cast<double>(codes.size(0)) / stages::kFramesPerSecond;
    check_pace(prompt.pieces.front().audio, prompt.pieces.front().words, seconds);
    return {.codes = codes, .words = prompt.pieces.front().words};
  }
  stages::VoicePrompt out;
  std::vector<at::Tensor> codes;
  seconds = 0.0;
  for (const PromptPiece& piece : prompt.pieces) {
    codes.push_back(piece.codes);
    const double before = seconds;
    if (!piece.codes.defined()) {
      const PromptSound read = read_prompt_sound(piece.audio);
      if (read.sound.replaced > 0)
        warnings.add({"W0118", fmt::format("{} samples of {} are no finite numbers and count as 0",
                                           read.sound.replaced, piece.audio)});
      codes.back() = stages::prompt_codes(codec, {read.sound.samples, read.sound.rate});
      seconds += read.sound.seconds();
    } else {
      seconds += static_cast<double>(piece.codes.size(0)) / stages::kFramesPerSecond;
    }
    check_pace(piece.audio, piece.words, seconds - before);
    for (const std::string& word : piece.words.unknown_words) warnings.add(spelled_word(word));
    const auto append = [](std::vector<int64_t>& to, const std::vector<int64_t>& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    append(out.words.ids, piece.words.ids);
    append(out.words.languages, piece.words.languages);
  }
  if (seconds > kLongestPrompt && codes.size() > 1)
    fail(Code::kBadPrompt, "the prompts are {:.1f} s long together, limit {:.0f} s", seconds,
         kLongestPrompt);
  out.codes = at::cat(codes);
  return out;
}

}  // namespace vl::dub
