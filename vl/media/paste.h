#pragma once

#include <vector>

#include "vl/media/image.h"

namespace vl::media {

constexpr int kLipSize = 96;

/// Wav2Lip's six input channels: the crop with its lower half zero (B, G, R planes), then the whole
/// crop, each divided by 255.
/// @param crop square, B G R  @param out 6 * side * side floats
void network_input(const Image& crop, float* out);

/// The prediction (three planes of size x size, B G R in 0..1) times 255, truncated, as a picture.
Image prediction_image(const float* planes, int size = kLipSize);

/// Wav2Lip's paste: the prediction resized to the box overwrites it.
void paste_box(Image& frame, const Rect& box, const Image& prediction);

}  // namespace vl::media
