#include "vl/dub/options.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "vl/core/error.h"

namespace vl::dub {

void describe(DubOptions& o, Fields& f) {
  f.add("input", &o.input, "video to dub").alias({"i", "face", "name", "input-path"});
  f.add("chain", &o.chain, "which models run, in which order").one_of({"dub"});
  f.add("text", &o.text, "what the dubbed speech says; @FILE reads a file, - standard input")
      .is_text();
  f.add("voice", &o.voice, "target voice; empty: the pack's default voice").alias({"voice-role"});
  f.add("transcript", &o.transcript,
        "what the source says, word for word; without it the voice's own prompt is used")
      .is_text();
  f.add("prompt_from", &o.prompt_from, "where VALL-E X's prompt comes from")
      .one_of({"auto", "source", "voice"});
  f.add("lang", &o.lang, "language of the text")
      .one_of({"auto", "en", "zh", "ja", "ko"})
      .alias({"l", "language", "target-language-code"});
  f.add("source_lang", &o.source_lang, "language of the transcript")
      .one_of({"auto", "en", "zh", "ja", "ko"});
  f.add("lips", &o.lips, "redraw the mouth; --no-lips keeps the pictures");
  f.add("out", &o.out, "result file")
      .alias({"o", "outfile", "output-file", "output-filename", "output-path"});
}

void describe(ConvertOptions& o, Fields& f) {
  f.add("input", &o.input, "sound or video files; - is standard input")
      .literal()
      .alias({"i", "name", "input-path"});
  f.add("voice", &o.voice, "target voice; empty: the pack's default voice").alias({"voice-role"});
  f.add("format", &o.format, "form of the result; empty: from its name")
      .one_of({"", "wav", "flac", "mp3", "opus", "raw"});
  f.add("out", &o.out, "result file, a folder for several inputs, or - for standard output")
      .alias({"o", "outfile", "output-file", "output-filename", "output-path"});
  f.add("stream", &o.stream, "live: raw s16le mono from standard input to standard output");
  f.add("stream_rate", &o.stream_rate, "sample rate of the stream").range(8000, 192000);
  f.add("block_ms", &o.block_ms, "block of the stream, a multiple of 10").range(20, 5000);
}

void describe(CloneOptions& o, Fields& f) {
  f.add("vallex_model", &o.vallex_model, "VALL-E X model: name or file");
  f.add("prompt_audio", &o.prompt_audio,
        "prompt speech: a sound file of up to 15 s, or a preset (.npz); several are joined")
      .literal()
      .alias({"reference-audio", "ref-audio"});
  f.add("prompt_text", &o.prompt_text, "the words of each sound file of --prompt-audio")
      .is_text()
      .literal()
      .alias({"reference-text", "ref-text"});
  f.add("prompt_lang", &o.prompt_lang, "language of --prompt-text")
      .one_of({"auto", "en", "zh", "ja", "ko"});
  f.add("temperature", &o.temperature, "sampling temperature").range(0.1, 2);
  f.add("top_k", &o.top_k, "sample among the k best; 0: off").range(0, 1025);
  f.add("top_p", &o.top_p, "sample among the best that hold this share").range(0, 1);
  f.add("length_penalty", &o.length_penalty, "exponent of the length when takes are compared")
      .range(-10, 10);
  f.add("takes", &o.takes, "samples drawn of a line; the best that fits is used")
      .range(1, 8)
      .alias({"best-of"});
}

void describe(TextOptions& o, Fields& f) {
  f.add("lexicon", &o.lexicon,
        "own pronunciations, one a line: word, language, voice or *, reading (tabs between)")
      .literal();
  f.add("show_phonemes", &o.show_phonemes, "print what the model reads, synthesise nothing");
}

void describe(LongTextOptions& o, Fields& f) {
  f.add("accent", &o.accent, "speak all text with the accent of one language")
      .one_of({"auto", "none", "en", "zh", "ja"});
  f.add("long_text", &o.long_text,
        "fixed: every sentence has the same prompt; sliding: half of them the sentence before")
      .one_of({"fixed", "sliding"});
  f.add("repetition_guard", &o.repetition_guard,
        "a loop of this many frames is cut and drawn again; 0: off")
      .range(0, 1000);
  f.add("max_line_s", &o.max_line_s, "sentences longer than this are split, seconds").range(1, 19);
}

void describe(CloneVerbOptions& o, Fields& f) {
  f.add("text", &o.text, "what is spoken; @FILE reads a file, - standard input").is_text();
  f.add("voice", &o.voice, "target voice; empty: the pack's default voice").alias({"voice-role"});
  f.add("lang", &o.lang, "language of the text; mix: parts marked [EN]...[EN] and so on")
      .one_of({"auto", "en", "zh", "ja", "ko", "mix"})
      .alias({"l", "language", "target-language-code"});
  f.add("format", &o.format, "form of the result; empty: from its name")
      .one_of({"", "wav", "flac", "mp3", "opus", "raw"});
  f.add("out", &o.out, "result file, or - for standard output")
      .alias({"o", "outfile", "output-file", "output-filename", "output-path"});
}

void describe(ProsodyOptions& o, Fields& f) {
  f.add("fastpitch_model", &o.fastpitch_model, "FastPitch model: name or file");
}

void describe(SpeakOptions& o, Fields& f) {
  f.add("hifigan_model", &o.hifigan_model, "HiFi-GAN model: name or file");
  f.add("rate", &o.rate, "speed of the speech, above 1 is faster")
      .range(0.5, 2)
      .alias({"speed", "pace"})
      .inverse_alias({"length-scale"});
  f.add("pitch_transform_flatten", &o.pitch_transform_flatten, "one pitch for everything");
  f.add("pitch_transform_invert", &o.pitch_transform_invert, "turns the melody upside down");
  f.add("pitch_transform_amplify", &o.pitch_transform_amplify, "factor on the melody")
      .range(-10, 10);
  f.add("pitch_transform_shift", &o.pitch_transform_shift, "shift of the pitch, Hz")
      .range(-500, 500);
  f.add("p_arpabet", &o.p_arpabet,
        "share of the words read as phones of the dictionary, 0..1; auto: as the model was trained "
        "(the public one: 1)");
  f.add("denoising_strength", &o.denoising_strength,
        "how much of the vocoder's own noise is taken away; 0: off")
      .range(0, 0.1);
  f.add("fade_out", &o.fade_out, "frames of fade at the end of each line").range(0, 1000);
  f.add("tts_speaker", &o.tts_speaker, "speaker id inside the FastPitch model; -1: the voice's")
      .range(-1, 100000);
  f.add("duration_rounding", &o.duration_rounding,
        "how durations become frames: eager as the public script, jit as its TorchScript form")
      .one_of({"eager", "jit"});
  f.add("energy_scale", &o.energy_scale, "factor on the energy").range(0, 3);
  f.add("target_seconds", &o.target_seconds,
        "length of the speech: vowels and pauses give, consonants are protected; 0: as it comes")
      .range(0, 14400);
  f.add("markup", &o.markup,
        "the text has tags: <break time=\"300ms\"/>, <emphasis>, <prosody rate= pitch= volume=>");
}

void describe(SpeakVerbOptions& o, Fields& f) {
  f.add("text", &o.text,
        "what is spoken; @FILE reads a file, - standard input, which is also read without it "
        "where it is no terminal")
      .is_text();
  f.add("voice", &o.voice,
        "target voice; empty: the pack's default voice; none: the FastPitch model's own")
      .alias({"voice-role"});
  f.add("lang", &o.lang, "language of the text")
      .one_of({"auto", "en", "zh", "ja", "ko"})
      .alias({"l", "language", "target-language-code"});
  f.add("format", &o.format, "form of the result; empty: from its name")
      .one_of({"", "wav", "flac", "mp3", "opus", "raw"});
  f.add("timing_out", &o.timing_out, "also writes when each word is spoken: .json, .tsv or .srt");
  f.add(
      "json_input", &o.json_input,
      "standard input has lines {\"id\":\"1\",\"text\":\"Hi\",\"out\":\"1.wav\"}, standard output "
      "gets one result document each");
  f.add("out", &o.out, "result file, or - for standard output")
      .alias({"o", "outfile", "output-file", "output-filename", "output-path"});
}

void describe(FitOptions& o, Fields& f) {
  f.add("fit", &o.fit, "stretch: speed up evenly to the slot; none: only trim")
      .one_of({"stretch", "none"});
  f.add("max_rate", &o.max_rate, "largest speed-up by rate").range(1, 1.5);
  f.add("max_stretch", &o.max_stretch, "further speed-up by stretching").range(1, 1.25);
  f.add("gap_ms", &o.gap_ms, "silence kept before the next line").range(0, 10000);
  f.add("absorb_ms", &o.absorb_ms, "silence after the source speech that a line may use")
      .range(0, 60000);
  f.add("overflow", &o.overflow, "what becomes of speech that is still too long")
      .one_of({"trim", "fail"});
}

void describe(ConsentOptions& o, Fields& f) {
  f.add("consent", &o.consent,
        "consent file (TOML: subject date purpose scope expires voice_sha256 evidence)")
      .literal();
  f.add("i_have_consent", &o.i_have_consent, "the same in words: \"NAME, DATE, PURPOSE\"")
      .is_text();
}

void describe(VoiceOptions& o, Fields& f) {
  f.add("audio", &o.audio,
        "prompt speech: a sound file of up to 15 s, or a VALL-E X preset (.npz)");
  f.add("text", &o.text, "the words of --audio").is_text();
  f.add("lang", &o.lang, "language of --text")
      .one_of({"auto", "en", "zh", "ja", "ko"})
      .alias({"l", "language"});
  f.add("rvc_model", &o.rvc_model, "RVC model of the voice (.pth)").alias({"pth-path"});
  f.add("rvc_index", &o.rvc_index, "index of the RVC model (.index)").alias({"index-path"});
}

namespace {

constexpr size_t kMaxText = 4096;

bool is_preset(const std::string& file) {
  return std::filesystem::path(file).extension() == ".npz";
}

void need(const std::string& value, const char* flag) {
  if (value.empty())
    throw Error(Code::kMissingArgument, fmt::format("{} is missing", flag), {},
                {"--help after the verb lists every flag"});
}

}  // namespace

void ConvertConfig::validate() const {
  rvc.validate();
  consent.validate();
  if (convert.stream) {
    if (!convert.input.empty() || !convert.out.empty())
      fail(Code::kExclusiveFlags, "--stream reads standard input and writes standard output");
    const std::pair<bool, const char*> whole[] = {{!rvc.semitones(), "--pitch auto"},
                                                  {!rvc.f0_file.empty(), "--f0-file"},
                                                  {rvc.resample_sr != 0, "--resample-sr"},
                                                  {!rvc.exact_length, "--no-exact-length"},
                                                  {!convert.format.empty(), "--format"}};
    for (const auto& [given, flag] : whole)
      if (given) fail(Code::kExclusiveFlags, "{} does not go with --stream", flag);
  }
  if (!convert.voice.empty() && !rvc.rvc_model.empty())
    fail(Code::kExclusiveFlags, "--voice and --rvc-model exclude each other");
  if (convert.stream) return;
  if (convert.input.empty()) need("", "--input");
  need(convert.out, "--out");
  const auto from_stdin = std::count(convert.input.begin(), convert.input.end(), "-");
  if (from_stdin > 1) fail(Code::kExclusiveFlags, "standard input can be read once only");
  if (convert.input.size() > 1 && convert.out == "-")
    fail(Code::kExclusiveFlags, "several inputs cannot go to standard output");
}

namespace {

constexpr size_t kMostBytes = 4 << 20;

void check_text(const std::string& text) {
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    throw Error(text.empty() ? Code::kMissingArgument : Code::kBadText,
                text.empty() ? "--text is missing" : "nothing to speak in the text", {},
                {"give --text \"...\" or --text @FILE"});
}

void check_prompt_flags(const CloneOptions& o) {
  if (o.prompt_audio.empty() && !o.prompt_text.empty())
    fail(Code::kExclusiveFlags, "--prompt-text needs --prompt-audio");
}

}  // namespace

void CloneConfig::validate() const {
  consent.validate();
  check_text(verb.text);
  if (verb.text.size() > kMostBytes)
    fail(Code::kOverLimit, "the text is {} bytes long, limit {}", verb.text.size(), kMostBytes);
  check_prompt_flags(clone);
  if (!verb.voice.empty() && !clone.prompt_audio.empty())
    fail(Code::kExclusiveFlags, "--voice and --prompt-audio exclude each other");
  if (!text.show_phonemes) need(verb.out, "--out");
}

double SpeakOptions::arpabet_share(double trained) const {
  if (p_arpabet == "auto") return trained;
  char* end = nullptr;
  const double share = std::strtod(p_arpabet.c_str(), &end);
  if (p_arpabet.empty() || *end != '\0' || !(share >= 0 && share <= 1))
    fail(Code::kBadValue, "--p-arpabet is \"{}\"; it takes a share from 0 to 1, or auto",
         p_arpabet);
  return share;
}

void SpeakConfig::validate() const {
  speak.arpabet_share(1);
  rvc.validate();
  consent.validate();
  if (!verb.voice.empty() && !rvc.rvc_model.empty())
    fail(Code::kExclusiveFlags, "--voice and --rvc-model exclude each other");
  if (!rvc.f0_file.empty())
    fail(Code::kExclusiveFlags,
         "--f0-file does not go with speak: the text has no time of its own");
  if (!rvc.exact_length) fail(Code::kExclusiveFlags, "--no-exact-length does not go with speak");
}

void ConsentOptions::validate() const {
  if (!consent.empty() && !i_have_consent.empty())
    fail(Code::kExclusiveFlags, "--consent and --i-have-consent exclude each other");
}

void VoiceConfig::validate() const {
  consent.validate();
  if (voice.audio.empty() && !voice.text.empty())
    fail(Code::kExclusiveFlags, "--text needs --audio");
  if (voice.rvc_model.empty() && !voice.rvc_index.empty())
    fail(Code::kExclusiveFlags, "--rvc-index needs --rvc-model");
  if (voice.audio.empty() && voice.rvc_model.empty()) need("", "--audio or --rvc-model");
  if (voice.audio.empty()) return;
  if (!is_preset(voice.audio))
    need(voice.text, "--text, the words of --audio,");
  else if (!voice.text.empty())
    fail(Code::kExclusiveFlags, "a preset carries its own words: leave --text out");
}

void DubConfig::validate() const {
  rvc.validate();
  consent.validate();
  if (!rvc.semitones() && !rvc.rvc_model.empty())
    fail(Code::kBadValue, "--pitch auto needs a voice whose median pitch is known");
  need(dub.input, "--input");
  need(dub.out, "--out");
  check_text(dub.text);
  if (dub.text.size() > kMaxText * 4)
    fail(Code::kOverLimit, "the text is {} bytes long, limit {} characters", dub.text.size(),
         kMaxText);
  lips.validate();
  check_prompt_flags(clone);
}

void LipsyncConfig::validate() const {
  consent.validate();
  lips.validate();
  need(verb.face, "--face");
  if (verb.list_faces) return;
  need(verb.audio, "--audio");
  need(verb.out, "--out");
  if (verb.face == "-" && verb.audio == "-")
    fail(Code::kExclusiveFlags, "standard input can be read once only");
}

}  // namespace vl::dub
