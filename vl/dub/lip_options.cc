// The flags of faces, lips and encoding.
#include <algorithm>

#include "vl/core/error.h"
#include "vl/dub/options.h"

namespace vl::dub {

void describe(LipsOptions& o, Fields& f) {
  f.add("wav2lip_model", &o.wav2lip_model, "Wav2Lip model: name or file")
      .alias({"checkpoint-path"});
  f.add("face_model", &o.face_model,
        "face finder: name or file; an S3FD file makes S3FD the finder");
  f.add("pads", &o.pads, "pixels added to the face box: top bottom left right").range(-4096, 4096);
  f.add("box", &o.box, "fixed face box, top bottom left right; skips detection").range(-1, 8192);
  f.add(
       "crop", &o.crop,
       "the part of the picture with the face: top bottom left right, -1 is the end; with --compat "
       "wav2lip all else is cut off")
      .range(-1, 8192);
  f.add("rotate", &o.rotate,
        "degrees clockwise that make the picture upright: 0 90 180 270; alone: 90")
      .range(0, 270)
      .alone("90");
  f.add("resize_factor", &o.resize_factor,
        "faces are looked for at this part of the size; with --compat wav2lip the output is made "
        "smaller")
      .range(1, 8);
  f.add("nosmooth", &o.nosmooth, "no smoothing of the face boxes over five frames")
      .alias({"no-smooth"});
  f.add("static", &o.only_first, "the first picture only");
  f.add("fps", &o.fps, "pictures a second, where the input is one picture").range(1, 120);
  f.add("face_det_batch_size", &o.face_det_batch_size,
        "frames that --compat wav2lip gives the finder together")
      .range(1, 1024);
  f.add("wav2lip_batch_size", &o.wav2lip_batch_size, "frames a call of Wav2Lip").range(1, 1024);
  f.add("min_face_score", &o.min_face_score,
        "faces below this score are passed over; 0: 0.6 for YuNet, 0.5 for S3FD")
      .range(0, 1);
  f.add("detect_every", &o.detect_every,
        "look for faces on every Nth frame and at cuts, follow them between")
      .range(1, 25)
      .alias({"det-every"});
  f.add("face_select", &o.face_select,
        "which of several faces: auto (whose mouth moves with the source's speech), the largest, "
        "that with the best score in each frame, or all")
      .one_of({"auto", "largest", "score", "all"});
  f.add("face_id", &o.face_id, "this face of --list-faces; -1: none").range(-1, 1e6);
  f.add("paste", &o.paste, "mouth: blended into the face; box: the whole box")
      .one_of({"mouth", "box"});
  f.add("feather", &o.feather, "soft border of the mouth: auto or pixels");
  f.add("color_match", &o.color_match, "bring the mouth to the light of the face around it");
  f.add("on_no_face", &o.on_no_face, "when no frame has a face").one_of({"fail", "audio-only"});
  f.add("compat", &o.compat, "compute as the public code does: none all wav2lip")
      .one_of({"none", "all", "wav2lip"});
}

bool LipsOptions::compatible(const std::string& model) const {
  return std::any_of(compat.begin(), compat.end(),
                     [&](auto& c) { return c == model || c == "all"; });
}

void LipsOptions::validate() const {
  if (pads.size() != 4) fail(Code::kBadValue, "--pads takes 4 numbers: top bottom left right");
  const auto off = std::count(box.begin(), box.end(), -1);
  if (off != 0 && off != 4) fail(Code::kBadValue, "--box takes four positions, or -1 four times");
  if (box.size() != 4) fail(Code::kBadValue, "--box takes 4 numbers: top bottom left right");
  if (crop.size() != 4) fail(Code::kBadValue, "--crop takes 4 numbers: top bottom left right");
  if (off == 0 && face_id >= 0)
    fail(Code::kExclusiveFlags, "--box takes the place of looking for faces: --face-id has no use");
  if (crop.size() == 4 &&
      ((crop[1] != -1 && crop[1] <= crop[0]) || (crop[3] != -1 && crop[3] <= crop[2])))
    fail(Code::kBadValue, "--crop is top bottom left right; it leaves nothing");
  if (rotate % 90 != 0) fail(Code::kBadValue, "--rotate is {}; it takes 0, 90, 180 or 270", rotate);
  if (feather != "auto" && (feather.empty() || feather.size() > 4 ||
                            feather.find_first_not_of("0123456789") != std::string::npos))
    fail(Code::kBadValue, "--feather is \"{}\"; it takes auto or a number of pixels", feather);
  if (compat.size() > 1 && std::find(compat.begin(), compat.end(), "none") != compat.end())
    fail(Code::kExclusiveFlags, "--compat none goes with nothing else");
}

void describe(EncodeOptions& o, Fields& f) {
  f.add("video_codec", &o.video_codec,
        "auto: the source's family where an encoder exists, else H.264")
      .one_of({"auto", "h264", "hevc", "vp9"});
  f.add("encoder", &o.encoder, "auto: hardware where there is some")
      .one_of({"auto", "software", "nvenc"});
  f.add("crf", &o.crf, "quality of the encoder, lower is better; 0 is lossless H.264").range(0, 51);
  f.add("pix_fmt", &o.pix_fmt, "pixel format by FFmpeg's name; source: as the input has it");
  f.add("chunk_s", &o.chunk_s, "seconds of pictures that are finished, and kept, together")
      .range(2, 60);
}

void describe(ResumeOptions& o, Fields& f) {
  f.add("job_dir", &o.job_dir, "folder of the job's record; empty: in the cache");
  f.add("resume", &o.resume, "what an earlier, cut off run has finished is used");
}

void describe(LipsyncOptions& o, Fields& f) {
  f.add("face", &o.face, "video or picture with the face")
      .alias({"i", "input", "name", "input-path"});
  f.add("audio", &o.audio, "what the mouth says: any file with sound").alias({"a"});
  f.add("out", &o.out, "result file")
      .alias({"o", "outfile", "output-file", "output-filename", "output-path"});
  f.add("length", &o.length, "the output ends with the sound, or with the pictures")
      .one_of({"audio", "video"});
  f.add("extend", &o.extend, "pictures of a sound that is longer: back and forth, again, or still")
      .one_of({"pingpong", "loop", "freeze"});
  f.add("list_faces", &o.list_faces, "print the faces that --face-id takes, redraw nothing");
}

}  // namespace vl::dub
