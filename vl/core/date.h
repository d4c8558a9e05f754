#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace vl {

using Date = std::chrono::sys_days;

/// "2026-11-02", a day that is in the calendar; nothing for any other text.
std::optional<Date> parse_date(std::string_view text);
/// The day in UTC.
Date today();
/// "2026-11-02T09:00:00Z".
std::string utc_now();

}  // namespace vl
