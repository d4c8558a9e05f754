#include "vl/media/colour.h"

#include <cstring>

namespace vl::media {

namespace {

template <class T>
T named(int (*find)(const char*), const std::string& name, T otherwise) {
  const int value = find(name.c_str());
  return value < 0 ? otherwise : static_cast<T>(value);
}

bool is_rgb(AVPixelFormat format) {
  const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(format);
  return d != nullptr && (d->flags & (AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)) != 0;
}

}  // namespace

Colour colour_of(const VideoInfo& v, AVPixelFormat format) {
  Colour c;
  c.range = named(av_color_range_from_name, v.range, AVCOL_RANGE_UNSPECIFIED);
  c.primaries = named(av_color_primaries_from_name, v.primaries, AVCOL_PRI_UNSPECIFIED);
  c.transfer = named(av_color_transfer_from_name, v.transfer, AVCOL_TRC_UNSPECIFIED);
  c.matrix = named(av_color_space_from_name, v.matrix, AVCOL_SPC_UNSPECIFIED);
  c.location = named(av_chroma_location_from_name, v.chroma_location, AVCHROMA_LOC_UNSPECIFIED);
  if (v.pix_fmt.compare(0, 4, "yuvj") == 0) c.range = AVCOL_RANGE_JPEG;
  const bool from_rgb = is_rgb(av_get_pix_fmt(v.pix_fmt.c_str()));
  if (!is_rgb(format) && (from_rgb || c.matrix == AVCOL_SPC_RGB)) {
    c.matrix = v.height >= 720 ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
    c.range = AVCOL_RANGE_MPEG;
  }
  return c;
}

}  // namespace vl::media
