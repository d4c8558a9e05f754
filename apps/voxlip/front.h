#pragma once

#include <optional>

namespace vl::app {

/// Handles --version, --explain, --help without a verb, and no verb at all. Returns the exit code,
/// or nothing when a verb has to run.
std::optional<int> answer_without_models(int argc, char** argv);

}  // namespace vl::app
