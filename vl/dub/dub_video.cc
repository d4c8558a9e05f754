#include "vl/dub/dub_video.h"

#include "vl/core/clock.h"
#include "vl/dub/dub_graph.h"
#include "vl/dub/media_record.h"

namespace vl::dub {

void dub_video(const DubConfig& config, ModelSet& models, pipeline::StageCache& cache,
               const JobEnvironment& env, WarningList& warnings, DubRecord& record) {
  const Stopwatch watch;
  record.job = env.job;
  record.seed = env.seed;
  const DubPlan plan = plan_dub(config, models, env, warnings, record);
  record.timing.load = watch.ms();
  DubGraph graph(config, plan, env, cache, warnings, record);
  graph.run();
  cache.trim();
  record.cache = cache.use();
  record.input = media_record(plan.info, record.faces.frames);
  record.output = media_record(media::probe(config.dub.out), record.faces.frames);
  record.timing.total = watch.ms();
}

}  // namespace vl::dub
