#include "vl/core/config.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <iterator>

#include <CLI/CLI.hpp>

#include "vl/core/error.h"
#include "vl/core/field_words.h"
#include "vl/core/file.h"
#include "vl/core/paths.h"

extern char** environ;

namespace vl {

using nlohmann::json;
namespace fs = std::filesystem;

std::string flag_of(const std::string& name) {
  std::string out = name.size() == 1 ? "-" + name : "--" + name;
  for (char& c : out)
    if (c == '_') c = '-';
  return out;
}

std::string variable_of(const std::string& name) {
  std::string out = "VOXLIP_" + name;
  for (char& c : out)
    c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

uint64_t parse_size(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  std::string unit(end, text.data() + text.size());
  unit.erase(0, unit.find_first_not_of(' ') == std::string::npos ? unit.size()
                                                                 : unit.find_first_not_of(' '));
  const std::map<std::string, double> units = {
      {"", 1}, {"KiB", 1024.0}, {"MiB", 1048576.0}, {"GiB", 1073741824.0}};
  const auto it = units.find(unit);
  if (error != std::errc() || value < 0 || it == units.end())
    fail(Code::kBadValue, "\"{}\" is no size: a number with KiB, MiB or GiB is wanted", text);
  return static_cast<uint64_t>(value * it->second);
}

namespace {

std::string toml_value(const json& v) {
  if (!v.is_array()) return v.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string out = "[";
  for (size_t i = 0; i < v.size(); ++i) out += (i ? ", " : "") + toml_value(v[i]);
  return out + "]";
}

json field_json(const Field& f) {
  if (f.secret) return "***";
  return std::visit([](auto* p) -> json { return *p; }, f.value);
}

}  // namespace

Command::Command(const std::string& verb, std::vector<OptionGroup> groups, PresetTable presets)
    : spoken_(verb),
      verb_(verb.substr(0, verb.find(' '))),
      groups_(std::move(groups)),
      presets_(std::move(presets)) {
  for (OptionGroup& g : groups_)
    for (const Field& f : g.fields.all()) slots_[f.name] = {g.fields.find(f.name), g.global};
}

std::vector<std::string> Command::flag_names() const {
  std::vector<std::string> out;
  for (const OptionGroup& g : groups_)
    for (const Field& f : g.fields.all()) {
      out.push_back(flag_of(f.name));
      for (const auto* names : {&f.aliases, &f.inverse_aliases})
        for (const std::string& a : *names) out.push_back(flag_of(a));
    }
  return out;
}

std::map<std::string, std::vector<std::string>> Command::parse_flags(
    const std::vector<std::string>& args) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::map<std::string, CLI::Option*> options;
  std::map<std::string, std::string> inverse, bare;
  for (const auto& [name, slot] : slots_) {
    const Field& f = *slot.field;
    for (const std::string& a : f.inverse_aliases) inverse[flag_of(a)] = flag_of(name);
    if (!f.bare.empty()) bare[flag_of(name)] = f.bare;
    std::string names = flag_of(name);
    for (const std::string& a : f.aliases) names += "," + flag_of(a);
    if (is_switch(f)) {
      names += ",!--no-" + flag_of(name).substr(2);
      options[name] = app.add_flag(names)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    } else if (is_list(f)) {
      options[name] = app.add_option(names)->expected(1, 1 << 20);
      if (!f.verbatim) options[name]->delimiter(',');
    } else {
      options[name] = app.add_option(names)->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    }
  }
  std::vector<std::string> words;
  bool literal = false;
  for (std::string word : args) {
    literal = literal || word == "--";
    if (!literal && word.rfind("--", 0) == 0)
      for (size_t i = 2; i < word.size() && word[i] != '='; ++i)
        if (word[i] == '_') word[i] = '-';
    words.push_back(word);
  }
  words = with_bare_values(without_inverse(words, inverse), bare);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& e) {
    throw Error(Code::kBadValue, e.what(), {},
                {fmt::format("voxlip {} --help lists every flag", spoken_)});
  }
  arguments_.clear();
  for (const std::string& extra : app.remaining()) {
    if (extra == "--") continue;
    const bool is_flag = !literal && extra.size() > 1 && extra[0] == '-' &&
                         std::isdigit(static_cast<unsigned char>(extra[1])) == 0;
    if (is_flag) {
      const std::string name = extra.substr(0, extra.find('='));
      const std::string near = nearest_name(name, flag_names());
      throw Error(Code::kUnknownName,
                  fmt::format("unknown flag {}{}", name,
                              near.empty() ? "" : "; did you mean " + near + "?"),
                  {}, {fmt::format("voxlip {} --help lists every flag", spoken_)});
    }
    arguments_.push_back(extra);
  }
  const bool open_ended =
      !positionals_.empty() && positionals_.back().find("...") != std::string::npos;
  if (arguments_.size() > positionals_.size() && !open_ended)
    throw Error(Code::kUnknownName,
                fmt::format("\"{}\" is one word too many", arguments_[positionals_.size()]));
  std::map<std::string, std::vector<std::string>> out;
  for (const auto& [name, option] : options)
    if (option->count() > 0) out[name] = option->results();
  return out;
}

