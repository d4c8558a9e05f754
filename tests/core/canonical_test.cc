#include "vl/core/canonical.h"

#include <gtest/gtest.h>

#include "vl/core/sha256.h"

namespace vl {
namespace {

using nlohmann::json;

TEST(Canonical, OneTextForEveryWayToWriteAValue) {
  const struct {
    const char* written;
    const char* canonical;
  } rows[] = {
      {R"({ "b": 1, "a": [1, 2] })", R"({"a":[1,2],"b":1})"},
      {R"({"a":5.0,"b":{"d":-0.0,"c":null}})", R"({"a":5,"b":{"c":null,"d":0}})"},
      {R"([0.10, 1e2, 1e300, true, "5.0"])", R"([0.1,100,1e+300,true,"5.0"])"},
  };
  for (const auto& r : rows) {
    EXPECT_EQ(canonical_json(json::parse(r.written)), r.canonical);
    EXPECT_EQ(canonical_hash(json::parse(r.written)), sha256_hex(r.canonical).substr(0, 16));
  }
}

TEST(Canonical, EveryChangedValueChangesTheHash) {
  const json base = {{"clip_s", 5}, {"engine", "fused"}, {"models", {{"rvc", "aa"}}}};
  for (const json& patch : {json{{"clip_s", 5.5}}, json{{"engine", "ref"}},
                            json{{"models", {{"rvc", "ab"}}}}, json{{"more", nullptr}}}) {
    json changed = base;
    changed.update(patch);
    EXPECT_NE(canonical_hash(changed), canonical_hash(base)) << patch;
  }
}

}  // namespace
}  // namespace vl
