#include "vl/media/pixels.h"

#include <algorithm>
#include <cstring>
#include <list>

#include "vl/core/error.h"

namespace vl::media {

namespace {

constexpr int kMargin = 8;    // pixels around a part that filters may look at
constexpr int kGrain = 64;    // sizes of parts are rounded up to it: fewer contexts
constexpr size_t kKept = 12;  // contexts of a thread
constexpr int kExact = SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP;

struct Kept {
  PixelSide from, to;
  int space, flags;
  SwsPtr sws;
};

const AVPixFmtDescriptor& descriptor(int format) {
  const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(format));
  if (d == nullptr) fail(Code::kUnsupportedKind, "a pixel format without a name is not supported");
  return *d;
}

bool is_chroma(const AVPixFmtDescriptor& d, int component) {
  return (component == 1 || component == 2) && d.nb_components > 2 &&
         (d.flags & AV_PIX_FMT_FLAG_RGB) == 0;
}

/// A plane as rows of units; a unit holds the samples of 1 << sx columns and 1 << sy rows.
struct Plane {
  int unit = 0, sx = 0, sy = 0;
  bool mixed = false;  ///< luma and chroma, or alpha, in one unit
};

Plane plane_of(const AVPixFmtDescriptor& d, int index) {
  Plane p;
  int luma_step = 0;
  bool chroma = false, alpha = false;
  for (int c = 0; c < d.nb_components; ++c) {
    if (d.comp[c].plane != index) continue;
    p.unit = std::max(p.unit, d.comp[c].step);
    if (is_chroma(d, c))
      chroma = true;
    else
      luma_step = d.comp[c].step;
    alpha |= (d.flags & AV_PIX_FMT_FLAG_ALPHA) != 0 && c == d.nb_components - 1;
  }
  p.mixed = (chroma && luma_step > 0) || alpha;
  if (luma_step == 0) {
    p.sx = d.log2_chroma_w;
    p.sy = d.log2_chroma_h;
  } else {
    while ((luma_step << p.sx) < p.unit) ++p.sx;
  }
  return p;
}

int up(int value, int shift) { return -((-value) >> shift); }
int up_to(int value, int grain) { return (value + grain - 1) / grain * grain; }

const uint8_t* at(const AVFrame& f, int plane, int row) {
  return f.data[plane] + static_cast<ptrdiff_t>(row) * f.linesize[plane];
}
uint8_t* at(AVFrame& f, int plane, int row) {
  return f.data[plane] + static_cast<ptrdiff_t>(row) * f.linesize[plane];
}

/// What filters see of one axis around [from, to): on whole chroma samples, inside [0, size), and
/// of few lengths. At the end of the axis it ends there too: swscale treats borders in its own way.
std::pair<int, int> window(int from, int to, int size, int unit) {
  const int begin = std::max(0, from / unit * unit - kMargin);
  const int length = std::min(size, up_to(to + kMargin - begin, kGrain));
  const int start = std::min(begin, size - length);
  return {start, start + length};
}

/// The part with what filters see around it; it may reach past odd sizes.
Rect with_margin(const Rect& r, const AVFrame& f) {
  const AVPixFmtDescriptor& d = descriptor(f.format);
  const int gx = 1 << d.log2_chroma_w, gy = 1 << d.log2_chroma_h;
  const auto [x1, x2] = window(r.x1, r.x2, up_to(f.width, gx), gx);
  const auto [y1, y2] = window(r.y1, r.y2, up_to(f.height, gy), gy);
  return {x1, y1, x2, y2};
}

Rect inside(const Rect& r, const AVFrame& f) {
  return {r.x1, r.y1, std::min(r.x2, f.width), std::min(r.y2, f.height)};
}

/// Grey has no matrix; swscale forgets its range.
Image grey_to_bgr(const AVFrame& f) {
  const bool full = side_of(f).full;
  Image out(f.width, f.height);
  for (int y = 0; y < f.height; ++y) {
    const uint8_t* from = at(f, 0, y);
    uint8_t* to = out.row(y);
    for (int x = 0; x < f.width; ++x, to += 3)
      to[0] = to[1] = to[2] = static_cast<uint8_t>(
          full ? from[x] : std::clamp(((from[x] - 16) * 255 + 109) / 219, 0, 255));
  }
  return out;
}

Image convert_whole(const AVFrame& f) {
  if (f.format == AV_PIX_FMT_GRAY8) return grey_to_bgr(f);
  Image out(f.width, f.height);
  uint8_t* to[4] = {out.data.data()};
  const int stride[4] = {3 * out.width};
  sws_scale(scaler(side_of(f), {f.width, f.height, AV_PIX_FMT_BGR24, true}, space_of(f), kExact),
            f.data, f.linesize, 0, f.height, to, stride);
  return out;
}

/// The picture at the upper left of one of width x height; its last column and row are repeated.
Image grown(const Image& image, int width, int height) {
  Image out(width, height);
  for (int y = 0; y < height; ++y) {
    uint8_t* to = out.row(y);
    std::memcpy(to, image.row(std::min(y, image.height - 1)), 3 * static_cast<size_t>(image.width));
    const uint8_t* last = to + 3 * (image.width - 1);
    for (int x = image.width; x < width; ++x) std::memcpy(to + 3 * x, last, 3);
  }
  return out;
}

void convert_to_native(const Image& bgr, AVFrame& to, int space) {
  const uint8_t* from[4] = {bgr.data.data()};
  const int stride[4] = {3 * bgr.width};
  sws_scale(scaler({bgr.width, bgr.height, AV_PIX_FMT_BGR24, true}, side_of(to), space, kExact),
            from, stride, 0, bgr.height, to.data, to.linesize);
}

}  // namespace

