#include "vl/core/error.h"

namespace vl {

std::string code_name(Code code) { return fmt::format("E{:04d}", static_cast<int>(code)); }

bool Where::empty() const {
  return file.empty() && !stream && !frame && !line && !time_s && detail.empty();
}

std::string Where::text() const {
  std::string out = file;
  const auto add = [&out](const std::string& part) { out += (out.empty() ? "" : ", ") + part; };
  if (line) out += (out.empty() ? "line " : ":") + std::to_string(*line);
  if (stream) add(fmt::format("stream {}", *stream));
  if (frame) add(fmt::format("frame {}", *frame));
  if (time_s) add(fmt::format("{:.2f} s", *time_s));
  if (!detail.empty()) add(detail);
  return out;
}

Error::Error(Code code, std::string what, Where where, std::vector<std::string> hints)
    : code_(code), what_(std::move(what)), where_(std::move(where)), hints_(std::move(hints)) {}

Error Error::with_file(const std::string& file) const {
  Error copy = *this;
  if (copy.where_.file.empty()) copy.where_.file = file;
  return copy;
}

Error Error::with_saved(std::vector<std::string> files) const {
  Error copy = *this;
  copy.saved_ = std::move(files);
  return copy;
}

}  // namespace vl
