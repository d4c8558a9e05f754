#include "vl/core/result.h"

#include <algorithm>
#include <filesystem>
#include <new>

#include "vl/core/clock.h"
#include "vl/core/explain.h"

namespace vl {

using nlohmann::ordered_json;

namespace {

template <class T>
ordered_json or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

std::vector<std::string> hints_of(const Error& error) {
  if (!error.hints().empty()) return error.hints();
  return find_explanation(code_name(error.code())).remedies;
}

}  // namespace

ordered_json where_json(const Where& where) {
  return {{"file", where.file.empty() ? ordered_json(nullptr) : ordered_json(where.file)},
          {"stream", or_null(where.stream)},
          {"frame", or_null(where.frame)},
          {"line", or_null(where.line)},
          {"time_s", or_null(where.time_s)}};
}

ordered_json warning_json(const Warning& warning) {
  return {
      {"code", warning.code}, {"message", warning.message}, {"where", where_json(warning.where)}};
}

ordered_json error_json(const Error& error) {
  return {{"code", code_name(error.code())}, {"exit", error.exit()},
          {"message", error.message()},      {"where", where_json(error.where())},
          {"do", hints_of(error)},           {"saved", error.saved()}};
}

std::string status_of(int exit) {
  return exit == 0 ? "ok" : exit == 10 ? "cancelled" : exit == 11 ? "partial" : "failed";
}

std::string schema_of(const std::string& verb) {
  std::string name = verb;
  std::replace(name.begin(), name.end(), ' ', '-');
  return "voxlip." + name + "/1";
}

ordered_json result_envelope(const Outcome& outcome) {
  ordered_json warnings = ordered_json::array();
  for (const Warning& w : outcome.warnings) warnings.push_back(warning_json(w));
  return {{"schema", schema_of(outcome.verb)},
          {"version", outcome.version},
          {"verb", outcome.verb},
          {"status", status_of(outcome.exit)},
          {"exit", outcome.exit},
          {"elapsed_ms", round_ms(outcome.elapsed_ms)},
          {"warnings", std::move(warnings)},
          {"error", outcome.error ? error_json(*outcome.error) : ordered_json(nullptr)}};
}

ordered_json result_document(const Outcome& outcome, const ordered_json& body) {
  ordered_json out = result_envelope(outcome);
  const int exit = outcome.exit;
  if (exit == 0 || exit == 8 || exit == 11 || exit == 14) {
    for (const auto& [key, value] : body.items()) out[key] = value;
  } else {
    out["job"] = body.is_object() && body.contains("job") ? body["job"] : ordered_json(nullptr);
  }
  return out;
}

std::string error_text(const Error& error, bool color) {
  const std::string code = code_name(error.code()), where = one_line(error.where().text());
  std::string out = fmt::format("{}error[{}]{}: {}", color ? "\x1b[1;31m" : "", code,
                                color ? "\x1b[0m" : "", one_line(error.message()));
  if (!where.empty()) out += "\n  where: " + where;
  const std::vector<std::string> hints = hints_of(error);
  if (!hints.empty()) out += "\n  do:    " + one_line(fmt::format("{}", fmt::join(hints, "; ")));
  return out + "\n  more:  voxlip --explain " + code;
}

Error as_error(const std::exception& exception) {
  if (const auto* ours = dynamic_cast<const Error*>(&exception)) return *ours;
  if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr)
    return Error(Code::kHostMemory, "the machine has not enough free memory");
  if (const auto* file = dynamic_cast<const std::filesystem::filesystem_error*>(&exception))
    return Error(
        file->code() == std::errc::no_space_on_device ? Code::kDiskFull : Code::kNotWritable,
        fmt::format("cannot write {}: {}", file->path1().string(), file->code().message()),
        Where{.file = file->path1().string()});
  // Errors of libtorch carry their stack behind these words.
  const std::string what = exception.what(), text = what.substr(0, what.find("\nException raised"));
  if (text.find("can't allocate memory") != std::string::npos)
    return Error(Code::kHostMemory, "the machine has not enough free memory");
  return Error(Code::kInternal, text);
}

}  // namespace vl
