// voxlip speak: text -> speech, with FastPitch and HiFi-GAN, then RVC if the voice has one

#include <ATen/Parallel.h>
#include <unistd.h>

#include "apps/voxlip/job_run.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/paths.h"
#include "vl/core/result.h"
#include "vl/dub/rvc_voice.h"
#include "vl/dub/text_speaker.h"
#include "vl/text/sentences.h"

namespace vl::app {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// Shares of the whole, roughly as they are on a CPU.
const std::vector<PlannedStage> kPlan = {{"fastpitch", 10}, {"vocoder", 88}, {"encode", 2}},
                                kConvertPlan = {
                                    {"fastpitch", 5}, {"vocoder", 43}, {"rvc", 50}, {"encode", 2}};

/// Lines of standard input as they come.
class StandardLines {
 public:
  explicit StandardLines(CancelToken cancel) : cancel_(std::move(cancel)) {}

  /// The next line without its end. @return false: there is none
  bool next(std::string& line) {
    while (true) {
      if (const size_t end = buffer_.find('\n'); end != std::string::npos) {
        line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return take();
      }
      if (buffer_.size() > kMostText) {  // the rest of the line is passed over
        too_long_ = true;
        buffer_.clear();
      }
      if (ended_) break;
      fill();
    }
    if (buffer_.empty() && !too_long_) return false;
    line = std::exchange(buffer_, "");
    return take();
  }
  long number() const { return number_; }
  /// The line was longer than may be; `line` holds its end.
  bool too_long() const { return line_too_long_; }

 private:
  bool take() {
    ++number_;
    line_too_long_ = std::exchange(too_long_, false);
    return true;
  }

  void fill() {
    wait_readable(STDIN_FILENO, [this] { cancel_.check(); });
    char bytes[1 << 16];
    const ssize_t n = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) return;
    if (n <= 0)
      ended_ = true;
    else
      buffer_.append(bytes, static_cast<size_t>(n));
  }

  CancelToken cancel_;
  std::string buffer_;
  bool ended_ = false, too_long_ = false, line_too_long_ = false;
  long number_ = 0;
};

std::string text_of(const nlohmann::json& value, const std::string& key) {
  if (!value.is_string()) fail(Code::kBadValue, "\"{}\" must be a text", key);
  return value.get<std::string>();
}

/// One line of --json-input.
dub::SpeakRequest request_of(const std::string& raw) {
  const std::string line = clean_text(raw, "");
  const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object())
    throw Error(Code::kBadValue, "the line is no JSON object", {},
                {R"(a line looks like {"id":"1","text":"Hi","out":"1.wav"})"});
  dub::SpeakRequest out;
  for (const auto& [key, value] : json.items()) {
    if (key == "id")
      out.id = value.is_number_integer() ? value.dump() : text_of(value, key);
    else if (key == "text")
      out.text = clean_text(text_of(value, key), "");
    else if (key == "out")
      out.out = text_of(value, key);
    else
      fail(Code::kUnknownName, "unknown key \"{}\"; a line has id, text and out", key);
  }
  if (out.out.empty()) fail(Code::kMissingArgument, "\"out\" is missing");
  if (out.out == "-") fail(Code::kExclusiveFlags, "\"out\" cannot be standard output");
  return out;
}

class Speak : public Verb {
 public:
  std::string name() const override { return "speak"; }
  std::string summary() const override {
    return "Speaks text with FastPitch and HiFi-GAN, then in the voice that is asked for.";
  }

  std::vector<OptionGroup> groups() override {
    OptionGroup speak = option_group("FastPitch and HiFi-GAN", config_.prosody);
    describe(config_.speak, speak.fields);
    return {option_group("Speech", config_.verb), speak, option_group("Text", config_.text),
            option_group("RVC", config_.rvc), option_group("Consent", config_.consent)};
  }

  Json run(VerbContext& c) override {
    if (c.global.threads > 0) at::set_num_threads(static_cast<int>(c.global.threads));
    if (config_.verb.json_input) return json_lines(c);
    read_text(c);
    if (config_.text.show_phonemes) {
      config_.validate();
      dub::ModelSet models(places(c.global));
      return print_phonemes(
          c, dub::show_symbols(config_, models, asset_dir(), static_cast<uint64_t>(c.global.seed)));
    }
    const std::string& out = config_.verb.out;
    if (out.empty()) throw Error(Code::kMissingArgument, "--out is missing");
    if (c.global.json && out == "-")
      fail(Code::kExclusiveFlags,
           "--json and the sound cannot both go to standard output: use --report-json FILE");
    check_report_target(c, {out, config_.verb.timing_out});
    if (!config_.verb.timing_out.empty() && same_file(config_.verb.timing_out, out))
      fail(Code::kExclusiveFlags, "--timing-out would replace {}", out);
    const dub::TextSpeaker speaker(config_, places(c.global), plain_environment(c), c.warnings);
    fs::path folder;
    const dub::SpeakRequest request{.text = config_.verb.text, .out = out};
    const Json result = one(c, speaker, request, c.warnings, folder);
    c.job_dir = folder;
    return result;
  }

