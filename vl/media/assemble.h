#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "vl/media/dropped_stream.h"
#include "vl/media/probe.h"
#include "vl/media/wav.h"

namespace vl::media {

/// The packets of the default sound stream of a file. Time 0 is that of AudioReader: what an
/// encoder put before the first sample stays hidden, and in sync.
struct CopiedSound {
  std::string file;
  double end_s = std::numeric_limits<double>::infinity();  ///< packets from here on are left out
};

/// Sound that is encoded while it comes.
struct EncodedSound {
  /// Fills the next block of interleaved samples; false at the end. Sample 0 is time 0.
  std::function<bool(Pcm& block)> next;
  int64_t rate = 0;      ///< of the blocks, Hz
  int64_t channels = 1;  ///< of the blocks: 1, placed equally in left and right or in the centre,
                         ///< or the track's
  /// The track: codec (its family where there is an encoder and the container takes it, else AAC,
  /// Opus in WebM), rate (the nearest that the encoder takes), layout, channels; of bit_rate, at
  /// least 96 kb/s a channel.
  AudioInfo track;
};

using Sound = std::variant<std::monostate, CopiedSound, EncodedSound>;

struct Assembly {
  std::string out;  ///< .mp4 .mov .mkv or .webm
  bool overwrite = false;
  std::vector<std::string> segments;  ///< packet files of SegmentEncoder, in order of time; none:
                                      ///< the pictures of the source are copied as packets
  VideoInfo pictures;        ///< of segments: rotation, sar, fps and time base of the output
  std::string source;        ///< the video that the pictures were; empty: none
  bool copy_streams = true;  ///< its other streams; its chapters, tags, languages and dispositions
                             ///< are kept in any case. A still picture as source has none of these
  std::map<std::string, std::string> tags = {};  ///< set over the source's
  Sound sound = {};  ///< in the place of the source's default sound stream; none: nothing is new,
                     ///< and that stream is one of the others
};

struct AssemblyResult {
  std::vector<DroppedStream> dropped;
  int64_t pictures = 0;
  std::string video_codec;
  std::string sound_codec, sound_layout;  ///< of the new sound; empty: none
  int64_t sound_rate = 0;
  int64_t sound_frames = 0;  ///< of encoded sound, at its rate
};

/// Does the name of an output say a container that can be written? @throws Error(kBadValue)
void check_container(const std::string& path);

/// Does the container that a file's name says take sound of this codec ("mp3") as packets?
/// @throws Error(kBadValue) for an unknown ending
bool takes_sound(const std::string& out_name, const std::string& codec);
/// The same of pictures ("h264").
bool takes_pictures(const std::string& out_name, const std::string& codec);

/// Puts encoded pictures, sound, and all else of the source into one file, in order of time; it
/// appears at its name when it is complete. Memory does not grow with length. Pictures keep their
/// presentation times, copied packets theirs less the source's clock start.
/// @throws Error kBadValue (ending, segments that overlap or do not fit each other),
/// kTruncatedInput (a damaged segment, a source that ends early), kUnsupportedKind (the container
/// does not take the pictures or the copied sound), kNoAudio (CopiedSound), kOutputExists,
/// kNotWritable, kDiskFull; as probe(); what `next` throws
AssemblyResult assemble(const Assembly& assembly);

}  // namespace vl::media