SwsContext* scaler(const PixelSide& from, const PixelSide& to, int space, int flags) {
  thread_local std::list<Kept> kept;
  const auto found = std::find_if(kept.begin(), kept.end(), [&](const Kept& k) {
    return k.from == from && k.to == to && k.space == space && k.flags == flags;
  });
  if (found != kept.end()) {
    kept.splice(kept.begin(), kept, found);
    return kept.front().sws.get();
  }
  av_log_set_level(AV_LOG_QUIET);
  SwsPtr sws(sws_getContext(from.width, from.height, from.format, to.width, to.height, to.format,
                            flags, nullptr, nullptr, nullptr));
  if (!sws)
    fail(Code::kUnsupportedKind, "pixel format {} is not supported",
         descriptor(from.format == AV_PIX_FMT_BGR24 ? to.format : from.format).name);
  if (space != kFastSpace) {
    const int* table = sws_getCoefficients(space);
    sws_setColorspaceDetails(sws.get(), table, from.full ? 1 : 0, table, to.full ? 1 : 0, 0,
                             1 << 16, 1 << 16);
  }
  kept.push_front({from, to, space, flags, std::move(sws)});
  if (kept.size() > kKept) kept.pop_back();
  return kept.front().sws.get();
}

int space_of(const AVFrame& f) {
  if (f.colorspace != AVCOL_SPC_UNSPECIFIED && f.colorspace != AVCOL_SPC_RGB) return f.colorspace;
  return f.height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
}

bool full_range(AVPixelFormat format, AVColorRange range) {
  const AVPixFmtDescriptor& d = descriptor(format);
  if ((d.flags & AV_PIX_FMT_FLAG_RGB) != 0 || std::strncmp(d.name, "yuvj", 4) == 0) return true;
  return range == AVCOL_RANGE_JPEG || (range == AVCOL_RANGE_UNSPECIFIED && d.nb_components < 3);
}

AVPixelFormat plain_format(AVPixelFormat format) {
  const std::string name = descriptor(format).name;
  return name.compare(0, 4, "yuvj") == 0 ? av_get_pix_fmt(("yuv" + name.substr(4)).c_str())
                                         : format;
}

PixelSide side_of(const AVFrame& f) {
  const auto format = static_cast<AVPixelFormat>(f.format);
  return {f.width, f.height, plain_format(format), full_range(format, f.color_range)};
}

bool has_samples(AVPixelFormat format) {
  constexpr uint64_t kOdd = AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM |
                            AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER;
  return (descriptor(format).flags & kOdd) == 0 && format != AV_PIX_FMT_UYYVYY411;
}

FramePtr new_picture(AVPixelFormat format, int width, int height) {
  FramePtr out(av_frame_alloc());
  out->format = format;
  out->width = width;
  out->height = height;
  if (av_frame_get_buffer(out.get(), 0) < 0)
    fail(Code::kHostMemory, "no memory for a picture of {} x {}", width, height);
  return out;
}

