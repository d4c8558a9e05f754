#pragma once

#include "vl/core/error.h"

namespace vl::test {

/// The code of the error that f throws; Code{0} where it throws none.
template <class F>
Code code_of(F&& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.code();
  }
  return Code{0};
}

}  // namespace vl::test
