#pragma once

// Internal to the *_media.cc files: conversion between FFmpeg's pixel formats and B G R.

#include "vl/media/av_handles.h"
#include "vl/media/image.h"

namespace vl::media {

/// One end of a conversion.
struct PixelSide {
  int width = 0, height = 0;
  AVPixelFormat format = AV_PIX_FMT_NONE;
  bool full = false;  ///< 0..255 and not 16..235
  bool operator==(const PixelSide&) const = default;
};

constexpr int kFastSpace = -1;  ///< swscale's own defaults: BT.601, range by the format's name

/// A context of swscale; those last used are kept for each thread and stay valid until the thread's
/// next call. @param space AVColorSpace of both ends, or kFastSpace
/// @throws Error(kUnsupportedKind)
SwsContext* scaler(const PixelSide& from, const PixelSide& to, int space, int flags);

/// The matrix of a picture; where it says none: BT.709 from 720 rows on, else BT.601.
int space_of(const AVFrame& frame);
bool full_range(AVPixelFormat format, AVColorRange range);
/// yuvj420p and its like, which FFmpeg gives up, by their names without range.
AVPixelFormat plain_format(AVPixelFormat format);
PixelSide side_of(const AVFrame& frame);

/// Every sample has bytes of its own, so that a part can be cut out and written. Not so palettes,
/// bit maps and formats of devices.
bool has_samples(AVPixelFormat format);

/// A picture with memory of its own. @throws Error(kHostMemory)
FramePtr new_picture(AVPixelFormat format, int width, int height);
/// A native picture of width x height (at least the part's) that holds the rectangle at its upper
/// left; its last column and row are repeated. @param part starts on whole chroma samples;
/// has_samples()
FramePtr cut_out(const AVFrame& frame, const Rect& part, int width, int height);
/// Copies the samples that the rectangle `inner` of `to` touches, alpha excepted.
/// @param from its upper left is at (x, y) of `to`, on whole chroma samples
void copy_samples(const AVFrame& from, int x, int y, AVFrame& to, const Rect& inner);

/// The picture turned clockwise; where its samples cannot change places (chroma that is halved in
/// one direction), a B G R picture. @param degrees 0, 90, 180 or 270
FramePtr turned(const AVFrame& frame, int degrees);

/// A rectangle of the coded picture; the result does not depend on the rectangle.
Image bgr_of(const AVFrame& frame, const Rect& part);
/// Converts into all of a picture, whose format, size, matrix and range are set.
void fill_from_bgr(const Image& bgr, AVFrame& frame);
/// Replaces a rectangle of the coded picture, which is writable and has_samples().
/// @param mask as that of VideoFrame::write_bgr_region()
void write_bgr(const Image& bgr, const Rect& part, const Image* mask, AVFrame& frame);

}  // namespace vl::media
