#include "vl/core/bench_row.h"

#include <limits>
#include <stdexcept>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace vl {
namespace {

// Section 7 of the bench page, column for column.
const std::string kHeader =
    "schema,run_id,campaign,label,utc,config_hash,env_hash,build,kind,scenario,"
    "profile,chain,preset,device,gpus,gpu_policy,precision,engine,graph,overlap,"
    "chunk_s,checkpointing,batch,streams,clip_s,frames,fps,width,height,"
    "det_every,text_tokens,prompt_frames,ar_tokens,takes,ar_mode,stage_cache,"
    "weights,n,n_err,warmup_n,duration_s,valid,invalid_reason,warnings,mean_ms,"
    "sd_ms,cv,min_ms,max_ms,p50_ms,p90_ms,p95_ms,p99_ms,p999_ms,es_p50_ms,"
    "es_p90_ms,es_p99_ms,ci_mean_lo_ms,ci_mean_hi_ms,ci_p50_lo_ms,ci_p50_hi_ms,"
    "ttfa_ms,ttff_ms,cold_ms,load_ms,capture_ms,decode_ms,encode_ms,e2e_io_p50_ms,"
    "e2e_io_p90_ms,clips_per_s,in_flight,rtf,x_realtime,text_ms,rvc_ms,prompt_ms,"
    "ar_ms,nar_ms,codec_ms,prosody_ms,vocoder_ms,fit_ms,face_ms,lips_ms,"
    "composite_ms,other_ms,ar_step_us,rvc_f0_ms,rvc_feat_ms,rvc_synth_ms,overlap_x,"
    "bubble_pct,alloc_peak_mib,reserved_peak_mib,nvml_proc_peak_mib,"
    "nvml_dev_peak_mib,mem_source,alloc_retries,mem_slope_pct,util_source,"
    "sm_active_pct,sm_occ_pct,tensor_pct,dram_pct,busy_pct,nvml_gpu_pct,mfu,mbu,"
    "bound_by,power_w,energy_j,energy_net_j,sm_clock_mhz,mem_clock_mhz,temp_c,"
    "throttle_mask,host_hwm_mib,cpu_pct,minflt,majflt,nvcsw,nivcsw,psi_cpu_pct,"
    "samp_hz,samp_jitter_ms,samp_missed,samp_cpu_pct,acc_id,acc_pass,step_ms,"
    "tokens_per_s,audio_s_per_s,act_peak_mib,loss,grad_scale,skipped_steps";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  size_t from = 0;
  for (size_t at; (at = text.find("\r\n", from)) != std::string::npos; from = at + 2)
    out.push_back(text.substr(from, at - from));
  EXPECT_EQ(from, text.size());
  return out;
}

TEST(BenchRow, TheHeaderIsTheSchema) {
  EXPECT_EQ(bench_csv({}), kHeader + "\r\n");
  EXPECT_EQ(BenchRow::columns().size(), 137U);
}

TEST(BenchRow, WhatWasNotMeasuredIsNaAndNull) {
  const BenchRow row;
  const std::vector<std::string> lines = lines_of(bench_csv({row, row}));
  ASSERT_EQ(lines.size(), 3U);
  std::string want = "1";
  for (size_t i = 1; i < BenchRow::columns().size(); ++i) want += ",NA";
  EXPECT_EQ(lines[1], want);
  EXPECT_EQ(lines[2], want);
  const auto json = row.to_json();
  EXPECT_EQ(json.size(), BenchRow::columns().size());
  EXPECT_EQ(json["schema"], 1);
  EXPECT_TRUE(json["p50_ms"].is_null());
  EXPECT_EQ(json.begin().key(), "schema");
}

TEST(BenchRow, ValuesAreWrittenByTheirKind) {
  const struct {
    BenchValue value;
    const char* csv;
    const char* json;
  } rows[] = {
      {std::string("one"), "one", "\"one\""},
      {std::string(), "", "\"\""},
      {std::string("a,b"), "\"a,b\"", "\"a,b\""},
      {std::string("say \"x\""), "\"say \"\"x\"\"\"", "\"say \\\"x\\\"\""},
      {std::string("two\nlines"), "\"two\nlines\"", "\"two\\nlines\""},
      {int64_t{9007199254740993}, "9007199254740993", "9007199254740993"},
      {0.1, "0.1", "0.1"},
      {1.0 / 3.0, "0.3333333333333333", "0.3333333333333333"},
      {-0.5, "-0.5", "-0.5"},
      {std::numeric_limits<double>::quiet_NaN(), "NA", "null"},
      {std::numeric_limits<double>::infinity(), "NA", "null"},
  };
  for (const auto& r : rows) {
    BenchRow row;
    row.set("run_id", r.value);
    const std::string line = bench_csv({row}).substr(kHeader.size() + 2);
    EXPECT_EQ(line.rfind(fmt::format("1,{},NA,NA", r.csv), 0), 0U) << line;
    EXPECT_EQ(row.to_json()["run_id"].dump(), r.json);
  }
}

TEST(BenchRow, NumbersAreReadBack) {
  BenchRow row;
  row.set("n", int64_t{64});
  row.set("p50_ms", 1.25);
  row.set("label", std::string("x"));
  EXPECT_EQ(row.number("n"), 64.0);
  EXPECT_EQ(row.number("p50_ms"), 1.25);
  EXPECT_EQ(row.number("label", -1), -1.0);
  EXPECT_EQ(row.number("p90_ms", -1), -1.0);
  EXPECT_THROW(row.set("p50", 1.0), std::logic_error);
  EXPECT_THROW(row.get("p50"), std::logic_error);
}

}  // namespace
}  // namespace vl
