#include <ATen/ATen.h>

#include "vl/core/error.h"
#include "vl/dsp/mfcc.h"
#include "vl/dsp/wav2lip_mel.h"
#include "vl/entries/entry.h"
#include "vl/models/lse/lse.h"
#include "vl/models/s3fd/s3fd.h"
#include "vl/models/syncnet/syncnet.h"
#include "vl/models/wav2lip/wav2lip.h"
#include "vl/models/yunet/yunet.h"

namespace vl::entries {

namespace {

Tensors lip_mel(const Call& call) {
  const bool zero = call.number("zero_pad", 0) != 0;
  return {
      {"mel", dsp::wav2lip_mel(call.input("wave"), zero ? dsp::Pad::kZero : dsp::Pad::kReflect)}};
}

Tensors lip_forward(const Call& call) {
  const auto& model = dynamic_cast<const models::wav2lip::Wav2Lip&>(*call.model);
  if (call.input("mel").numel() == 0) fail(Code::kBadValue, "input:mel holds no window");
  Tensors out;
  const at::Tensor image =
      model.forward(call.input("mel"), call.input("faces"), call.outputs_all ? &out : nullptr);
  out["image"] = image;
  return out;
}

Tensors s3fd_raw(const models::s3fd::S3fd& model, const at::Tensor& frames) {
  const models::s3fd::Heads heads = model.forward(models::s3fd::network_frames(frames));
  Tensors out;
  for (size_t i = 0; i < heads.conf.size(); ++i) {
    out[fmt::format("level{}_conf", i + 1)] = heads.conf[i];
    out[fmt::format("level{}_loc", i + 1)] = heads.loc[i];
  }
  return out;
}

/// Two inputs with one row a window.
void check_windows(const Call& call, const char* one, const char* other) {
  const int64_t a = call.input(one).size(0), b = call.input(other).size(0);
  if (a == 0 || a != b)
    fail(Code::kBadValue, "input:{} holds {} windows, input:{} {}", one, a, other, b);
}

Tensors sync_embed(const Call& call) {
  const auto& model = dynamic_cast<const models::syncnet::SyncNet&>(*call.model);
  check_windows(call, "mel", "faces");
  Tensors out;
  Tensors* taps = call.outputs_all ? &out : nullptr;
  const at::Tensor audio = model.embed_audio(call.input("mel"), taps);
  const at::Tensor face = model.embed_faces(call.input("faces"), taps);
  out["audio_embedding"] = audio;
  out["face_embedding"] = face;
  out["cosine"] = (audio * face).sum(1);
  return out;
}

/// Faces as the public code has them: colour before time.
Tensors lse_embed(const Call& call) {
  const auto& model = dynamic_cast<const models::lse::Lse&>(*call.model);
  check_windows(call, "mfcc", "faces");
  Tensors out;
  Tensors* taps = call.outputs_all ? &out : nullptr;
  out["audio_embedding"] = model.embed_audio(call.input("mfcc"), taps);
  out["face_embedding"] =
      model.embed_faces(call.input("faces").transpose(1, 2).flatten(1, 2), taps);
  return out;
}

Tensors lse_mfcc(const Call& call) { return {{"mfcc", dsp::mfcc(call.input("wave"))}}; }

Tensors face_raw(const Call& call) {
  const at::Tensor& frames = call.input("frames_bgr_u8");
  if (const auto* s3fd = dynamic_cast<const models::s3fd::S3fd*>(call.model))
    return s3fd_raw(*s3fd, frames);
  const auto& model = dynamic_cast<const models::yunet::Yunet&>(*call.model);
  return model.forward(models::yunet::network_frames(frames));
}

/// Rows x1 y1 x2 y2 score, by descending score.
at::Tensor s3fd_rows(const std::vector<models::s3fd::Box>& boxes) {
  at::Tensor out = at::empty({static_cast<int64_t>(boxes.size()), 5}, at::kFloat);
  float* row = out.data_ptr<float>();
  for (const models::s3fd::Box& b : boxes) {
    row = std::copy(b.box.begin(), b.box.end(), row);
    *row++ = b.score;
  }
  return out;
}

/// Rows x1 y1 x2 y2 score and five (x, y), by descending score.
at::Tensor yunet_rows(const std::vector<models::yunet::Face>& faces) {
  at::Tensor out = at::empty({static_cast<int64_t>(faces.size()), 15}, at::kFloat);
  float* row = out.data_ptr<float>();
  for (const models::yunet::Face& f : faces) {
    row = std::copy(f.box.begin(), f.box.end(), row);
    *row++ = f.score;
    for (const auto& point : f.landmarks) row = std::copy(point.begin(), point.end(), row);
  }
  return out;
}

Tensors face_detect(const Call& call) {
  const at::Tensor& frames = call.input("frames_bgr_u8");
  if (frames.numel() == 0) fail(Code::kBadValue, "input:frames_bgr_u8 holds no picture");
  if (const auto* s3fd = dynamic_cast<const models::s3fd::S3fd*>(call.model))
    return {{"detections", s3fd_rows(models::s3fd::detect(*s3fd, frames[0]))}};
  const auto& model = dynamic_cast<const models::yunet::Yunet&>(*call.model);
  return {{"detections", yunet_rows(models::yunet::detect(model, frames[0], 0.6F))}};
}

}  // namespace

std::vector<Entry> wav2lip_entries() {
  const InputSpec frames{"frames_bgr_u8", {-1, -1, -1, 3}, Kind::kUint8};
  return {
      {"wav2lip",
       "mel",
       {{"wave", {1, -1}}, {"zero_pad", {1}, Kind::kInt, true}},
       lip_mel,
       /*needs_model=*/false},
      {"wav2lip", "forward", {{"mel", {-1, 1, 80, 16}}, {"faces", {-1, 6, -1, -1}}}, lip_forward},
      {"syncnet", "embed", {{"mel", {-1, 1, 80, 16}}, {"faces", {-1, 15, 48, 96}}}, sync_embed},
      {"lse", "mfcc", {{"wave", {1, -1}}}, lse_mfcc, /*needs_model=*/false},
      {"lse", "embed", {{"mfcc", {-1, 1, 13, 20}}, {"faces", {-1, 3, 5, 224, 224}}}, lse_embed},
      {"face", "raw", {frames}, face_raw},
      {"face", "detect", {frames}, face_detect},
  };
}

}  // namespace vl::entries
