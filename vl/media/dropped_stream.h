#pragma once

#include <string>

namespace vl::media {

/// A stream of the source that the output's container does not hold.
struct DroppedStream {
  int stream = 0;
  std::string kind, codec;  ///< "subtitle", "subrip"
};

}  // namespace vl::media
