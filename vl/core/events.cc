#include "vl/core/events.h"

namespace vl {

using nlohmann::ordered_json;

std::string json_line(const ordered_json& value) {
  return value.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

std::string json_text(const ordered_json& value) {
  return value.dump(2, ' ', false, ordered_json::error_handler_t::replace);
}

EventStream::EventStream(Console& console, Clock clock)
    : console_(console), clock_(std::move(clock)), start_(clock_()) {}

void EventStream::emit(const std::string& event, const std::string& job, ordered_json fields) {
  console_.line_from([&] {
    ordered_json out = {{"event", event},
                        {"seq", ++seq_},
                        {"t_ms", round_ms(clock_() - start_)},
                        {"job", job.empty() ? ordered_json(nullptr) : ordered_json(job)}};
    for (auto& [key, value] : fields.items()) out[key] = std::move(value);
    return json_line(out);
  });
}

}  // namespace vl