FramePtr cut_out(const AVFrame& f, const Rect& part, int width, int height) {
  const AVPixFmtDescriptor& d = descriptor(f.format);
  FramePtr out = new_picture(static_cast<AVPixelFormat>(f.format), width, height);
  out->color_range = f.color_range;
  out->colorspace = f.colorspace;
  for (int i = 0; i < 4 && out->data[i] != nullptr; ++i) {
    const Plane p = plane_of(d, i);
    if (p.unit == 0) continue;
    const int x1 = part.x1 >> p.sx, units = up(part.x2, p.sx) - x1, all = up(width, p.sx);
    const int y1 = part.y1 >> p.sy, rows = up(part.y2, p.sy) - y1;
    const auto bytes = static_cast<size_t>(units) * p.unit;
    for (int y = 0; y < up(height, p.sy); ++y) {
      uint8_t* to = at(*out, i, y);
      std::memcpy(to, at(f, i, y1 + std::min(y, rows - 1)) + static_cast<ptrdiff_t>(x1) * p.unit,
                  bytes);
      for (int x = units; x < all; ++x)
        std::memcpy(to + static_cast<ptrdiff_t>(x) * p.unit, to + bytes - p.unit,
                    static_cast<size_t>(p.unit));
    }
  }
  return out;
}

namespace {

/// copy_samples() for one component among others of its units.
void copy_component(const AVFrame& from, int x, int y, AVFrame& to, const Rect& inner,
                    const AVPixFmtDescriptor& d, int component) {
  const AVComponentDescriptor& c = d.comp[component];
  const bool chroma = is_chroma(d, component);
  const int sx = chroma ? d.log2_chroma_w : 0, sy = chroma ? d.log2_chroma_h : 0;
  const auto bytes = static_cast<size_t>((c.depth + c.shift + 7) / 8);
  for (int row = inner.y1 >> sy; row < up(inner.y2, sy); ++row)
    for (int col = inner.x1 >> sx; col < up(inner.x2, sx); ++col)
      std::memcpy(at(to, c.plane, row) + static_cast<ptrdiff_t>(col) * c.step + c.offset,
                  at(from, c.plane, row - (y >> sy)) +
                      static_cast<ptrdiff_t>(col - (x >> sx)) * c.step + c.offset,
                  bytes);
}

}  // namespace

void copy_samples(const AVFrame& from, int x, int y, AVFrame& to, const Rect& inner) {
  const AVPixFmtDescriptor& d = descriptor(to.format);
  const bool alpha = (d.flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
  for (int i = 0; i < 4; ++i) {
    const Plane p = plane_of(d, i);
    if (p.unit == 0) continue;
    if (p.mixed) {
      for (int c = 0; c < d.nb_components - (alpha ? 1 : 0); ++c)
        if (d.comp[c].plane == i) copy_component(from, x, y, to, inner, d, c);
      continue;
    }
    const int x1 = inner.x1 >> p.sx, units = up(inner.x2, p.sx) - x1;
    for (int row = inner.y1 >> p.sy; row < up(inner.y2, p.sy); ++row)
      std::memcpy(
          at(to, i, row) + static_cast<ptrdiff_t>(x1) * p.unit,
          at(from, i, row - (y >> p.sy)) + static_cast<ptrdiff_t>(x1 - (x >> p.sx)) * p.unit,
          static_cast<size_t>(units) * p.unit);
  }
}

namespace {

/// Turns the units of one plane.
void turn_plane(const AVFrame& from, AVFrame& to, int plane, const Plane& p, int degrees) {
  const int width = up(to.width, p.sx), height = up(to.height, p.sy);
  const int last_x = up(from.width, p.sx) - 1, last_y = up(from.height, p.sy) - 1;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const int fx = degrees == 90 ? y : degrees == 180 ? last_x - x : last_x - y;
      const int fy = degrees == 90 ? last_y - x : degrees == 180 ? last_y - y : x;
      std::memcpy(at(to, plane, y) + static_cast<ptrdiff_t>(x) * p.unit,
                  at(from, plane, fy) + static_cast<ptrdiff_t>(fx) * p.unit,
                  static_cast<size_t>(p.unit));
    }
}

bool turns_in_place(const AVFrame& f, int degrees) {
  const auto format = static_cast<AVPixelFormat>(f.format);
  const AVPixFmtDescriptor& d = descriptor(format);
  const bool packed = d.nb_components > 2 && d.log2_chroma_w > 0 && plane_of(d, 0).sx > 0;
  // With halved chroma, the samples of an odd size would be those of other pixels.
  const bool whole =
      f.width % (1 << d.log2_chroma_w) == 0 && f.height % (1 << d.log2_chroma_h) == 0;
  return has_samples(format) && !packed && whole &&
         (degrees == 180 || d.log2_chroma_w == d.log2_chroma_h);
}

}  // namespace