void Command::apply_json(const std::string& key, const json& value, const Origin& origin, int code,
                         long line, const std::string& file) {
  Slot& slot = slots_.at(key);
  Fields one;
  one.add(key, slot.field->value);
  *one.find(key) = *slot.field;
  try {
    fields_from_json(one, json{{key, value}}, code);
  } catch (const Error& e) {
    if (file.empty()) throw;
    throw Error(e.code(), e.message(),
                Where{.file = file, .line = line > 0 ? std::optional<long>(line) : std::nullopt},
                e.hints());
  }
  origins_[key] = origin;
}

std::string Command::early_text(
    const std::string& key, const std::map<std::string, std::vector<std::string>>& flags) const {
  if (const auto it = flags.find(key); it != flags.end()) return it->second.back();
  if (const char* v = std::getenv(variable_of(key).c_str())) return v;
  return {};
}

void Command::apply_file(const std::map<std::string, std::vector<std::string>>& flags) {
  std::string path = early_text("config", flags);
  if (path.empty())
    for (const fs::path& p :
         {fs::path("voxlip.toml"), fs::path("voxlip.json"), fs::path(config_dir()) / "voxlip.toml",
          fs::path(config_dir()) / "voxlip.json"})
      if (path.empty() && fs::exists(p)) path = p.string();
  std::string preset = early_text("preset", flags);
  json file = json::object();
  std::map<std::string, long> lines;
  if (!path.empty()) file = read_config(path, lines);
  if (file.contains("preset") && file["preset"].is_object())
    for (const auto& [name, table] : file["preset"].items()) {
      auto& own = presets_[name];
      if (table.contains("base") && presets_.count(table.value("base", "")))
        own = presets_[table.value("base", "")];
      for (const auto& [key, value] : table.items())
        if (key != "base") own[key] = value;
    }
  if (preset.empty() && file.contains("preset") && file["preset"].is_string())
    preset = file["preset"].get<std::string>();
  apply_preset(preset.empty() ? "balanced" : preset);
  const auto apply = [&](const json& table, const std::string& prefix, bool global) {
    for (const auto& [key, value] : table.items()) {
      const auto slot = slots_.find(key);
      const long line = lines.count(prefix + key) ? lines[prefix + key] : 0;
      if (slot == slots_.end() || slot->second.global != global) {
        std::vector<std::string> known;
        for (const auto& [name, s] : slots_)
          if (s.global == global) known.push_back(name);
        const std::string near = nearest_name(key, known);
        throw Error(Code::kConfig,
                    fmt::format("unknown key \"{}\"{}{}", key, global ? "" : " in [" + verb_ + "]",
                                near.empty() ? "" : "; did you mean \"" + near + "\"?"),
                    Where{.file = path, .line = line},
                    {fmt::format("voxlip {} --print-config lists every key", spoken_)});
      }
      apply_json(key, value, {"file", fmt::format("{}:{}", path, line)},
                 static_cast<int>(Code::kConfig), line, path);
    }
  };
  json globals = json::object();
  for (const auto& [key, value] : file.items())
    if (!value.is_object()) globals[key] = value;
  apply(globals, "", true);
  if (file.contains(verb_) && file[verb_].is_object()) apply(file[verb_], verb_ + ".", false);
}

void Command::apply_preset(const std::string& name) {
  const auto it = presets_.find(name);
  if (it == presets_.end()) {
    if (presets_.empty()) return;
    std::vector<std::string> known;
    for (const auto& [preset, table] : presets_) known.push_back(preset);
    fail(Code::kBadValue, "unknown preset \"{}\"; presets: {}", name, fmt::join(known, " "));
  }
  for (const auto& [key, value] : it->second)
    if (slots_.count(key))
      apply_json(key, value, {"preset", name}, static_cast<int>(Code::kBadValue), 0, "");
}

