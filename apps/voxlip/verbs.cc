#include "apps/voxlip/verb.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "apps/voxlip/job_run.h"
#include "build_info.h"
#include "vl/core/byte_size.h"
#include "vl/core/clock.h"
#include "vl/core/console.h"
#include "vl/core/error.h"
#include "vl/core/events.h"
#include "vl/core/file.h"
#include "vl/core/log.h"
#include "vl/core/names.h"
#include "vl/core/paths.h"
#include "vl/core/result.h"
#include "vl/models/registry.h"

namespace vl::app {

std::vector<std::unique_ptr<Verb>> all_verbs() {
  std::vector<std::unique_ptr<Verb>> out;
  out.push_back(make_dub());
  out.push_back(make_convert());
  out.push_back(make_speak());
  out.push_back(make_clone());
  out.push_back(make_lipsync());
  out.push_back(make_models_list());
  out.push_back(make_models_inspect());
  out.push_back(make_models_import());
  out.push_back(make_models_verify());
  out.push_back(make_models_run());
  out.push_back(make_voices_add());
  out.push_back(make_voices_list());
  out.push_back(make_voices_rm());
  out.push_back(make_bench_run());
  out.push_back(make_eval());
  return out;
}

dub::ModelPlaces model_places(const GlobalOptions& g) {
  const std::string assets = asset_dir();
  dub::ModelPlaces out{.models_dir = g.models_dir,
                       .cache_dir = g.cache_dir,
                       .packs_dir = std::filesystem::path(assets).parent_path() / "packs",
                       .assets_dir = assets,
                       .pack = g.pack,
                       .chosen = {},
                       .reference = g.engine == "ref",
                       .voices_dir = g.voices_dir,
                       .precision = g.engine == "w8a16"     ? nn::Precision::kInt8
                                    : g.precision == "bf16" ? nn::Precision::kBfloat16
                                                            : nn::Precision::kFloat32};
  for (const std::string& m : g.model) {
    const size_t eq = m.find('=');
    if (eq == std::string::npos)
      fail(Code::kBadValue, "--model is \"{}\"; it takes ROLE=NAME or ROLE=FILE", m);
    std::vector<std::string> roles;
    for (const models::ModelClass& c : models::registry()) roles.emplace_back(c.role);
    if (std::find(roles.begin(), roles.end(), m.substr(0, eq)) == roles.end())
      throw unknown_name("role", m.substr(0, eq), roles, "--model takes ROLE=NAME or ROLE=FILE");
    out.chosen[m.substr(0, eq)] = m.substr(eq + 1);
  }
  return out;
}

std::unique_ptr<pipeline::StageCache> stage_cache(const GlobalOptions& g) {
  return std::make_unique<pipeline::StageCache>(
      g.cache_dir, parse_byte_size(g.cache_max, "--cache-max"), !g.no_cache);
}

namespace {

using Json = nlohmann::ordered_json;

/// Words of the command line, split at the verb.
struct CommandLine {
  std::string verb;
  std::vector<std::string> args;
  std::string help;  ///< to be printed instead of running a verb
};

bool wants_help(const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(),
                     [](auto& w) { return w == "--help" || w == "-h"; });
}

bool takes_value(const std::string& word) {
  static GlobalOptions global;
  Fields fields;
  describe(global, fields);
  if (word.size() < 2 || word[0] != '-' || word.find('=') != std::string::npos) return false;
  for (const Field& f : fields.all()) {
    if (std::holds_alternative<bool*>(f.value)) continue;
    if (word == flag_of(f.name)) return true;
    for (const std::string& a : f.aliases)
      if (word == flag_of(a)) return true;
  }
  return false;
}

CommandLine split(const std::vector<std::string>& words,
                  const std::vector<std::unique_ptr<Verb>>& verbs) {
  CommandLine out;
  size_t at = 0;
  for (; at < words.size(); ++at) {
    if (words[at].empty() || words[at][0] != '-') break;
    out.args.push_back(words[at]);
    if (takes_value(words[at]) && at + 1 < words.size()) out.args.push_back(words[++at]);
  }
  if (at == words.size())
    throw Error(Code::kMissingArgument, "a verb is missing", {}, {"voxlip --help lists the verbs"});
  out.verb = words[at++];
  const std::string two = at < words.size() ? out.verb + " " + words[at] : "";
  std::vector<std::string> names, first_words, below;
  for (const auto& v : verbs) {
    names.push_back(v->name());
    first_words.push_back(v->name().substr(0, v->name().find(' ')));
    if (first_words.back() == out.verb && v->name() != out.verb)
      below.push_back(v->name() + "  " + v->summary());
  }
  const auto known = [&](const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (known(two)) out.verb = two, ++at;
  if (known(out.verb)) {
    out.args.insert(out.args.end(), words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
  } else if (below.empty()) {
    throw unknown_name("verb", out.verb, first_words, "voxlip --help lists the verbs");
  } else if (wants_help(words)) {
    out.help = fmt::format("usage: voxlip {} ...\n\n  {}\n", out.verb, fmt::join(below, "\n  "));
  } else if (at < words.size() && words[at][0] != '-') {
    throw unknown_name("verb", two, names, "voxlip " + out.verb + " --help lists the verbs");
  } else {
    throw Error(Code::kMissingArgument, out.verb + " needs a further word", {},
                {"voxlip " + out.verb + " --help lists them"});
  }
  return out;
}

/// Everything of one run that outlives its error.
struct Run {
  GlobalOptions global;
  std::string verb;
  WarningList warnings;
  std::filesystem::path job_dir;
  std::vector<Json> documents;
  Json partial;  ///< the document's keys at the time of an error
  Stopwatch watch;
  bool wants_json = false;
  bool printed = false;  ///< help or configuration was asked for, and that is all
};

Json execute(Run& run, Console& console, const std::vector<std::string>& words) {
  CancelToken cancel;
  cancel_on_signals(cancel);  // before any text is waited for
  auto verbs = all_verbs();
  const CommandLine line = split(words, verbs);
  run.verb = line.verb;
  if (!line.help.empty()) {
    std::fputs(line.help.c_str(), stdout);
    run.printed = true;
    return {};
  }
  Verb& verb =
      **std::find_if(verbs.begin(), verbs.end(), [&](auto& v) { return v->name() == line.verb; });
  std::vector<OptionGroup> groups = verb.groups();
  OptionGroup global{"Global flags", {}, true};
  Fields global_fields;
  describe(run.global, global_fields);
  global.fields = verb.owns_config() ? global_fields.without("config") : global_fields;
  groups.push_back(global);
  Command command(line.verb, groups, builtin_presets());
  command.positionals(verb.positionals());
  if (wants_help(line.args)) {
    std::fputs(command.help(verb.summary()).c_str(), stdout);
    run.printed = true;
    return {};
  }
  command.resolve(line.args);
  run.wants_json = run.global.json;
  console.set_color(run.global.color);
  if (!run.global.quiet)
    run.warnings.listen([&](const Warning& w) { console.line(warning_line(w, console.color())); });
  for (const Warning& w : command.warnings()) run.warnings.add(w);
  if (run.global.print_config) {
    std::fputs(run.global.json ? (json_line(command.print_json()) + "\n").c_str()
                               : command.print_toml().c_str(),
               stdout);
    run.printed = true;
    return {};
  }
  settle(run.global);
  if (!run.global.report_json.empty()) {
    const std::string report = std::exchange(run.global.report_json, "");
    check_output(report, run.global.overwrite);
    run.global.report_json = report;
  }
  EventStream events(console);
  log::setup(log::level_from(run.global.log_level), console,
             run.global.log_jsonl ? &events : nullptr);
  VerbContext context{
      run.global, command.arguments(),  cancel,      run.warnings,  console,    events,
      command,    command.print_toml(), run.job_dir, run.documents, run.partial};
  return verb.run(context);
}

void check_standard_output() {
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    throw Error(Code::kNotWritable, "cannot write standard output");
}

int finish(Run& run, Console& console, const Json& body, std::optional<Error> error) {
  if (run.printed) {
    log::shutdown();
    check_standard_output();
    return 0;
  }
  Outcome outcome{.version = VL_VERSION,
                  .verb = run.verb,
                  .exit = error ? error->exit() : 0,
                  .elapsed_ms = run.watch.ms(),
                  .warnings = run.warnings.all(),
                  .error = error};
  if (error) console.line(error_text(*error, console.color()));
  const Json job = {{"job", run.job_dir.filename().string()}};
  Json document = result_document(outcome, error && !run.job_dir.empty() ? job : body);
  const bool several = !run.documents.empty();
  std::string report = several ? "" : json_text(document) + "\n";
  for (const Json& d : run.documents) report += json_line(d) + "\n";
  // A record that cannot be written does not hide how the run itself ended.
  try {
    if (!run.global.report_json.empty())
      write_file_atomic(run.global.report_json, report, run.global.overwrite);
  } catch (const Error& e) {
    console.line(error_text(e, console.color()));
    if (outcome.exit == 0) {
      outcome.exit = e.exit();
      outcome.error = e;
      document = result_document(outcome, body);
    }
  }
  keep_result(run.job_dir, document);
  log::shutdown();
  if (run.wants_json && !several) std::printf("%s\n", json_line(document).c_str());
  check_standard_output();
  return outcome.exit;
}

}  // namespace

void VerbContext::say(const std::string& line) const {
  if (!global.json && !global.quiet) console.line(one_line(line));
}

int run_verbs(const std::vector<std::string>& words) {
  set_asset_fallback(VL_ASSETS_FALLBACK);
  Run run;
  run.wants_json = std::find(words.begin(), words.end(), "--json") != words.end();
  Console console = Console::standard_error();
  Json body;
  std::optional<Error> error;
  try {
    body = execute(run, console, words);
  } catch (const std::exception& e) {
    error = as_error(e);
    body = run.partial;
  }
  try {
    return finish(run, console, body, error);
  } catch (const std::exception& e) {
    console.line(error_text(as_error(e), console.color()));
    return as_error(e).exit();
  }
}

}  // namespace vl::app

extern "C" int voxlip_main(int argc, char** argv) {
  return vl::app::run_verbs({argv + 1, argv + argc});
}
