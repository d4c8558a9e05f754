#pragma once

#include <cstdint>

namespace vl::models::s3fd {

inline constexpr int kLevels = 6;
/// The layers that the six pairs of heads read.
inline constexpr const char* kSources[] = {"conv3_3_norm", "conv4_3_norm", "conv5_3_norm",
                                           "fc7",          "conv6_2",      "conv7_2"};

/// One convolution of the trunk; `in` and `out` in widths, 0 for the three colours.
struct Layer {
  const char* name;
  int64_t in, out, kernel, stride, padding;
  bool pool;  ///< 2 x 2 before it
};
inline constexpr Layer kTrunk[] = {
    {"conv1_1", 0, 1, 3, 1, 1, false}, {"conv1_2", 1, 1, 3, 1, 1, false},
    {"conv2_1", 1, 2, 3, 1, 1, true},  {"conv2_2", 2, 2, 3, 1, 1, false},
    {"conv3_1", 2, 4, 3, 1, 1, true},  {"conv3_2", 4, 4, 3, 1, 1, false},
    {"conv3_3", 4, 4, 3, 1, 1, false}, {"conv4_1", 4, 8, 3, 1, 1, true},
    {"conv4_2", 8, 8, 3, 1, 1, false}, {"conv4_3", 8, 8, 3, 1, 1, false},
    {"conv5_1", 8, 8, 3, 1, 1, true},  {"conv5_2", 8, 8, 3, 1, 1, false},
    {"conv5_3", 8, 8, 3, 1, 1, false}, {"fc6", 8, 16, 3, 1, 3, true},
    {"fc7", 16, 16, 1, 1, 0, false},   {"conv6_1", 16, 4, 1, 1, 0, false},
    {"conv6_2", 4, 8, 3, 2, 1, false}, {"conv7_1", 8, 2, 1, 1, 0, false},
    {"conv7_2", 2, 4, 3, 2, 1, false}};

}  // namespace vl::models::s3fd
