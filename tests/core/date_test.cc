#include "vl/core/date.h"

#include <gtest/gtest.h>

namespace vl {
namespace {

TEST(Date, DaysOfTheCalendarOnly) {
  ASSERT_TRUE(parse_date("2026-11-02").has_value());
  EXPECT_EQ(*parse_date("1970-01-02") - *parse_date("1970-01-01"), std::chrono::days(1));
  EXPECT_EQ(*parse_date("2024-03-01") - *parse_date("2024-02-28"), std::chrono::days(2));
  for (const char* text : {"", "2026", "2026-2-03", "2026-13-01", "2026-02-29", "2026-00-10",
                           "2026-11-00", "2026/11/02", "2026-11-02T10:00:00", "+026-11-02",
                           "2026-11--2", " 2026-11-2", "2026-11-02\n"})
    EXPECT_FALSE(parse_date(text).has_value()) << text;
}

TEST(Date, NowIsToday) {
  const std::string now = utc_now();
  ASSERT_EQ(now.size(), 20U);
  EXPECT_EQ(now[10], 'T');
  EXPECT_EQ(now[19], 'Z');
  const auto date = parse_date(now.substr(0, 10));
  ASSERT_TRUE(date.has_value());
  EXPECT_LE(std::chrono::abs(today() - *date), std::chrono::days(1));  // midnight may lie between
}

}  // namespace
}  // namespace vl
