#include "vl/media/encoder_choice.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstring>

#include "vl/core/error.h"

namespace vl::media {

namespace {

bool is_nvenc(const AVCodec& codec) { return std::strstr(codec.name, "_nvenc") != nullptr; }

const AVCodec* software_of(const std::string& family) {
  if (family == "hevc") return avcodec_find_encoder_by_name("libx265");
  if (family == "vp9") return avcodec_find_encoder_by_name("libvpx-vp9");
  return avcodec_find_encoder_by_name("libx264");
}

bool takes(const AVOutputFormat& container, const std::string& family) {
  const AVCodecDescriptor* d = avcodec_descriptor_get_by_name(family.c_str());
  return d != nullptr && avformat_query_codec(&container, d->id, FF_COMPLIANCE_NORMAL) == 1;
}

std::string family_of(const AVOutputFormat& container, const std::string& asked,
                      const std::string& source) {
  if (asked != "auto" && asked != "h264" && asked != "hevc" && asked != "vp9")
    fail(Code::kBadValue, "unknown video codec {}: it is auto, h264, hevc or vp9", asked);
  if (asked != "auto") {
    if (!takes(container, asked))
      fail(Code::kUnsupportedKind, "a {} file does not take {}", container.name, asked);
    return asked;
  }
  if (std::strcmp(container.name, "webm") == 0) return "vp9";
  const bool same = (source == "hevc" || source == "vp9") && takes(container, source) &&
                    software_of(source) != nullptr;
  return same ? source : "h264";
}

bool loads(const char* library) {
  void* handle = ::dlopen(library, RTLD_LAZY | RTLD_LOCAL);
  if (handle != nullptr) ::dlclose(handle);
  return handle != nullptr;
}

const AVPixFmtDescriptor* described(const std::string& name) {
  return av_pix_fmt_desc_get(av_get_pix_fmt(name.c_str()));
}

bool in_list(const AVCodec& codec, AVPixelFormat wanted) {
  for (const AVPixelFormat* f = codec.pix_fmts; f != nullptr && *f != AV_PIX_FMT_NONE; ++f)
    if (*f == wanted) return true;
  return false;
}

bool has_flag(const AVPixFmtDescriptor* d, uint64_t flag) {
  return d != nullptr && (d->flags & flag) != 0;
}

/// The names of full-range formats that FFmpeg gives up are those of the plain ones.
std::string plain(const std::string& name) {
  return name.compare(0, 4, "yuvj") == 0 ? "yuv" + name.substr(4) : name;
}

std::string pixels_of(const AVCodec& codec, const std::string& source, bool same_family) {
  const std::string wanted = plain(source);
  const AVPixFmtDescriptor* d = described(wanted);
  const int depth = d != nullptr ? d->comp[0].depth : 8;
  // R G B and grey inside a codec of video are seldom played: kept where the source has them so.
  const bool usual = d != nullptr && d->nb_components >= 3 && !has_flag(d, AV_PIX_FMT_FLAG_RGB);
  const bool deep = depth > 8 && std::strcmp(codec.name, "h264_nvenc") != 0;
  if ((usual || same_family) && !has_flag(d, AV_PIX_FMT_FLAG_HWACCEL) &&
      in_list(codec, av_get_pix_fmt(wanted.c_str())) && (deep || depth == 8))
    return wanted;
  std::vector<const char*> others = {"yuv420p", "nv12"};
  if (deep) others.insert(others.begin(), {"yuv420p10le", "p010le"});
  if (deep && depth > 10) others.insert(others.begin(), "yuv420p12le");
  for (const char* name : others)
    if (in_list(codec, av_get_pix_fmt(name))) return name;
  return "yuv420p";
}

/// Other samples, and not only another order of them.
bool differs(const std::string& a, const std::string& b) {
  const AVPixFmtDescriptor *x = described(a), *y = described(b);
  return x == nullptr || y == nullptr || x->comp[0].depth != y->comp[0].depth ||
         x->log2_chroma_w != y->log2_chroma_w || x->log2_chroma_h != y->log2_chroma_h ||
         std::min<int>(x->nb_components, 3) != std::min<int>(y->nb_components, 3) ||
         has_flag(x, AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL) !=
             has_flag(y, AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL);
}

}  // namespace

std::vector<const AVCodec*> candidates(const AVOutputFormat& container, const std::string& source,
                                       const EncoderOptions& o) {
  const std::string family = family_of(container, o.video_codec, source);
  std::vector<const AVCodec*> out;
  if (o.encoder != "auto" && o.encoder != "software" && o.encoder != "nvenc")
    fail(Code::kBadValue, "unknown encoder {}: it is auto, software or nvenc", o.encoder);
  if (o.encoder == "nvenc" && family == "vp9")
    throw Error(Code::kUnsupportedKind, "nvenc does not encode vp9", {},
                {"choose --encoder software, or --video-codec h264 in .mp4, .mov or .mkv"});
  if (o.encoder != "software" && family != "vp9") {
    const std::string name = family + "_nvenc";
    const AVCodec* codec = avcodec_find_encoder_by_name(name.c_str());
    if (codec != nullptr)
      out.push_back(codec);
    else if (o.encoder == "nvenc")
      fail(Code::kNoSuchGpu, "FFmpeg of this machine has no encoder {}", name);
  }
  const AVCodec* software = software_of(family);
  if (o.encoder != "nvenc" && software != nullptr) out.push_back(software);
  if (out.empty())
    fail(Code::kUnsupportedKind, "FFmpeg of this machine has no encoder for {}", family);
  return out;
}

EncoderChoice choice_of(const AVCodec& codec, const VideoInfo& v, const std::string& source,
                        const EncoderOptions& o) {
  EncoderChoice c;
  c.encoder = codec.name;
  c.codec = avcodec_get_name(codec.id);
  c.hardware = is_nvenc(codec);
  c.pix_fmt = plain(o.pix_fmt);
  if (o.pix_fmt == "source") {
    c.pix_fmt = pixels_of(codec, v.pix_fmt, c.codec == source);
  } else if (described(c.pix_fmt) == nullptr) {
    fail(Code::kBadValue, "unknown pixel format {}", o.pix_fmt);
  } else if (!in_list(codec, av_get_pix_fmt(c.pix_fmt.c_str()))) {
    fail(Code::kUnsupportedKind, "encoder {} does not take pixel format {}", codec.name, o.pix_fmt);
  }
  const AVPixFmtDescriptor *from = described(v.pix_fmt), *to = described(c.pix_fmt);
  c.alpha_dropped = has_flag(from, AV_PIX_FMT_FLAG_ALPHA) && !has_flag(to, AV_PIX_FMT_FLAG_ALPHA);
  c.pixels_changed = differs(v.pix_fmt, c.pix_fmt);
  // H.264 and HEVC count in whole chroma samples; VP9 takes any size.
  const bool whole = codec.id != AV_CODEC_ID_VP9;
  const int gx = whole ? 1 << to->log2_chroma_w : 1, gy = whole ? 1 << to->log2_chroma_h : 1;
  c.width = (v.width + gx - 1) / gx * gx;
  c.height = (v.height + gy - 1) / gy * gy;
  c.size_changed = c.width != v.width || c.height != v.height;
  return c;
}

AVDictionary* private_options(AVCodecContext& c, const AVCodec& codec, const EncoderOptions& o) {
  AVDictionary* options = nullptr;
  const std::string name = codec.name, crf = std::to_string(o.crf);
  if (is_nvenc(codec)) {
    c.bit_rate = 0;
    c.max_b_frames = codec.id == AV_CODEC_ID_H264 ? 2 : 0;  // older devices have none in HEVC
    for (const auto& [key, value] :
         std::initializer_list<std::pair<const char*, const char*>>{{"preset", "p5"},
                                                                    {"tune", "hq"},
                                                                    {"rc", "vbr"},
                                                                    {"cq", crf.c_str()},
                                                                    {"forced-idr", "1"},
                                                                    {"strict_gop", "1"}})
      av_dict_set(&options, key, value, 0);
    return options;
  }
  av_dict_set(&options, name == "libx264" && o.crf == 0 ? "qp" : "crf", crf.c_str(), 0);
  if (name == "libvpx-vp9") {
    c.bit_rate = 0;
    av_dict_set(&options, "cpu-used", "5", 0);
    av_dict_set(&options, "row-mt", "1", 0);
    return options;
  }
  av_dict_set(&options, "preset", name == "libx265" ? "superfast" : "veryfast", 0);
  av_dict_set(&options, "forced-idr", "1", 0);
  // Its fast macroblock tree reads memory that nobody wrote: the bytes would change from run to
  // run.
  if (name == "libx264") av_dict_set(&options, "x264-params", "cpu-independent=1", 0);
  if (name == "libx265") {
    // Without its own name in the stream's header, which tells of the machine's cores.
    std::string params = "log-level=none:info=0:open-gop=0";
    if (o.threads > 0) params += fmt::format(":pools={}", o.threads);
    av_dict_set(&options, "x265-params", params.c_str(), 0);
  }
  return options;
}

void refuse_nvenc(const AVCodec& codec, int result) {
  const char* driver = "libcuda.so.1";
  const char* encoder = "libnvidia-encode.so.1";
  const std::string why = !loads(driver)    ? fmt::format("{} is absent", driver)
                          : !loads(encoder) ? fmt::format("{} is absent", encoder)
                                            : "the GPU has no encoder for it: " + av_text(result);
  throw Error(Code::kNoSuchGpu, fmt::format("cannot encode with {}: {}", codec.name, why), {},
              {"choose --encoder software"});
}

}  // namespace vl::media
