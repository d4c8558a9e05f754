#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "vl/core/clock.h"
#include "vl/core/console.h"

namespace vl {

/// One line of JSON; invalid UTF-8 is replaced, never thrown.
std::string json_line(const nlohmann::ordered_json& value);
/// The same, indented for people.
std::string json_text(const nlohmann::ordered_json& value);

/// The JSON lines of stderr: {"event":..,"seq":..,"t_ms":..,"job":..} and the fields of the event.
/// seq counts from 1 over all events of the process in the order of the lines.
class EventStream {
 public:
  explicit EventStream(Console& console, Clock clock = now_ms);

  /// @param job empty: null
  /// @param fields an object; its keys follow in order
  void emit(const std::string& event, const std::string& job, nlohmann::ordered_json fields);

 private:
  Console& console_;
  Clock clock_;
  double start_;
  uint64_t seq_ = 0;  ///< guarded by the console's lock
};

}  // namespace vl
