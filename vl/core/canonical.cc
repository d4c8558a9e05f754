#include "vl/core/canonical.h"

#include <cmath>

#include "vl/core/sha256.h"

namespace vl {

using nlohmann::json;

namespace {

constexpr double kWholeLimit = 9007199254740992.0;  // 2^53: above it not every integer is a double

json normalised(const json& value) {
  if (value.is_number_float()) {
    const double v = value.get<double>();
    return std::abs(v) < kWholeLimit && v == std::floor(v) ? json(static_cast<int64_t>(v)) : value;
  }
  if (!value.is_structured()) return value;
  json out = value;
  for (json& item : out) item = normalised(item);
  return out;
}

}  // namespace

std::string canonical_json(const json& value) { return normalised(value).dump(); }

std::string canonical_hash(const json& value) {
  return sha256_hex(canonical_json(value)).substr(0, 16);
}

}  // namespace vl
