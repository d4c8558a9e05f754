#include "apps/voxlip/job_run.h"

#include <algorithm>
#include <cstdio>

#include "build_info.h"
#include "vl/core/clock.h"
#include "vl/core/console.h"
#include "vl/core/error.h"
#include "vl/core/file.h"
#include "vl/core/log.h"
#include "vl/core/paths.h"
#include "vl/core/result.h"

namespace vl::app {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

bool same_file(const fs::path& a, const fs::path& b) {
  std::error_code error;
  return fs::weakly_canonical(behind_links(a), error) ==
         fs::weakly_canonical(behind_links(b), error);
}

void check_report_target(VerbContext& c, const std::vector<std::string>& files) {
  for (const std::string& file : files)
    if (!c.global.report_json.empty() && same_file(c.global.report_json, file)) {
      c.global.report_json.clear();
      throw Error(Code::kExclusiveFlags, fmt::format("--report-json would replace {}", file));
    }
}

Json phonemes_of(const VerbContext& c, const PhonemesOf& what, const dub::TextOptions& options) {
  const dub::ModelSet models(model_places(c.global));
  const std::string voice = what.own_voice.empty() ? models.voice(what.voice).name : what.own_voice;
  return print_phonemes(
      c, dub::show_phonemes(what.text, what.lang, what.unit,
                            dub::pronunciations(options, models.pack(), voice), asset_dir()));
}

Json print_phonemes(const VerbContext& c, const dub::Phonemes& p) {
  std::string out = p.shown;
  for (size_t i = 0; i < p.tokens.size() && p.shown.empty(); ++i) {
    if (i > 0 && std::find(p.lines.begin(), p.lines.end(), i) != p.lines.end()) out += '\n';
    out += p.tokens[i];
    if (i + 1 == p.tokens.size()) out += '\n';
  }
  if (!c.global.json) std::printf("%s", out.c_str());
  return dub::to_json(p);
}

bool keep_document(VerbContext& c, const std::string& verb,
                   const std::function<Json(WarningList&, fs::path&)>& one) {
  const Stopwatch watch;
  WarningList warnings;
  for (const Warning& w : c.warnings.all()) warnings.add(w);
  Outcome outcome{.version = VL_VERSION, .verb = verb};
  Json body;
  fs::path folder;
  try {
    body = one(warnings, folder);
  } catch (const std::exception& e) {
    outcome.error = as_error(e);
    outcome.exit = outcome.error->exit();
    body = {{"job", folder.empty() ? Json(nullptr) : Json(folder.filename().string())}};
  }
  outcome.elapsed_ms = watch.ms();
  outcome.warnings = warnings.all();
  c.documents.push_back(result_document(outcome, body));
  keep_result(folder, c.documents.back());
  if (c.global.json) {
    std::printf("%s\n", json_line(c.documents.back()).c_str());
    std::fflush(stdout);
  }
  if (!outcome.error) return true;
  if (c.cancel.cancelled()) throw *outcome.error;
  c.console.line(error_text(*outcome.error, c.console.color()));
  return false;
}

void keep_result(const fs::path& folder, const Json& document) try {
  if (!folder.empty())
    write_file_atomic((folder / "result.json").string(), json_text(document) + "\n");
} catch (const Error& e) {
  log::warn("the job folder is not complete: {}", e.what());
}

JobRun::JobRun(VerbContext& c, const std::string& verb, const std::vector<PlannedStage>& plan,
               WarningList& warnings)
    : context_(c),
      warnings_(warnings),
      id_(dub::new_job_id(verb)),
      progress_(c.events, c.console,
                progress_mode(c.global.quiet ? "none" : c.global.progress, c.console), id_),
      ticker_(progress_) {
  progress_.plan(plan);
  if (!c.global.quiet) warnings.listen([this](const Warning& w) { progress_.warning(w); });
  env_ = {.job = id_,
          .seed = static_cast<uint64_t>(c.global.seed),
          .threads = static_cast<int>(c.global.threads),
          .overwrite = c.global.overwrite,
          .assets_dir = asset_dir(),
          .trace = &trace_};
  env_.cancelled = [cancel = c.cancel] { return cancel.cancelled(); };
  env_.on_stage = [this](const std::string& stage, bool start) {
    start ? progress_.start(stage, "cpu") : progress_.end(stage);
  };
  env_.on_progress = [this](const std::string& stage, int64_t done, int64_t total,
                            const std::string& unit) {
    progress_.update(stage, done, total, unit);
  };
}

void JobRun::start(dub::JobRecord& record) const {
  record.job = id_;
  record.precision = context_.global.precision;
  record.job_dir = (fs::path(context_.global.cache_dir) / "jobs" / id_).string();
}

Json JobRun::run(dub::JobRecord& record, const std::function<void()>& work,
                 const std::function<Json()>& json,
                 const std::function<void(const fs::path&)>& extra) {
  try {
    work();
  } catch (const std::exception& e) {
    Error error = as_error(e);
    if (error.code() == Code::kCancelled)
      error = Error(error.code(), fmt::format("{} at {:.0f} %", error.what(), progress_.percent()));
    progress_.error(error_json(error));
    warnings_.listen({});
    keep(record, extra);
    throw error;
  }
  const Json result = json();
  warnings_.listen({});
  keep(record, extra);
  progress_.done(result);
  return result;
}

/// Writes the job folder once the inputs were found good: an early error leaves nothing. A folder
/// that cannot be written changes nothing of how the run ended.
void JobRun::keep(const dub::JobRecord& record,
                  const std::function<void(const fs::path&)>& extra) try {
  if (!record.timing.load) return;
  const fs::path folder = record.job_dir;
  fs::create_directories(folder);
  write_file_atomic((folder / "config.toml").string(), context_.config_toml);
  write_file_atomic((folder / "trace.json").string(), trace_.to_chrome().dump() + "\n");
  if (extra) extra(folder);
  folder_ = folder;
} catch (const std::exception& e) {
  log::warn("the job folder is not complete: {}", e.what());
}

}  // namespace vl::app
