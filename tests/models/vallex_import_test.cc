#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "tests/support/paths.h"
#include "vl/core/error.h"
#include "vl/models/vallex/vallex.h"
#include "vl/weights/checkpoint.h"

namespace vl::models::vallex {
namespace {

/// The refusal of the stored model without the keys that hold one of `parts`.
std::string refusal_without(const std::vector<std::string>& parts) {
  const auto all = nlohmann::json::parse(std::ifstream(test::data("parity/vallex/lm/params.json")));
  auto kept = nlohmann::json::array();
  for (const auto& row : all) {
    const std::string key = row["key"];
    if (std::none_of(parts.begin(), parts.end(),
                     [&](auto& part) { return key.find(part) != std::string::npos; }))
      kept.push_back(row);
  }
  const test::TempDir dir;
  std::ofstream(dir / "params.json") << kept;
  try {
    vallex_class().import(weights::read_fill((dir / "params.json").string(), 405, false));
  } catch (const Error& e) {
    return code_name(e.code()) + " " + e.message();
  }
  return "";
}

TEST(VallexImport, OtherModelsOfTheFamilyAreNamed) {
  EXPECT_EQ(refusal_without({}), "");
  EXPECT_NE(refusal_without({"language_embedding"}).find("E0508 this is a checkpoint of lifeiteng"),
            std::string::npos);
  EXPECT_NE(refusal_without({"nar_"}).find("E0508"), std::string::npos);
  EXPECT_NE(refusal_without({"ar_text_embedding", "ar_decoder"}).find("E0505"), std::string::npos);
}

}  // namespace
}  // namespace vl::models::vallex
