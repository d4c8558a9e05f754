#pragma once

#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/support/torch_golden.h"
#include "vl/models/vallex/vallex.h"

// The small network of the goldens.

namespace vl::models::vallex {

inline const std::string kFolder = "parity/vallex/";

const test::Tensors& golden();
const nlohmann::json& cases();
std::shared_ptr<Vallex> make_net();
const Vallex& net();
/// With the public operator sequence.
const Vallex& plain_net();
LmInput input_of(const std::string& name);

/// Everything with a golden holds for the kernels and for plain ATen.
class VallexPath : public testing::TestWithParam<nn::Path> {
 protected:
  const Vallex& net() const {
    return GetParam() == nn::Path::kFused ? models::vallex::net() : plain_net();
  }
};

}  // namespace vl::models::vallex