FramePtr turned(const AVFrame& f, int degrees) {
  if (degrees == 0) return FramePtr(av_frame_clone(&f));
  const bool swapped = degrees % 180 != 0, samples = turns_in_place(f, degrees);
  FramePtr out = new_picture(samples ? static_cast<AVPixelFormat>(f.format) : AV_PIX_FMT_BGR24,
                             swapped ? f.height : f.width, swapped ? f.width : f.height);
  av_frame_copy_props(out.get(), &f);
  out->sample_aspect_ratio = swapped && f.sample_aspect_ratio.num > 0
                                 ? av_inv_q(f.sample_aspect_ratio)
                                 : f.sample_aspect_ratio;
  if (samples) {
    for (int i = 0; i < 4 && out->data[i] != nullptr; ++i)
      turn_plane(f, *out, i, plane_of(descriptor(f.format), i), degrees);
    return out;
  }
  out->colorspace = AVCOL_SPC_RGB;
  const Image image = rotate(bgr_of(f, {0, 0, f.width, f.height}), degrees);
  for (int y = 0; y < image.height; ++y)
    std::memcpy(at(*out, 0, y), image.row(y), 3 * static_cast<size_t>(image.width));
  return out;
}

Image bgr_of(const AVFrame& f, const Rect& part) {
  const bool whole = part.x1 == 0 && part.y1 == 0 && part.x2 == f.width && part.y2 == f.height;
  if (!has_samples(static_cast<AVPixelFormat>(f.format)))
    return whole ? convert_whole(f) : crop(convert_whole(f), part);
  // swscale spreads the chroma of odd sizes over the whole width; here samples keep their places.
  const AVPixFmtDescriptor& d = descriptor(f.format);
  const int gx = 1 << d.log2_chroma_w, gy = 1 << d.log2_chroma_h;
  if (whole && f.width % gx == 0 && f.height % gy == 0) return convert_whole(f);
  const Rect around =
      whole ? Rect{0, 0, up_to(f.width, gx), up_to(f.height, gy)} : with_margin(part, f);
  const FramePtr cut = cut_out(f, inside(around, f), around.width(), around.height());
  cut->colorspace = static_cast<AVColorSpace>(space_of(f));  // its height must not decide
  return crop(convert_whole(*cut),
              {part.x1 - around.x1, part.y1 - around.y1, part.x2 - around.x1, part.y2 - around.y1});
}

void fill_from_bgr(const Image& bgr, AVFrame& f) {
  const AVPixFmtDescriptor& d = descriptor(f.format);
  const int width = up_to(f.width, 1 << d.log2_chroma_w),
            height = up_to(f.height, 1 << d.log2_chroma_h);
  if (width == f.width && height == f.height) return convert_to_native(bgr, f, space_of(f));
  const FramePtr even = new_picture(static_cast<AVPixelFormat>(f.format), width, height);
  even->color_range = f.color_range;
  convert_to_native(grown(bgr, width, height), *even, space_of(f));
  even->width = f.width;
  even->height = f.height;
  av_frame_copy(&f, even.get());
}

namespace {

/// Columns first .. second - 1 of the rows y1 .. y2 - 1 that hold what the mask shows.
std::pair<int, int> masked_columns(const Image& mask, int y1, int y2) {
  int first = mask.width, last = -1;
  for (int y = y1; y < y2; ++y)
    for (int x = 0; x < mask.width; ++x)
      if (mask.row(y)[x] != 0) first = std::min(first, x), last = std::max(last, x);
  return {first, last + 1};
}

}  // namespace

void write_bgr(const Image& bgr, const Rect& part, const Image* mask, AVFrame& f) {
  const Rect around = with_margin(part, f);
  Image old = bgr_of(f, inside(around, f));
  for (int y = 0; y < bgr.height; ++y)
    std::memcpy(old.row(part.y1 - around.y1 + y) + 3 * (part.x1 - around.x1), bgr.row(y),
                3 * static_cast<size_t>(bgr.width));
  const FramePtr patch =
      new_picture(static_cast<AVPixelFormat>(f.format), around.width(), around.height());
  patch->color_range = f.color_range;
  convert_to_native(grown(old, around.width(), around.height()), *patch, space_of(f));
  if (mask == nullptr) return copy_samples(*patch, around.x1, around.y1, f, part);
  // Rows that share chroma samples go together.
  const int step = 1 << descriptor(f.format).log2_chroma_h;
  for (int y = part.y1 / step * step; y < part.y2; y += step) {
    const int top = std::max(y, part.y1), bottom = std::min(y + step, part.y2);
    const auto [first, end] = masked_columns(*mask, top - part.y1, bottom - part.y1);
    if (first < end)
      copy_samples(*patch, around.x1, around.y1, f, {part.x1 + first, top, part.x1 + end, bottom});
  }
}

}  // namespace vl::media
