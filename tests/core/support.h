#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "vl/core/console.h"
#include "vl/core/error.h"

namespace vl::test {

/// The Error that `work` throws, or none.
inline std::optional<Error> error_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& e) {
    return e;
  }
  return std::nullopt;
}

/// "E0202 message" of the Error that `work` throws, or "ok".
inline std::string outcome_of(const std::function<void()>& work) {
  const auto e = error_of(work);
  return e ? code_name(e->code()) + " " + e->message() : "ok";
}

/// A console whose bytes are kept.
struct Recorder {
  explicit Recorder(bool terminal = false, bool color = false)
      : console([this](std::string_view bytes) { text += bytes; }, terminal, color) {}

  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    size_t from = 0;
    for (size_t at; (at = text.find('\n', from)) != std::string::npos; from = at + 1)
      out.push_back(text.substr(from, at - from));
    return out;
  }

  std::string text;
  Console console;
};

}  // namespace vl::test
