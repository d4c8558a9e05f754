#pragma once

#include <fstream>
#include <string>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/paths.h"
#include "tests/support/torch_golden.h"
#include "vl/models/vallex/vallex.h"
#include "vl/weights/npz.h"

// The small network of the goldens.

namespace vl::models::vallex {

inline const std::string kFolder = "parity/vallex/";

inline const test::Tensors& golden() { return test::golden(kFolder + "lm/golden.safetensors"); }

inline const nlohmann::json& cases() {
  static const auto all =
      nlohmann::json::parse(std::ifstream(test::data(kFolder + "lm/cases.json")));
  return all;
}

inline std::shared_ptr<Vallex> make_net() {
  auto c = weights::read_fill(test::data(kFolder + "lm/params.json").string(), 405, false);
  c.config = nlohmann::json{{"nhead", 4}};
  return std::dynamic_pointer_cast<Vallex>(build(vallex_class().import(c), c.file));
}

inline const Vallex& net() {
  static const auto loaded = make_net();
  return *loaded;
}

/// With the public operator sequence.
inline const Vallex& plain_net() {
  static const auto loaded = [] {
    const auto made = make_net();
    use_reference_path(*made);
    return made;
  }();
  return *loaded;
}

inline LmInput input_of(const std::string& name) {
  const auto& c = cases()["cases"][name];
  LmInput in{.text_tokens = golden().at("input:" + name + ":text_tokens"),
             .language_ids = golden().at("input:" + name + ":language_ids")};
  const int64_t frames = c["prompt_frames"];
  in.prompt_codes = at::zeros({0, 8}, at::kLong);
  if (frames > 0) {
    const auto npz = weights::read_npz(
        test::data("assets/vallex/presets/" + c["preset"].get<std::string>() + ".npz").string());
    in.prompt_codes = npz.at("audio_tokens")[0].slice(0, 0, frames).to(at::kLong).contiguous();
  }
  return in;
}

/// Everything with a golden holds for the kernels and for plain ATen.
class VallexPath : public testing::TestWithParam<nn::Path> {
 protected:
  const Vallex& net() const {
    return GetParam() == nn::Path::kFused ? models::vallex::net() : plain_net();
  }
};

}  // namespace vl::models::vallex
