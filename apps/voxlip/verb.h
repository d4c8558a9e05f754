#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "apps/voxlip/globals.h"
#include "vl/core/cancel.h"
#include "vl/core/warning.h"
#include "vl/dub/model_set.h"
#include "vl/dub/options.h"
#include "vl/pipeline/stage_cache.h"

namespace vl {
class Console;
class EventStream;
}  // namespace vl

namespace vl::app {

/// What a verb is given to run with.
struct VerbContext {
  GlobalOptions& global;
  const std::vector<std::string>& arguments;
  CancelToken cancel;
  WarningList& warnings;
  Console& console;
  EventStream& events;
  const Command& command;   ///< where each value came from
  std::string config_toml;  ///< the configuration in force, as --print-config shows it
  std::filesystem::path&
      job_dir;  ///< set by a verb that has made its job folder; the result document is kept there
  /// Result documents that a verb has printed itself, one for each of several inputs; where there
  /// are any, no further one is printed for the whole.
  std::vector<nlohmann::ordered_json>& documents;
  /// The document's keys so far, for an error whose exit prints them all the same (11, 14).
  nlohmann::ordered_json& partial;

  /// A line for people about what was done: not with --json or --quiet.
  void say(const std::string& line) const;
};

/// A verb or sub-verb ("models run"): its options, positional arguments and the function that does
/// it.
class Verb {
 public:
  virtual ~Verb() = default;
  virtual std::string name() const = 0;
  virtual std::string summary() const = 0;
  virtual std::vector<std::string> positionals() const { return {}; }
  /// Option groups beside the global one; the fields point into the verb object.
  virtual std::vector<OptionGroup> groups() { return {}; }
  /// True when --config is the verb's own flag (a model's config file); the program's configuration
  /// file is then VOXLIP_CONFIG's.
  virtual bool owns_config() const { return false; }
  /// The keys of the result document beside the envelope. Throws Error.
  virtual nlohmann::ordered_json run(VerbContext& context) = 0;
};

/// Where the global flags say that models are.
dub::ModelPlaces model_places(const GlobalOptions& global);

/// The cache of finished stages, as the global flags say. @throws Error(kBadValue)
std::unique_ptr<pipeline::StageCache> stage_cache(const GlobalOptions& global);

/// All verbs, one line each.
std::vector<std::unique_ptr<Verb>> all_verbs();

std::unique_ptr<Verb> make_dub();
std::unique_ptr<Verb> make_convert();
std::unique_ptr<Verb> make_speak();
std::unique_ptr<Verb> make_clone();
std::unique_ptr<Verb> make_lipsync();
std::unique_ptr<Verb> make_models_list();
std::unique_ptr<Verb> make_models_inspect();
std::unique_ptr<Verb> make_models_import();
std::unique_ptr<Verb> make_models_verify();
std::unique_ptr<Verb> make_models_run();
std::unique_ptr<Verb> make_voices_add();
std::unique_ptr<Verb> make_voices_list();
std::unique_ptr<Verb> make_voices_rm();
std::unique_ptr<Verb> make_bench_run();
std::unique_ptr<Verb> make_eval();

}  // namespace vl::app
