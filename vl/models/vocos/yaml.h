#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace vl::models::vocos {

/// The YAML subset of published config.yaml files: nested maps by indentation, scalars, inline
/// lists, comments.
/// @return an object; null for text that is not of this form
nlohmann::json parse_simple_yaml(const std::string& text);

}  // namespace vl::models::vocos