 private:
  /// --text, or standard input where something is there to be read.
  void read_text(const VerbContext& c) {
    std::string& text = config_.verb.text;
    if (text.empty() && c.command.origin("text").kind == "default") {
      if (::isatty(STDIN_FILENO) != 0)
        throw Error(Code::kMissingArgument, "--text is missing", {},
                    {"give --text \"...\" or --text @FILE"});
      text = clean_text(read_stdin(kMostText), "standard input");
    }
    if (text.find_first_not_of(" \t\r\n") == std::string::npos) throw text::nothing_to_speak();
  }

  Json json_lines(VerbContext& c) {
    const std::pair<bool, const char*> others[] = {
        {!config_.verb.text.empty(), "--text"},
        {!config_.verb.out.empty(), "--out"},
        {!config_.verb.timing_out.empty(), "--timing-out"},
        {config_.text.show_phonemes, "--show-phonemes"}};
    for (const auto& [given, flag] : others)
      if (given) fail(Code::kExclusiveFlags, "{} does not go with --json-input", flag);
    const dub::TextSpeaker speaker(config_, places(c.global), plain_environment(c), c.warnings);
    StandardLines lines(c.cancel);
    size_t failed = 0, total = 0;
    for (std::string line; lines.next(line);) {
      if (!lines.too_long() && line.find_first_not_of(" \t\r") == std::string::npos) continue;
      ++total;
      const auto work = [&](WarningList& warnings, fs::path& folder) {
        try {
          if (lines.too_long()) fail(Code::kOverLimit, "the line is longer than 16 MiB");
          const dub::SpeakRequest request = request_of(line);
          if (!c.global.report_json.empty() && same_file(c.global.report_json, request.out))
            fail(Code::kExclusiveFlags, "--report-json would replace {}", request.out);
          return one(c, speaker, request, warnings, folder);
        } catch (const Error& e) {
          if (!e.where().file.empty()) throw;
          throw Error(e.code(), e.message(), {.file = "standard input", .line = lines.number()},
                      e.hints());
        }
      };
      if (!keep_document(c, name(), work)) ++failed;
    }
    if (total == 0) throw Error(Code::kBadText, "standard input has no lines to speak");
    if (failed > 0)
      throw Error(Code::kPartial, fmt::format("{} of {} lines failed", failed, total), {},
                  {"each line's own document says why"});
    return {};
  }

  Json one(VerbContext& c, const dub::TextSpeaker& speaker, const dub::SpeakRequest& request,
           WarningList& warnings, fs::path& folder) const {
    JobRun job(c, "speak", speaker.converts() ? kConvertPlan : kPlan, warnings);
    dub::SpeakRecord record;
    job.start(record);
    const auto work = [&] { speaker.run(request, job.environment(), warnings, record); };
    const auto keep = [&](const fs::path& made) {
      folder = made;
      if (record.fit.empty()) return;
      Json fit = Json::array();
      for (const dub::FitRecord& f : record.fit) fit.push_back(dub::to_json(f));
      write_file_atomic((made / "fit.json").string(), json_text(fit) + "\n");
    };
    const Json result = job.run(
        record, work, [&] { return dub::to_json(record); }, keep);
    if (request.out != "-")
      c.say(fmt::format("wrote {} ({:.1f} s)", request.out, record.output.seconds));
    return result;
  }

  static dub::JobEnvironment plain_environment(const VerbContext& c) {
    return {.seed = static_cast<uint64_t>(c.global.seed), .assets_dir = asset_dir()};
  }

  dub::ModelPlaces places(const GlobalOptions& g) const {
    dub::ModelPlaces out = model_places(g);
    const std::pair<const char*, const std::string*> flags[] = {
        {"fastpitch", &config_.prosody.fastpitch_model},
        {"hifigan", &config_.speak.hifigan_model},
        {"rvc", &config_.rvc.rvc_model}};
    for (const auto& [role, value] : flags)
      if (!value->empty()) out.chosen[role] = *value;
    if (!config_.rvc.rvc_index.empty())
      out.chosen["rvc-index"] = dub::added_index(config_.rvc.rvc_index);
    return out;
  }

  dub::SpeakConfig config_;
};

}  // namespace

std::unique_ptr<Verb> make_speak() { return std::make_unique<Speak>(); }

}  // namespace vl::app
