#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "vl/core/fields.h"
#include "vl/core/warning.h"

namespace vl {

/// A titled set of options. Global options are top-level keys of the configuration file, others
/// stand in [VERB].
struct OptionGroup {
  std::string title;
  Fields fields;
  bool global = false;
};

/// A group of the fields that `describe(Options&, Fields&)` names.
template <class Options>
OptionGroup option_group(std::string title, Options& options) {
  OptionGroup out{std::move(title), {}, false};
  describe(options, out.fields);
  return out;
}

/// Where the value in force came from: kind is flag env file preset default; from is the file:line,
/// the variable or the preset.
struct Origin {
  std::string kind = "default", from = {};
};

/// key -> value, as a preset sets it.
using PresetTable = std::map<std::string, std::map<std::string, nlohmann::json>>;

/// Reads a configuration file: TOML, or JSON where the name ends in .json. Returns it as JSON;
/// `lines` gets "key" or "table.key" -> line. @throws Error(kConfig) with the line
nlohmann::json read_config(const std::string& path, std::map<std::string, long>& lines);

/// One verb's command line with all the sources of its values: flag > environment > file > preset >
/// default, each key alone.
class Command {
 public:
  /// The groups' fields point into structs that outlive the command. The first global group must
  /// have the fields "config" and "preset" (texts).
  /// @param verb as it is typed ("voices add"); its first word names its table of a file
  Command(const std::string& verb, std::vector<OptionGroup> groups, PresetTable presets = {});

  /// Positional arguments, in order; a name ending in "..." takes all that are left.
  void positionals(std::vector<std::string> names) { positionals_ = std::move(names); }

  /// Fills every field. `args` are the words behind the verb, global flags included.
  /// @throws Error kUnknownName, kBadValue, kConfig, kExclusiveFlags, kBadText, kNotFound
  void resolve(const std::vector<std::string>& args);

  const std::vector<std::string>& arguments() const { return arguments_; }
  const Origin& origin(const std::string& key) const;
  const std::vector<Warning>& warnings() const { return warnings_; }

  /// The configuration in force as TOML with origins, or as the document voxlip.config/1.
  std::string print_toml() const;
  nlohmann::ordered_json print_json() const;
  /// Every flag with default, range, environment name and aliases. Call before resolve(): it shows
  /// defaults.
  std::string help(const std::string& summary) const;

 private:
  struct Slot {
    Field* field;
    bool global;
  };
  std::vector<Slot*> all();
  std::map<std::string, std::vector<std::string>> parse_flags(const std::vector<std::string>& args);
  void apply_file(const std::map<std::string, std::vector<std::string>>& flags);
  void apply_preset(const std::string& name);
  void apply_environment();
  void apply_json(const std::string& key, const nlohmann::json& value, const Origin& origin,
                  int code, long line, const std::string& file);
  std::string early_text(const std::string& key,
                         const std::map<std::string, std::vector<std::string>>& flags) const;
  std::vector<std::string> flag_names() const;

  std::string spoken_, verb_;
  std::vector<OptionGroup> groups_;
  PresetTable presets_;
  std::vector<std::string> positionals_, arguments_;
  std::map<std::string, Slot> slots_;
  std::map<std::string, Origin> origins_;
  std::vector<Warning> warnings_;
  bool piped_ = false;  ///< a text was read from standard input
};

/// Bytes of one TEXT value.
inline constexpr uint64_t kMostText = 16 << 20;
/// "crf" -> "--crf", "top_k" -> "--top-k"; one-letter names are short flags.
std::string flag_of(const std::string& name);
/// "VOXLIP_TOP_K".
std::string variable_of(const std::string& name);
/// "4KiB", "3 MiB", "20GiB", "100" -> bytes. @throws Error(kBadValue)
uint64_t parse_size(const std::string& text);
}  // namespace vl