void Command::apply_environment() {
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string entry = *e;
    if (entry.rfind("VOXLIP_", 0) != 0) continue;
    const std::string variable = entry.substr(0, entry.find('=')),
                      value = entry.substr(entry.find('=') + 1);
    const auto slot = std::find_if(slots_.begin(), slots_.end(),
                                   [&](auto& s) { return variable_of(s.first) == variable; });
    static const std::vector<std::string> kOthers = {"VOXLIP_ASSETS", "VOXLIP_PACKS", "VOXLIP_BIN"};
    if (slot != slots_.end()) {
      const auto words =
          is_list(*slot->second.field) ? split_commas(value) : std::vector<std::string>{value};
      apply_json(slot->first, parse_words(*slot->second.field, words, piped_), {"env", variable},
                 static_cast<int>(Code::kBadValue), 0, "");
    } else if (std::find(kOthers.begin(), kOthers.end(), variable) == kOthers.end()) {
      warnings_.push_back(
          {"W0116", fmt::format("the variable {} is not known to voxlip {}", variable, spoken_)});
    }
  }
}

void Command::resolve(const std::vector<std::string>& args) {
  const auto flags = parse_flags(args);
  apply_file(flags);
  apply_environment();
  for (const auto& [name, words] : flags)
    apply_json(name, parse_words(*slots_.at(name).field, words, piped_), {"flag", ""},
               static_cast<int>(Code::kBadValue), 0, "");
}

const Origin& Command::origin(const std::string& key) const {
  static const Origin kDefault;
  const auto it = origins_.find(key);
  return it == origins_.end() ? kDefault : it->second;
}

namespace {

const std::vector<std::string> kActions = {"print_config", "help"};

}  // namespace

std::string Command::print_toml() const {
  std::string out;
  for (const bool global : {true, false}) {
    if (!global) out += fmt::format("\n[{}]\n", verb_);
    for (const OptionGroup& g : groups_) {
      if (g.global != global) continue;
      for (const Field& f : g.fields.all()) {
        if (std::find(kActions.begin(), kActions.end(), f.name) != kActions.end() ||
            f.name == "config")
          continue;
        const Origin& o = origin(f.name);
        out += fmt::format("{} = {}  # {}{}{}\n", f.name, toml_value(field_json(f)), o.kind,
                           o.from.empty() ? "" : " ", o.from);
      }
    }
  }
  return out;
}

nlohmann::ordered_json Command::print_json() const {
  nlohmann::ordered_json values = nlohmann::ordered_json::object();
  for (const OptionGroup& g : groups_)
    for (const Field& f : g.fields.all()) {
      if (std::find(kActions.begin(), kActions.end(), f.name) != kActions.end()) continue;
      const Origin& o = origin(f.name);
      values[f.name] = {{"value", field_json(f)},
                        {"origin", o.kind},
                        {"from", o.from.empty() ? nlohmann::ordered_json(nullptr)
                                                : nlohmann::ordered_json(o.from)}};
    }
  return {{"schema", "voxlip.config/1"}, {"verb", verb_}, {"values", values}};
}

std::string Command::help(const std::string& summary) const {
  std::string out = fmt::format("usage: voxlip {} [FLAGS]", spoken_);
  for (const std::string& p : positionals_) out += " " + p;
  out += "\n\n" + summary + "\n";
  for (const OptionGroup& g : groups_) {
    out += fmt::format("\n{}\n", g.title);
    for (const Field& f : g.fields.all()) {
      std::string names = flag_of(f.name);
      for (const std::string& a : f.aliases) names += ", " + flag_of(a);
      for (const std::string& a : f.inverse_aliases)
        names += fmt::format(", {} (1 / X)", flag_of(a));
      out += fmt::format("  {} [{}]\n      {}", names, field_json(f).dump(), f.help);
      if (!f.choices.empty()) out += fmt::format("; one of {}", fmt::join(f.choices, " "));
      if (f.min > -1e300) out += fmt::format("; {}..{}", f.min, f.max);
      out += fmt::format(" ({})\n", variable_of(f.name));
    }
  }
  return out;
}

}  // namespace vl
