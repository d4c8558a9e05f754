#pragma once

#include <vector>

#include "vl/media/image.h"

namespace vl::media {

constexpr int kLipSize = 96;

/// Wav2Lip's six input channels: the crop with rows 48..95 zero (B, G, R planes), then the whole
/// crop, each divided by 255.
/// @param crop96 96 x 96 B G R
/// @param out 6 * 96 * 96 floats
void network_input(const Image& crop96, float* out);

/// The prediction (three planes of 96 x 96, B G R in 0..1) times 255, truncated, as a picture.
Image prediction_image(const float* planes);

/// Wav2Lip's paste: the prediction resized to the box overwrites it.
void paste_box(Image& frame, const Rect& box, const Image& prediction);

/// Only the rows below 45 % of the box, with a soft border of `feather` pixels (-1: 8 % of the box
/// height, 4 or more) inside that region.
/// @return the region that changed
Rect paste_mouth(Image& frame, const Rect& box, const Image& prediction, int feather);

}  // namespace vl::media
