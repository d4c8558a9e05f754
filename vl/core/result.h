#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "vl/core/error.h"
#include "vl/core/warning.h"

namespace vl {

/// The JSON objects Where, Warning and Error of the command line contract; all keys are always
/// there, in its order. `detail` of a Where is for people and stays out.
nlohmann::ordered_json where_json(const Where& where);
nlohmann::ordered_json warning_json(const Warning& warning);
nlohmann::ordered_json error_json(const Error& error);

/// How a run ended.
struct Outcome {
  std::string version;  ///< of the program, "1.0.0"
  std::string verb;     ///< "dub", "models list"
  int exit = 0;
  double elapsed_ms = 0;
  std::vector<Warning> warnings = {};
  std::optional<Error> error = {};
};

/// ok for exit 0, partial for 11, cancelled for 10, failed for every other.
std::string status_of(int exit);
/// "voxlip.models-list/1" for "models list".
std::string schema_of(const std::string& verb);
/// The envelope: schema version verb status exit elapsed_ms warnings error.
nlohmann::ordered_json result_envelope(const Outcome& outcome);
/// The result document: the envelope and the keys of `body` for exits 0, 8, 11 and 14; for every
/// other exit the envelope and "job" (that of body, or null) only.
nlohmann::ordered_json result_document(const Outcome& outcome, const nlohmann::ordered_json& body);

/// The human form on stderr, without a newline at the end: what, where, do, more; one line each.
/// Hints that the error lacks are taken from the catalogue.
std::string error_text(const Error& error, bool color = false);

/// Any exception as an Error: ours as it is, std::bad_alloc is kHostMemory, the rest kInternal.
Error as_error(const std::exception& exception);

}  // namespace vl
