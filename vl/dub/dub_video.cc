#include "vl/dub/dub_video.h"

#include <filesystem>

#include "vl/core/clock.h"
#include "vl/core/sha256.h"
#include "vl/dub/dub_graph.h"

namespace vl::dub {

namespace {

MediaRecord media_record(const media::MediaInfo& m, int64_t frames) {
  MediaRecord out{.path = m.path,
                  .sha256 = sha256_file(m.path),
                  .container = m.container,
                  .bytes = static_cast<int64_t>(std::filesystem::file_size(m.path)),
                  .seconds = m.seconds,
                  .other_streams = m.other_streams};
  if (m.video) {
    const media::VideoInfo& v = *m.video;
    out.video = VideoRecord{.codec = v.codec,
                            .pix_fmt = v.pix_fmt,
                            .sar = fmt::format("{}:{}", v.sar.num, v.sar.den),
                            .range = v.range,
                            .primaries = v.primaries,
                            .transfer = v.transfer,
                            .matrix = v.matrix,
                            .width = v.width,
                            .height = v.height,
                            .frames = frames > 0 ? frames : v.frames,
                            .rotation = v.rotation,
                            .fps = v.fps.value(),
                            .vfr = v.vfr};
  }
  if (m.audio)
    out.audio = AudioRecord{.codec = m.audio->codec,
                            .layout = m.audio->layout,
                            .sample_rate = m.audio->rate,
                            .channels = m.audio->channels};
  return out;
}

}  // namespace

void dub_video(const DubConfig& config, ModelSet& models, const DubEnvironment& env,
               WarningList& warnings, DubRecord& record) {
  const Stopwatch watch;
  record.job = env.job;
  record.seed = env.seed;
  const DubPlan plan = plan_dub(config, models, env, warnings, record);
  record.timing.load = watch.ms();
  DubGraph graph(config, plan, env, warnings, record);
  graph.run();
  record.input = media_record(plan.info, record.faces.frames);
  record.output = media_record(media::probe(config.dub.out), record.faces.frames);
  record.timing.total = watch.ms();
}

}  // namespace vl::dub
